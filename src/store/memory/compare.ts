import { compareText } from '../../domain/text.ts';
import type { Field, TableName, Tables } from '../store.ts';

/** A row, or a sort key between rows: an absent field is below every value, HIGHEST is above every value. */
export type Row = { readonly [field: string]: unknown };
export const HIGHEST = Symbol('above every value');

export type Compare<E> = (a: E, b: E) => number;

/**
 * Functions that read the fields by which rows are ordered. Each field has its own, so that the engine can optimize the
 * access; a read by a variable name costs several times as much.
 */
const FIELD_READERS = {
  createdAt: (row) => row['createdAt'],
  updatedAt: (row) => row['updatedAt'],
  expiresAt: (row) => row['expiresAt'],
  dueAt: (row) => row['dueAt'],
  deletedAt: (row) => row['deletedAt'],
  lastActivityAt: (row) => row['lastActivityAt'],
  nextAttemptAt: (row) => row['nextAttemptAt'],
  magnitude: (row) => row['magnitude'],
  sequence: (row) => row['sequence'],
  ordinal: (row) => row['ordinal'],
  version: (row) => row['version'],
  priority: (row) => row['priority'],
  title: (row) => row['title'],
  name: (row) => row['name'],
  label: (row) => row['label'],
  externalReference: (row) => row['externalReference'],
  region: (row) => row['region'],
  participantReference: (row) => row['participantReference'],
} as const satisfies { readonly [F in AnyField]?: (row: Row) => unknown };

/** A field that has a reader. The layouts can order rows by no other. */
export type ReadField = keyof typeof FIELD_READERS;
type AnyField = { [T in TableName]: Field<Tables[T]> }[TableName];

/** Returns a function that reads a field of rows. */
export const readerOf = (field: string): ((row: Row) => unknown) =>
  hasReader(field) ? FIELD_READERS[field] : (row) => row[field];
const hasReader = (field: string): field is ReadField => Object.hasOwn(FIELD_READERS, field);

/** Returns a comparison of rows by the fields in turn, then by id. Null is greater than any value, as in PostgreSQL. */
export function compareBy<E>(by: readonly Field<E>[]): Compare<E> {
  const readers = by.map(readerOf);
  const [first] = readers;
  const tie = (a: E, b: E): number => compareIds((a as Row)['id'], (b as Row)['id']);
  if (first && readers.length === 1) {
    return (a, b) => {
      const compared = compareValues(first(a as Row), first(b as Row));
      return compared === 0 ? tie(a, b) : compared;
    };
  }
  return (a, b) => {
    for (const read of readers) {
      const compared = compareValues(read(a as Row), read(b as Row));
      if (compared !== 0) return compared;
    }
    return tie(a, b);
  };
}

/** Ids are ASCII, so the engine's string comparison equals that by code points. */
const compareIds = (a: unknown, b: unknown): number => {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : 1;
  return compareValues(a, b);
};

export function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : 1;
  return rank(a) - rank(b);
}

const rank = (value: unknown): number => (value === undefined ? 0 : value === null ? 2 : value === HIGHEST ? 3 : 1);
