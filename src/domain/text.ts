// The control characters that a text must not contain: all but tab and line breaks (PostgreSQL cannot store NUL).
// biome-ignore lint: the characters are what this is about
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Returns why the text cannot be stored, as a sentence, or undefined if it can. */
export function textIssue(text: string): string | undefined {
  if (!text.isWellFormed()) return 'must not contain unpaired surrogates.';
  if (CONTROL.test(text)) return 'must not contain control characters except tabs and line breaks.';
  return undefined;
}

/** Whether the text has at most `codePoints` code points. Does not count a text that is too long in any case. */
export const isWithin = (text: string, codePoints: number): boolean =>
  text.length <= codePoints || (text.length <= 2 * codePoints && [...text].length <= codePoints);

// biome-ignore lint: the characters are what this is about
// oxlint-disable-next-line no-control-regex
const BEYOND_LATIN_1 = /[^\u0000-\u00ff]/;

/** Whether every UTF-16 unit of the text is in Latin-1. */
export const isLatin1 = (text: string): boolean => !BEYOND_LATIN_1.test(text);

/** The minimum number of UTF-16 units that V8 slices from a string without a copy. */
const SLICE_UNITS = 13;

/** Returns a copy of the text. Without it, a text that was sliced from a longer one keeps all of that in memory. */
export function ownText(text: string): string {
  if (text.length < SLICE_UNITS) return text;
  const encoding = isLatin1(text) ? 'latin1' : 'utf16le';
  return Buffer.from(text, encoding).toString(encoding);
}

/** Returns the text with at most `characters` characters: its beginning and its end. */
export function shortened(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const mark = ' ... ';
  const part = Math.floor((characters - mark.length) / 2);
  return `${text.slice(0, part)}${mark}${text.slice(-part)}`.toWellFormed();
}

/** Compares texts by code point, as PostgreSQL's collation "C" does. JavaScript's `<` compares UTF-16 units. */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Ranks surrogates above all other units, because they encode higher code points. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

const LAST_CODE_POINT = 0x10ffff;
/** The code points of surrogates, which no valid text contains. */
const SURROGATES = { first: 0xd800, next: 0xe000 } as const;

/**
 * Returns the bounds, by code point, of the texts that begin with the prefix: the prefix itself, and the first text
 * after all of them, which is undefined if there is none.
 */
export function boundsOfPrefix(prefix: string): { readonly gte: string; readonly lt?: string } {
  const codePoints = [...prefix].map((character) => character.codePointAt(0) ?? 0);
  while (codePoints.at(-1) === LAST_CODE_POINT) codePoints.pop();
  const last = codePoints.pop();
  if (last === undefined) return { gte: prefix };
  const next = last + 1 === SURROGATES.first ? SURROGATES.next : last + 1;
  return { gte: prefix, lt: String.fromCodePoint(...codePoints, next) };
}
