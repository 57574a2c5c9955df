import type { Field } from '../store.ts';
import { bytesOfText } from './bytes.ts';
import type { Columns } from './columns.ts';
import { EVERY_FIELD, type FieldSet, type IndexedFields } from './fieldSet.ts';
import type { GroupLayout } from './layouts.ts';
import { keysOf, valuesOf } from './match.ts';
import type { MemoryMeter } from './meter.ts';
import { OrderedIndex } from './orderedIndex.ts';
import { Ordering } from './ordering.ts';
import type { Group } from './plan.ts';
import type { Handle } from './rows.ts';

/** The memory of an index with few rows and of its entry in the group, in bytes, measured. */
const INDEX_BYTES = 540;
const KEY_BYTES = 90;
/** The estimated maximum size of a key of several values. */
const JOINED_KEY_BYTES = 300;

/**
 * A group that is updated with every write. A row is listed under each value that it has of the fields: zero, one or
 * more.
 */
export class KeptGroup<E> implements Group<E> {
  readonly fields: readonly Field<E>[];
  readonly orders: readonly (readonly Field<E>[])[];
  readonly indexes = new Map<unknown, readonly OrderedIndex<E>[]>();
  readonly #orderings: readonly Ordering<E>[];
  readonly #grouped: FieldSet;
  /** For each order, all fields that determine the row's place in it. */
  readonly #placed: readonly FieldSet[];
  readonly #all: FieldSet;
  readonly #meter: MemoryMeter;

  constructor(
    { fields, orders }: GroupLayout<E>,
    indexed: IndexedFields<E>,
    columns: Columns<E>,
    rows: readonly (E | undefined)[],
    meter: MemoryMeter,
  ) {
    this.#meter = meter;
    this.fields = fields;
    this.orders = orders;
    this.#orderings = orders.map((by) => new Ordering(by, rows, columns));
    this.#grouped = indexed.setOf(fields);
    this.#placed = orders.map((by) => indexed.setOf([...fields, ...by]));
    this.#all = this.#placed.reduce((all, each) => all | each, 0);
  }

  /** Inserts the row into the indexes in which its place depends on one of the changed fields. */
  insert(handle: Handle, row: E, changed: FieldSet): void {
    if ((changed & this.#all) === 0) return;
    for (const key of this.#keysOf(row)) {
      const indexes = this.indexes.get(key) ?? this.#begin(key);
      for (let index = 0; index < indexes.length; index += 1) {
        if ((changed & (this.#placed[index] as FieldSet)) !== 0) indexes[index]?.insert(handle);
      }
    }
  }

  /** Removes the row from the indexes in which its place depends on one of the changed fields. */
  remove(handle: Handle, row: E, changed: FieldSet): void {
    if ((changed & this.#all) === 0) return;
    for (const key of this.#keysOf(row)) {
      const indexes = this.indexes.get(key) ?? [];
      for (let index = 0; index < indexes.length; index += 1) {
        if ((changed & (this.#placed[index] as FieldSet)) !== 0) indexes[index]?.remove(handle);
      }
      // A row that no longer has the value has left all indexes of it. An empty value uses no memory.
      const isLeft = this.#grouped === 0 ? changed === EVERY_FIELD : (changed & this.#grouped) !== 0;
      if (isLeft && indexes[0]?.size === 0) {
        this.indexes.delete(key);
        this.#meter.add(-this.#bytesOf(key));
      }
    }
  }

  /** Returns the bytes that a new row or a new version adds by new keys; an upper bound unless `isExact` is set. */
  growthBy(before: E | undefined, after: E, changed: FieldSet, isExact: boolean): number {
    if (before && (changed & this.#grouped) === 0) return 0;
    if (!isExact) return this.#firstRowBytes;
    const left = before ? this.#keysOf(before) : [];
    const keys = this.#keysOf(after);
    let bytes = 0;
    for (const key of keys) if (!this.indexes.has(key)) bytes += this.#bytesOf(key);
    for (const key of left) {
      if (!keys.includes(key) && this.indexes.get(key)?.[0]?.size === 1) bytes -= this.#bytesOf(key);
    }
    return bytes;
  }

  /** Counts the bytes of all indexes again. */
  recount(): number {
    return [...this.indexes.keys()].reduce<number>((bytes, key) => bytes + this.#bytesOf(key), 0);
  }

  /** The bytes that a row adds if it is the first with its values. */
  get #firstRowBytes(): number {
    return KEY_BYTES + INDEX_BYTES * this.orders.length + (this.fields.length > 1 ? JOINED_KEY_BYTES : 0);
  }

  /** With only one field, the key is a value that the row itself contains, so it is not counted again. */
  #bytesOf(key: unknown): number {
    const own = this.fields.length > 1 ? bytesOfText(key as string) : 0;
    return KEY_BYTES + INDEX_BYTES * this.orders.length + own;
  }

  #begin(key: unknown): readonly OrderedIndex<E>[] {
    const indexes = this.#orderings.map((ordering) => new OrderedIndex(ordering));
    this.indexes.set(key, indexes);
    this.#meter.add(this.#bytesOf(key));
    return indexes;
  }

  /** Returns the keys under which the row is listed. */
  #keysOf(row: E): readonly unknown[] {
    const [only, second] = this.fields;
    if (only && !second) return valuesOf(row as object, only);
    return keysOf(this.fields.map((field) => valuesOf(row as object, field)));
  }
}
