import type { Field } from '../store.ts';
import type { FieldSet, IndexedFields } from './fieldSet.ts';
import { nameOf } from './layout.ts';
import { type Conditions, singleValue } from './match.ts';
import type { OrderedIndex } from './orderedIndex.ts';
import type { Group } from './plan.ts';
import type { Handle } from './rows.ts';

/** The maximum number of rows of one list. A condition that more rows meet costs little when it is checked per row. */
export const MAX_ROWS_PER_LIST = 250_000;
/** The maximum number of rows in all lists of a table: per row of the table, and in addition. */
export const MAX_ROWS_PER_ROW = 4;
const MAX_ROWS = 10_000;
/** The maximum number of different sets of fields. Each costs every write the time to compare a key. */
const MAX_SHAPES = 32;

/** The number of rows that a read must scan, per requested row and at least, so that a list is made for the next one. */
const SCANNED_PER_ROW = 4;
const MIN_SCANNED = 200;

/** Whether a list is made after a read that scanned this number of rows. */
export const deservesList = (scanned: number, requested: number): boolean =>
  scanned > Math.max(MIN_SCANNED, SCANNED_PER_ROW * requested);

type Value = string | number | boolean;

/** The lists of the rows that have one value in each of some fields, by these values, in one order. */
interface Shape<E> {
  readonly name: string;
  readonly fields: readonly Field<E>[];
  readonly by: readonly Field<E>[];
  /** All fields that determine the place of a row. */
  readonly placed: FieldSet;
  readonly lists: Map<string, OrderedIndex<E>>;
}

/** The specification of a list: the rows that meet conditions with a single value, and their order. */
export interface ListSpec<E> {
  readonly fields: readonly Field<E>[];
  readonly values: readonly Value[];
  readonly by: readonly Field<E>[];
}

/** Returns the list that would serve these conditions in this order; undefined if no condition has a single value. */
export function listSpecOf<E>(conditions: Conditions, by: readonly Field<E>[]): ListSpec<E> | undefined {
  const single = conditions.flatMap(([field, each]) =>
    (singleValue(each) ?? []).map((value) => [field as Field<E>, value as Value] as const),
  );
  const isEachOnce = new Set(single.map(([field]) => field)).size === single.length;
  if (single.length === 0 || !isEachOnce) return undefined;
  const sorted = single.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { fields: sorted.map(([field]) => field), values: sorted.map(([, value]) => value), by };
}

/**
 * Indexes for combinations of conditions and orders that the layout has no index for. A list is made when a read had to
 * scan many rows, is updated by every write, and is dropped when others are used more recently.
 */
export class KeptLists<E> {
  readonly #indexed: IndexedFields<E>;
  readonly #shapes = new Map<string, Shape<E>>();
  /** The names of all lists, least recently used first, with the shape and the key of each. */
  readonly #used = new Map<string, readonly [shape: Shape<E>, key: string]>();
  #rows = 0;

  constructor(indexed: IndexedFields<E>) {
    this.#indexed = indexed;
  }

  /** Returns a list as a group with only one key; undefined if it is not kept. */
  find(spec: ListSpec<E>): Group<E> | undefined {
    const shape = this.#shapes.get(nameOfShape(spec));
    const key = keyOf(spec.values);
    const index = shape?.lists.get(key);
    if (!shape || !index) return undefined;
    this.#use(shape, key);
    return { fields: shape.fields, orders: [shape.by], indexAt: () => index };
  }

  /** Keeps a list from now on. */
  keep(spec: ListSpec<E>, index: OrderedIndex<E>, tableRows: number): void {
    const { fields, values, by } = spec;
    const name = nameOfShape(spec);
    const known = this.#shapes.get(name);
    if (!known) while (this.#shapes.size >= MAX_SHAPES) this.#dropOldest();
    const placed = this.#indexed.setOf([...fields, ...by]);
    const shape: Shape<E> = known ?? { name, fields, by, placed, lists: new Map() };
    this.#shapes.set(name, shape);
    shape.lists.set(keyOf(values), index);
    this.#use(shape, keyOf(values));
    this.#rows += index.size;
    while (this.#rows > MAX_ROWS_PER_ROW * tableRows + MAX_ROWS && this.#used.size > 1) this.#dropOldest();
  }

  /** Inserts the row where its place depends on a changed field. */
  insert(handle: Handle, row: E, changed: FieldSet): void {
    for (const { fields, placed, lists } of this.#shapes.values()) {
      const index = (changed & placed) === 0 ? undefined : lists.get(keyOfRow(row, fields));
      if (!index) continue;
      index.insert(handle);
      this.#rows += 1;
    }
  }

  /** Removes the row where its place depends on a changed field. */
  remove(handle: Handle, row: E, changed: FieldSet): void {
    for (const { fields, placed, lists } of this.#shapes.values()) {
      const index = (changed & placed) === 0 ? undefined : lists.get(keyOfRow(row, fields));
      if (!index) continue;
      index.remove(handle);
      this.#rows -= 1;
    }
  }

  #use(shape: Shape<E>, key: string): void {
    const name = `${shape.name}\0${key}`;
    this.#used.delete(name);
    this.#used.set(name, [shape, key]);
  }

  #dropOldest(): void {
    for (const [name, [shape, key]] of this.#used) {
      this.#used.delete(name);
      this.#rows -= shape.lists.get(key)?.size ?? 0;
      shape.lists.delete(key);
      if (shape.lists.size === 0) this.#shapes.delete(shape.name);
      return;
    }
  }
}

const nameOfShape = <E>({ fields, by }: ListSpec<E>): string => `${nameOf(fields)} ${nameOf(by)}`;

/** Stands for null in a key. */
const NULL = '\0null';

/** Returns a text of the values. No value contains NUL, so different values have different texts. */
export const keyOf = (values: readonly unknown[]): string =>
  values.map((value) => (value === null || value === undefined ? NULL : String(value as string | number))).join('\0');
export const keyOfRow = <E>(row: E, fields: readonly Field<E>[]): string => keyOf(fields.map((field) => row[field]));
