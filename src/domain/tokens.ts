/** The most code points of a token; longer words are cut, in texts and in queries alike. */
const TOKEN_CHARACTERS = 100;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** The words of a text by which it is found: compatibility-normalized, lower case, letters and digits; each once. */
export function tokensOf(text: string): readonly string[] {
  const words = text.normalize('NFKC').toLowerCase().normalize('NFKC').match(WORD) ?? [];
  return [...new Set(words.map((word) => (word.length > TOKEN_CHARACTERS ? cut(word) : word)))];
}

const cut = (word: string): string => [...word].slice(0, TOKEN_CHARACTERS).join('');
