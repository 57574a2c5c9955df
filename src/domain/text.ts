// What a text may not hold: control characters but tab and line breaks (PostgreSQL stores no NUL).
// biome-ignore lint: the characters are what this is about
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Why the text cannot be stored, as a sentence; undefined if it can. A lone surrogate is half a character. */
export function textFault(text: string): string | undefined {
  if (!text.isWellFormed()) return 'must not contain half a character (a lone surrogate).';
  if (CONTROL.test(text)) return 'must not contain control characters other than tab and line breaks.';
  return undefined;
}

/** Whether the text is at most so many code points long, without counting a text that cannot be. */
export const isWithin = (text: string, codePoints: number): boolean =>
  text.length <= codePoints || (text.length <= 2 * codePoints && [...text].length <= codePoints);

// biome-ignore lint: the characters are what this is about
// oxlint-disable-next-line no-control-regex
const BEYOND_LATIN_1 = /[^\u0000-\u00ff]/;

/** Whether every UTF-16 unit of the text is in Latin-1. */
export const isLatin1 = (text: string): boolean => !BEYOND_LATIN_1.test(text);

/** The fewest UTF-16 units that V8 cuts out of a text without a copy. */
const SLICE_UNITS = 13;

/** Returns the same text as a copy: a text that was cut out of a longer one keeps all of that in memory. */
export function ownText(text: string): string {
  if (text.length < SLICE_UNITS) return text;
  const encoding = isLatin1(text) ? 'latin1' : 'utf16le';
  return Buffer.from(text, encoding).toString(encoding);
}

/** The text with at most so many characters: its beginning, and its end. */
export function shortened(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const mark = ' ... ';
  const part = Math.floor((characters - mark.length) / 2);
  return `${text.slice(0, part)}${mark}${text.slice(-part)}`.toWellFormed();
}

/** Orders texts by code point, as PostgreSQL's collation "C" does; JavaScript's own `<` goes by UTF-16 units. */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above every other unit. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

const LAST_CODE_POINT = 0x10ffff;
/** The code points that are surrogates, which no text contains by themselves. */
const SURROGATES = { first: 0xd800, next: 0xe000 } as const;

/**
 * The bounds, by code point, of the texts that begin with the prefix: from the prefix itself to the first text behind
 * all of them, which is undefined if there is none.
 */
export function boundsOfPrefix(prefix: string): { readonly gte: string; readonly lt?: string } {
  const codePoints = [...prefix].map((character) => character.codePointAt(0) ?? 0);
  while (codePoints.at(-1) === LAST_CODE_POINT) codePoints.pop();
  const last = codePoints.pop();
  if (last === undefined) return { gte: prefix };
  const next = last + 1 === SURROGATES.first ? SURROGATES.next : last + 1;
  return { gte: prefix, lt: String.fromCodePoint(...codePoints, next) };
}
