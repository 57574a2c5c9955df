import { compareText } from '../../domain/text.ts';
import type { Field } from '../store.ts';
import type { Compare } from './orderedIndex.ts';

/** A row, or a place among rows: a field that is left out is below every value, HIGHEST is above every value. */
export type Row = { readonly [field: string]: unknown };
export const HIGHEST = Symbol('above every value');

/** Orders rows by the fields in turn, then by id. Null is greater than any value, as in PostgreSQL. */
export function compareBy<E>(by: readonly Field<E>[]): Compare<E> {
  const fields: readonly string[] = [...by, 'id'];
  return (a, b) => {
    for (const field of fields) {
      const compared = compareValues((a as Row)[field], (b as Row)[field]);
      if (compared !== 0) return compared;
    }
    return 0;
  };
}

export function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : 1;
  return rank(a) - rank(b);
}

const rank = (value: unknown): number => (value === undefined ? 0 : value === null ? 2 : value === HIGHEST ? 3 : 1);
