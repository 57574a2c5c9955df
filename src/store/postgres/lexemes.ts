import type { Id } from '../../domain/ids.ts';

/** The number of characters at the end of an id that distinguish institutions. They are random. */
const PREFIX_CHARACTERS = 10;

/** A word as it is indexed for one institution. */
export const lexemeOf = (institutionId: Id, word: string): string =>
  `${institutionId.slice(-PREFIX_CHARACTERS)}:${word}`;

/**
 * The lexemes that a row is found by: each word for the searches of root, and once more for those of the row's
 * institution. These never read entries that other institutions share, so their time reveals nothing about the texts of
 * others.
 */
export const lexemesOf = (institutionId: Id, words: readonly string[]): readonly string[] => [
  ...words,
  ...words.map((word) => lexemeOf(institutionId, word)),
];
