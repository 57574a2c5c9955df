/** The minimum number of different characters of a secret. */
const MIN_DISTINCT = 6;
/**
 * The minimum number of independent parts of a secret: a character that follows from nothing before it, a run, a
 * repetition or a word.
 */
const MIN_PARTS = 16;
/** The minimum length of a repetition or a run, in characters: random text has shorter ones. */
const MIN_MATCH = 4;

/** Placeholders and names that people use in secrets that are not generated, in lower case. */
const WORDS = (
  'admin and api apikey change changeme default demo dev development dummy escrow escrowgrid example fixme ' +
  'foobar for grid hello host insert key letmein local localhost login master new not passphrase passwd ' +
  'password placeholder please prod production replace root sample secret secure server staging super temp test ' +
  'testing tests that the these this todo token user welcome word world your'
).split(' ');

/** Sequences of the alphabet, of digits, and of keyboards by row and by column. */
const SEQUENCES = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'yxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
]
  .flatMap((sequence) => [sequence, [...sequence].toReversed().join('')])
  .join(' ');

/** Characters that stand for a letter in words. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

const REASONS = {
  REPETITION: 'repeats a short pattern',
  RUN: 'consists of runs of the alphabet, of digits or of a keyboard',
  WORD: 'consists of words that are easy to guess',
} as const;
type Kind = keyof typeof REASONS;
const KINDS = Object.keys(REASONS) as readonly Kind[];

/**
 * Returns why a secret is easy to guess, as the rest of a sentence, or undefined if nothing indicates that it is. It
 * estimates how many independent parts the text has: enough to find placeholders and patterns, while generated secrets
 * always pass.
 */
export function weaknessOf(secret: string): string | undefined {
  if (new Set(secret).size < MIN_DISTINCT) return `has fewer than ${MIN_DISTINCT} different characters`;
  const text = withoutDoubles(secret.toLowerCase());
  const letters = text.replaceAll(/[013457@$!]/g, (character) => LOOKALIKES[character] ?? character);
  const covered: Record<Kind, number> = { REPETITION: 0, RUN: 0, WORD: 0 };
  let parts = 0;
  for (let index = 0; index < text.length; parts += 1) {
    const lengths: Record<Kind, number> = {
      WORD: Math.max(0, ...PLAIN_WORDS.map((word) => (letters.startsWith(word, index) ? word.length : 0))),
      RUN: longestMatch(text, index, (part) => SEQUENCES.includes(part)),
      REPETITION: longestMatch(text, index, (part) => text.indexOf(part) < index),
    };
    const kind = largestOf(lengths);
    covered[kind] += lengths[kind];
    index += Math.max(1, lengths[kind]);
  }
  return parts < MIN_PARTS ? REASONS[largestOf(covered)] : undefined;
}

/** Returns the length of the longest part of the text that starts at the index and matches, or 0 if it is too short. */
function longestMatch(text: string, index: number, isMatch: (part: string) => boolean): number {
  let end = index + MIN_MATCH;
  while (end <= text.length && isMatch(text.slice(index, end))) end += 1;
  return end - 1 < index + MIN_MATCH ? 0 : end - 1 - index;
}

const largestOf = (lengths: Readonly<Record<Kind, number>>): Kind =>
  KINDS.reduce((largest, kind) => (lengths[kind] > lengths[largest] ? kind : largest));

const withoutDoubles = (text: string): string => text.replaceAll(/(.)\1+/gs, '$1');
const PLAIN_WORDS = WORDS.map(withoutDoubles);
