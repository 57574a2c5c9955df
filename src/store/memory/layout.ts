import type { MetadataTerm } from '../../domain/metadataTerms.ts';
import type { Field, TableName, Tables } from '../store.ts';
import type { ReadField } from './compare.ts';

/** A field by which lists can be ordered: one that `compare.ts` has a reader for. */
export type OrderField<E> = Field<E> & ReadField;
/** The orders of a list: each is the fields by which its rows are sorted. */
export type Orders<F> = readonly (readonly F[])[];

/** The fields by whose values rows are grouped, and the orders of each group. */
export interface GroupLayout<E, F = Field<E>> {
  readonly fields: readonly Field<E>[];
  readonly orders: Orders<F>;
}

/** The fields with texts or JSON. An id is short, and so is a value of a fixed set. */
type TextField<E> = {
  [F in Field<E>]: F extends 'id' | `${string}Id` ? never : IsText<NonNullable<E[F]>> extends true ? F : never;
}[Field<E>];
type IsText<V> = V extends string ? (string extends V ? true : false) : V extends object ? true : false;

/** The layout of a table in memory, as it is declared. */
export interface DeclaredLayout<E> {
  /** Every order that lists can have; each has an index of all rows. The first is the order of creation or sequence. */
  readonly orders: Orders<OrderField<E>>;
  /**
   * The fields by which rows are filtered. Each value, or pair of values, has an index of its rows in each of these
   * orders.
   */
  readonly groups: readonly GroupLayout<E, OrderField<E>>[];
  /** Fields that refer to a row of another table, which must belong to the same institution. */
  readonly references: { readonly [F in Field<E>]?: TableName };
  /** Fields that refer to no row and whose values nevertheless imply the institution of the row. */
  readonly ofOneTenant?: readonly Field<E>[];
  /** Fields whose combined values are unique. Rows in which one of them is null are exempt. */
  readonly unique?: readonly Field<E>[];
  /**
   * Whether the memory of a text or JSON field differs between rows and is counted. False for short texts and for those
   * that are the same value as another field.
   */
  readonly sized: { readonly [F in TextField<E>]: boolean } & { readonly [F in Field<E>]?: boolean };
  /** The reference to the parent row with which this row is removed. */
  readonly partOf?: Field<E>;
  /** The metadata whose terms are indexed. */
  readonly terms?: { of(row: E): readonly MetadataTerm[]; maxOf(row: E): number; readonly from: Field<E> };
}

export interface Layout<E> extends DeclaredLayout<E> {
  /** The field with the institution that owns the row. */
  readonly tenant: Field<E>;
}
export type Layouts = { readonly [T in TableName]: Layout<Tables[T]> };

export const nameOf = (by: readonly string[]): string => by.join();

/** The order of creation. */
export const BY_CREATION = ['createdAt'] as const;
/** Groups the rows by the field. */
export const each = <F extends string>(field: F) => ({ fields: [field], orders: [BY_CREATION] }) as const;
/** Groups the rows by the field, for all institutions and within each one. */
export const owned = <F extends string>(field: F) =>
  [each(field), { fields: ['institutionId', field], orders: [BY_CREATION] }] as const;
