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

/** The memory of an index with few rows, and of its place in the group, in bytes, measured. */
const INDEX_BYTES = 540;
const KEY_BYTES = 90;
/** The most that a key of several values may be expected to take. */
const JOINED_KEY_BYTES = 300;

/** A group that is kept in step. A row is in it under each value that it has of the fields: once, several times or never. */
export class KeptGroup<E> implements Group<E> {
  readonly fields: readonly Field<E>[];
  readonly orders: readonly (readonly Field<E>[])[];
  readonly indexes = new Map<unknown, readonly OrderedIndex<E>[]>();
  readonly #orderings: readonly Ordering<E>[];
  readonly #grouped: FieldSet;
  /** For each order, all fields that a row's place in it depends on. */
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

  /** Puts the row into the indexes in which its place depends on one of the changed fields. */
  insert(handle: Handle, row: E, changed: FieldSet): void {
    if ((changed & this.#all) === 0) return;
    for (const key of this.#keysOf(row)) {
      const indexes = this.indexes.get(key) ?? this.#begin(key);
      for (let at = 0; at < indexes.length; at += 1) {
        if ((changed & (this.#placed[at] as FieldSet)) !== 0) indexes[at]?.insert(handle);
      }
    }
  }

  /** Takes the row out of the indexes in which its place depends on one of the changed fields. */
  remove(handle: Handle, row: E, changed: FieldSet): void {
    if ((changed & this.#all) === 0) return;
    for (const key of this.#keysOf(row)) {
      const indexes = this.indexes.get(key) ?? [];
      for (let at = 0; at < indexes.length; at += 1) {
        if ((changed & (this.#placed[at] as FieldSet)) !== 0) indexes[at]?.remove(handle);
      }
      // Where the row leaves the value, it has left all of its indexes; what no row has any more takes no room.
      const isLeft = this.#grouped === 0 ? changed === EVERY_FIELD : (changed & this.#grouped) !== 0;
      if (isLeft && indexes[0]?.size === 0) {
        this.indexes.delete(key);
        this.#meter.add(-this.#bytesOf(key));
      }
    }
  }

  /** The bytes that a new row or a new version adds by its place under values; at most, unless it is exact. */
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

  /** The bytes of all indexes, counted anew. */
  recount(): number {
    return [...this.indexes.keys()].reduce<number>((bytes, key) => bytes + this.#bytesOf(key), 0);
  }

  /** The bytes that a row takes if it is the first with its values. */
  get #firstRowBytes(): number {
    return KEY_BYTES + INDEX_BYTES * this.orders.length + (this.fields.length > 1 ? JOINED_KEY_BYTES : 0);
  }

  /** Of one field, the key is a value that the row has. */
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

  /** The keys of the row's values. */
  #keysOf(row: E): readonly unknown[] {
    const [only, second] = this.fields;
    if (only && !second) return valuesOf(row as object, only);
    return keysOf(this.fields.map((field) => valuesOf(row as object, field)));
  }
}
