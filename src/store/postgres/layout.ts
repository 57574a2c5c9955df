import { SERVER_INSTITUTION_ID } from '../../domain/auditEvent.ts';
import type { Field, ReadOptions, TableName } from '../store.ts';

export type SqlType = 'text' | 'uuid' | 'text[]' | 'numeric' | 'int' | 'bigint' | 'boolean' | 'timestamptz' | 'json';

export interface Column {
  readonly type: SqlType;
  /** Whether the column never changes once written. Updates leave it out. */
  readonly fixed: boolean;
}

/** The expression by which a field is ordered. */
export interface Sort {
  readonly by: string;
  readonly type: SqlType;
  readonly encode: (value: unknown) => unknown;
  /** The value of the expression if the field is null, which is within no range. */
  readonly forNull?: string;
}

/**
 * The layout of a table in PostgreSQL. Columns have the fields' names in snake_case. Their types do not say whether
 * they can be null.
 */
export interface DeclaredLayout<E> {
  readonly table: string;
  /** The view that is read in place of the table, because some rows are part of the rows of another table. */
  readonly view?: string;
  readonly columns: { readonly [F in Field<E>]: Column };
  /** Columns with rows of other tables, which are no fields. */
  readonly embeds?: { readonly [field: string]: Column };
  /** Fields that are ordered and compared by another expression, which is indexed. */
  readonly sort: { readonly [F in Field<E>]?: Sort };
  /**
   * For the first field of an order: the fields with which an index in that order begins, most selective first. Each of
   * these fields has an index over all institutions and, unless its values imply the institution, an index by
   * institution. For example `createdAt: ['assetId']` means the indexes (asset_id, created_at, id) and, unless
   * `assetId` is in `owned`, (institution_id, asset_id, created_at, id).
   */
  readonly leads: { readonly [F in Field<E>]?: readonly Field<E>[] };
  /**
   * The tables of the rows that these fields refer to, which are of the same institution. The index of each such field
   * begins with the institution.
   */
  readonly parents?: { readonly [F in Field<E>]?: string };
  /**
   * The fields by which only indexes that begin with the institution find rows. A table with such fields has indexes over
   * all institutions only for the fields of `owned`: other lists of all institutions are merged from the lists of each.
   */
  readonly byInstitution?: readonly Field<E>[];
  /** Whether rows can belong to the server itself, which is no institution: lists of all institutions include them. */
  readonly ofServer?: boolean;
  /** A field with a different value in each row of a parent, so that an order by it needs no id. */
  readonly numbered?: Field<E>;
  /** Fields whose value implies the institution of the row. */
  readonly owned: readonly Field<E>[];
  /** The words by which a row is found, stored in its column `words`. */
  readonly words?: { of(row: E): readonly string[]; readonly from: readonly Field<E>[] };
  /** The terms by which a row is found, stored in a separate table with the keys of the row. */
  readonly terms?: { readonly table: string; of(row: E): readonly string[]; readonly from: Field<E> };
}

export interface Layout<E> extends DeclaredLayout<E>, Pick<ReadOptions, 'asText'> {
  readonly name: TableName;
  /** The fields that are read. Defaults to all. */
  readonly read?: readonly string[];
  /** The field with the institution that owns the row, and its column. */
  readonly tenantField: Field<E>;
  readonly tenant: string;
}

export const fixed = (type: SqlType): Column => ({ type, fixed: true });
export const changing = (type: SqlType): Column => ({ type, fixed: false });

export const STAMPS = { version: changing('int'), createdAt: fixed('timestamptz'), updatedAt: changing('timestamptz') };

/** assetId -> asset_id */
export const columnName = (field: string): string => field.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);

/** Converts a value to a parameter of the column's type. */
export function encode(value: unknown, type: SqlType): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'timestamptz') return new Date(value as number).toISOString();
  if (type === 'json') return JSON.stringify(value);
  if (type === 'text[]') return `{${(value as readonly string[]).map((item) => JSON.stringify(item)).join()}}`;
  return typeof value === 'bigint' ? value.toString() : value;
}

/** Sorts null after every time. */
export const timeOrNever = (column: string): Sort => ({
  by: `least(t.${column}, 'infinity')`,
  type: 'timestamptz',
  encode: (value) => encode(value, 'timestamptz'),
  forNull: 'infinity',
});

const DIGITS = 28;
/**
 * Converts an amount to text that sorts in the same order. No row has more digits, and larger values sort above all
 * rows.
 */
export const digitsOf = (column: string): Sort => ({
  by: `t.${column}`,
  type: 'text',
  encode: (value) => {
    const text = String(value);
    if (text.startsWith('-')) return '';
    return text.length > DIGITS ? ':' : text.padStart(DIGITS, '0');
  },
});

/** Excludes the rows of a view that have no id. They belong to rows of a table that contain no row of the view. */
export const IS_ROW = 't.id is not null';

/** Returns all institutions whose rows a table has, as a table with a column \`id\`. */
export const institutionsOf = ({ ofServer = false }: Pick<DeclaredLayout<never>, 'ofServer'>): string =>
  ofServer ? `(select id from institutions union all select '${SERVER_INSTITUTION_ID}')` : 'institutions';
