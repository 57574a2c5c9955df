/** Increase this when `tokensOf` returns other tokens for some text: stored tokens are then recomputed. */
export const TOKENS_VERSION = 2;

/** The maximum length of a token in code points; longer words are truncated, in texts and in queries alike. */
const TOKEN_CHARACTERS = 100;
/** Letters, marks and digits. Format characters such as a soft hyphen are part of a word and are dropped from it. */
const WORD = /[\p{L}\p{M}\p{N}\p{Cf}]+/gu;
/** Runs of characters of scripts that are written without spaces, and runs of all others. */
const UNSPACED = String.raw`\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}`;
const RUN = new RegExp(`[${UNSPACED}]+|[^${UNSPACED}]+`, 'gu');
const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, 'u');
/** A character with the marks that follow it. */
const CHARACTER = /\P{M}\p{M}*|\p{M}+/gu;

/**
 * Returns the tokens by which a text is found, without duplicates: its words, normalized (NFKC) and case-folded. Words
 * are truncated before case folding, since folding may add marks. A run of Chinese, Japanese, Korean or a script of
 * South-East Asia, which puts no spaces between words, is found by each of its characters and each pair of neighbours.
 */
export function tokensOf(text: string): readonly string[] {
  const words = text.normalize('NFKC').match(WORD) ?? [];
  const tokens = words.flatMap((word) => {
    const runs = fold(word).match(RUN) ?? [];
    return runs.flatMap((run) => (IS_UNSPACED.test(run) ? characterPairs(run) : [cut(run)]));
  });
  return [...new Set(tokens)];
}

/**
 * Full case folding: "ß" and "SS" become "ss", a final sigma becomes a sigma. The dot above that lower case adds to "İ"
 * is dropped, so that it is found as "i".
 */
const fold = (word: string): string =>
  word
    .replaceAll(/\p{Cf}/gu, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('i\u0307', 'i')
    .replaceAll('ς', 'σ')
    .normalize('NFKC');

function characterPairs(run: string): readonly string[] {
  const characters = (run.match(CHARACTER) ?? []).map(cut);
  return characters.flatMap((character, index) =>
    index === 0 ? [character] : [character, cut(`${characters[index - 1] ?? ''}${character}`)],
  );
}

const cut = (word: string): string =>
  word.length > TOKEN_CHARACTERS ? [...word].slice(0, TOKEN_CHARACTERS).join('') : word;
