/**
 * The limits for the text of a document or of JSON. Longer text could exhaust the stack or the time of whatever parses
 * it.
 */
export interface TextLimits {
  /** The maximum nesting of brackets. */
  readonly brackets: number;
  /** The maximum number of opening brackets. */
  readonly openings: number;
  readonly comments: number;
  readonly lines: number;
  /** The maximum number of quoted strings, including names in JSON. */
  readonly texts: number;
}

/** The limits for JSON in requests: no request needs more, and parsing more takes long. */
export const JSON_LIMITS: TextLimits = {
  brackets: 5_000,
  openings: 50_000,
  comments: Infinity,
  lines: Infinity,
  texts: 50_000,
};

const LINE = 0x0a;
const QUOTE = 0x22;
const HASH = 0x23;
const BACKSLASH = 0x5c;
/** The classes of characters by their code: opening brackets are 1, closing ones 2, other relevant characters 3. */
const OPENS = 1;
const CLOSES = 2;
const SIGNS = new Uint8Array(128);
for (const sign of '([{') SIGNS[sign.charCodeAt(0)] = OPENS;
for (const sign of ')]}') SIGNS[sign.charCodeAt(0)] = CLOSES;
for (const code of [LINE, QUOTE, HASH]) SIGNS[code] = 3;

/** Returns the first limit that the text exceeds, or undefined. Reads each character once, and none after that. */
export function exceededLimit(text: string, limits: TextLimits): keyof TextLimits | undefined {
  const counts = { brackets: 0, openings: 0, comments: 0, lines: 0, texts: 0 };
  const exceeds = (limit: keyof TextLimits): boolean => (counts[limit] += 1) > limits[limit];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const sign = code < SIGNS.length ? SIGNS[code] : 0;
    if (sign === 0) continue;
    if (code === LINE && exceeds('lines')) return 'lines';
    if (code === HASH) {
      if (exceeds('comments')) return 'comments';
      index = endOf(text, index, '\n') - 1;
    } else if (code === QUOTE && text.startsWith('"""', index)) {
      const end = endOfBlock(text, index + 3);
      for (; index < end - 1; index += 1) if (text.charCodeAt(index) === LINE && exceeds('lines')) return 'lines';
    } else if (code === QUOTE) {
      if (exceeds('texts')) return 'texts';
      index = endOfString(text, index + 1) - 1;
    } else if (sign === OPENS) {
      if (exceeds('brackets')) return 'brackets';
      if (exceeds('openings')) return 'openings';
    } else if (sign === CLOSES) counts.brackets -= 1;
  }
  return undefined;
}

/** Returns where a quoted string ends; one without an end reaches to the end of its line. */
function endOfString(text: string, from: number): number {
  for (let index = from; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === LINE) return index;
    if (code === QUOTE) return index + 1;
    if (code === BACKSLASH) index += 1;
  }
  return text.length;
}

function endOfBlock(text: string, from: number): number {
  let end = text.indexOf('"""', from);
  // Escaped quotes do not end it.
  while (end > 0 && text.charCodeAt(end - 1) === BACKSLASH) end = text.indexOf('"""', end + 3);
  return end < 0 ? text.length : end + 3;
}

function endOf(text: string, from: number, sign: string): number {
  const end = text.indexOf(sign, from);
  return end < 0 ? text.length : end;
}
