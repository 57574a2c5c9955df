import type { Field, ReadOptions } from '../store.ts';

export type SqlType = 'text' | 'uuid' | 'text[]' | 'numeric' | 'int' | 'boolean' | 'timestamptz' | 'json';

export interface Column {
  readonly type: SqlType;
  /** Never changed once written, so that an update leaves it out. */
  readonly fixed: boolean;
}

/** What stands for a field where rows are ordered by it. */
export interface Sort {
  readonly by: string;
  readonly type: SqlType;
  readonly encode: (value: unknown) => unknown;
  /** What the expression is where the field is null, which is within no range. */
  readonly forNull?: string;
}

/** How a table is kept in PostgreSQL. Columns bear the fields' names in snake_case; null comes with the type. */
export interface Layout<E> extends ReadOptions {
  readonly table: string;
  /** The column that says whose row it is. */
  readonly tenant: 'id' | 'institution_id';
  readonly columns: { readonly [F in Field<E>]: Column };
  /** Orders and ranges of these fields go by another expression, which an index has. */
  readonly sort: { readonly [F in Field<E>]?: Sort };
  /**
   * By the first field of an order: the fields that an index in that order begins with, most telling first. Each has
   * one for all rows of a value and, unless the value says whose they are, one for those of one institution.
   */
  readonly leads: { readonly [F in Field<E>]?: readonly Field<E>[] };
  /** Fields whose value says whose the row is. */
  readonly owned: readonly Field<E>[];
  /** The words by which a row is found: kept in a column `words` beside what they are made of. */
  readonly words?: { of(row: E): readonly string[]; readonly from: readonly Field<E>[] };
  /** The terms by which a row is found: kept in a table of their own, with the keys of the row. */
  readonly terms?: { readonly table: string; of(row: E): readonly string[]; readonly from: Field<E> };
}

/** A row of any table. */
export type Row = { readonly [field: string]: unknown };

export const fixed = (type: SqlType): Column => ({ type, fixed: true });
export const changing = (type: SqlType): Column => ({ type, fixed: false });

export const STAMPS = { version: changing('int'), createdAt: fixed('timestamptz'), updatedAt: changing('timestamptz') };

/** assetId -> asset_id */
export const columnName = (field: string): string => field.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);

/** A value as a parameter of its column's type. */
export function encode(value: unknown, type: SqlType): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'timestamptz') return new Date(value as number).toISOString();
  if (type === 'json') return JSON.stringify(value);
  if (type === 'text[]') return `{${(value as readonly string[]).map((item) => JSON.stringify(item)).join()}}`;
  return typeof value === 'bigint' ? value.toString() : value;
}

/** Null is behind every time. */
export const timeOrNever = (column: string): Sort => ({
  by: `least(t.${column}, 'infinity')`,
  type: 'timestamptz',
  encode: (value) => encode(value, 'timestamptz'),
  forNull: 'infinity',
});

const DIGITS = 28;
/** An amount as text in the same order: no row has more digits, and what is beyond all rows sorts beyond them. */
export const digitsOf = (column: string): Sort => ({
  by: `t.${column}`,
  type: 'text',
  encode: (value) => {
    const text = String(value);
    if (text.startsWith('-')) return '';
    return text.length > DIGITS ? ':' : text.padStart(DIGITS, '0');
  },
});
