import type { Field } from '../store.ts';
import type { Columns } from './columns.ts';
import { EVERY_FIELD, type FieldSet, type IndexedFields } from './fieldSet.ts';
import { type GroupKey, KeyMap } from './keyMap.ts';
import type { GroupLayout } from './layout.ts';
import { keysOf, valuesOf } from './match.ts';
import type { MemoryMeter } from './meter.ts';
import { OrderedIndex } from './orderedIndex.ts';
import { Ordering } from './ordering.ts';
import type { Group } from './plan.ts';
import type { Handle } from './rows.ts';

/** The memory of the entry of a key, of a list of few rows, of an index, and of a nested map, in bytes, measured. */
const KEY_BYTES = 50;
const LIST_BYTES = 120;
const INDEX_BYTES = 540;
const MAP_BYTES = 200;

/** The maximum number of rows of a key without an index: they are ordered in the first order only. */
const LIST_ROWS = 16;

/** The rows of a key: a single one, a list in the first order, or an index for each order. */
type Entry<E> = Handle | readonly Handle[] | readonly OrderedIndex<E>[];

/**
 * A group that is updated with every write. A row is listed under each value that it has of the fields: zero, one or
 * more.
 */
export class KeptGroup<E> implements Group<E> {
  readonly fields: readonly Field<E>[];
  readonly orders: readonly (readonly Field<E>[])[];
  readonly #entries: KeyMap<Entry<E>>;
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
    this.#entries = new KeyMap(fields.length);
    this.#orderings = orders.map((by) => new Ordering(by, rows, columns));
    this.#grouped = indexed.setOf(fields);
    this.#placed = orders.map((by) => indexed.setOf([...fields, ...by]));
    this.#all = this.#placed.reduce((all, each) => all | each, 0);
  }

  /** The number of keys. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the rows of a key in one of the orders; undefined if it has none. Must not be used across a write. */
  indexAt([first, second]: GroupKey, order: number): OrderedIndex<E> | undefined {
    const entry = this.#entries.get(first, second);
    if (entry === undefined) return undefined;
    if (isIndexed(entry)) return entry[order];
    const ordering = this.#orderings[order] as Ordering<E>;
    const handles = typeof entry === 'number' ? [entry] : entry;
    if (order === 0 || handles.length === 1) return OrderedIndex.ofOrdered(ordering, handles);
    return OrderedIndex.ofRows(ordering, handles);
  }

  /** Inserts the row into the indexes in which its place depends on one of the changed fields. */
  insert(handle: Handle, row: E, changed: FieldSet): void {
    if ((changed & this.#all) === 0) return;
    for (const key of this.#keysOf(row)) this.#insertAt(key, handle, changed);
  }

  /** Removes the row from the indexes in which its place depends on one of the changed fields. */
  remove(handle: Handle, row: E, changed: FieldSet): void {
    if ((changed & this.#all) === 0) return;
    for (const key of this.#keysOf(row)) this.#removeAt(key, handle, changed);
  }

  /** Returns the bytes that a new row or a new version adds by new keys; an upper bound unless `isExact` is set. */
  growthBy(before: E | undefined, after: E, changed: FieldSet, isExact: boolean): number {
    if (this.orders.length === 0 || (before && (changed & this.#grouped) === 0)) return 0;
    if (!isExact) return MAP_BYTES + KEY_BYTES + INDEX_BYTES * this.orders.length;
    const left = before ? this.#keysOf(before) : [];
    const keys = this.#keysOf(after);
    let bytes = 0;
    for (const [first, second] of keys) {
      if (left.some((key) => key[0] === first && key[1] === second)) continue;
      const entry = this.#entries.get(first, second);
      if (entry === undefined) bytes += this.#mapBytesOf(first);
      // Several new rows of one transaction may have the key, so that its list becomes an index.
      const rows = rowsOf(entry);
      bytes += this.#bytesOfRows(before || rows === 0 ? rows + 1 : Infinity) - this.#bytesOfRows(rows);
    }
    for (const [first, second] of left) {
      if (keys.some((key) => key[0] === first && key[1] === second)) continue;
      const rows = rowsOf(this.#entries.get(first, second));
      bytes += this.#bytesOfRows(rows - 1) - this.#bytesOfRows(rows);
    }
    return bytes;
  }

  /** Counts the bytes of all indexes again. */
  recount(): number {
    const { values, maps } = this.#entries.contents();
    return values.reduce<number>((bytes, entry) => bytes + this.#bytesOf(entry), maps * MAP_BYTES);
  }

  #insertAt([first, second]: GroupKey, handle: Handle, changed: FieldSet): void {
    const entry = this.#entries.get(first, second);
    if (entry === undefined) {
      this.#meter.add(this.#mapBytesOf(first));
      this.#set(first, second, undefined, handle);
    } else if (isIndexed(entry)) {
      for (let index = 0; index < entry.length; index += 1) {
        if ((changed & (this.#placed[index] as FieldSet)) !== 0) entry[index]?.insert(handle);
      }
    } else if (this.#isMoved(changed)) {
      const ordering = this.#orderings[0] as Ordering<E>;
      const others = typeof entry === 'number' ? [entry] : entry;
      if (others.length < LIST_ROWS) this.#set(first, second, entry, inserted(ordering, others, handle));
      else
        this.#set(
          first,
          second,
          entry,
          this.#orderings.map((each) => OrderedIndex.ofRows(each, [...others, handle])),
        );
    } else if (typeof entry !== 'number' && (changed & (this.#placed[0] as FieldSet)) !== 0) {
      this.#entries.set(first, second, inserted(this.#orderings[0] as Ordering<E>, without(entry, handle), handle));
    }
  }

  #removeAt([first, second]: GroupKey, handle: Handle, changed: FieldSet): void {
    const entry = this.#entries.get(first, second);
    if (entry === undefined) return;
    if (isIndexed(entry)) {
      for (let index = 0; index < entry.length; index += 1) {
        if ((changed & (this.#placed[index] as FieldSet)) !== 0) entry[index]?.remove(handle);
      }
      const rows = rowsOf(entry);
      if (!this.#isMoved(changed) || rows > LIST_ROWS) return;
      this.#entries.set(first, second, entry[0]?.handles() ?? []);
      this.#meter.add(this.#bytesOfRows(rows) - this.#bytesOfRows(rows + 1));
    } else if (this.#isMoved(changed)) {
      if (typeof entry === 'number') this.#delete(first, second, entry);
      else {
        const others = without(entry, handle);
        this.#set(first, second, entry, others.length === 1 ? (others[0] as Handle) : others);
      }
    }
  }

  /** Whether a row with these changes leaves its keys or joins new ones. */
  #isMoved(changed: FieldSet): boolean {
    return this.#grouped === 0 ? changed === EVERY_FIELD : (changed & this.#grouped) !== 0;
  }

  #set(first: unknown, second: unknown, before: Entry<E> | undefined, after: Entry<E>): void {
    this.#entries.set(first, second, after);
    this.#meter.add(this.#bytesOf(after) - this.#bytesOf(before));
  }

  #delete(first: unknown, second: unknown, before: Entry<E>): void {
    this.#entries.delete(first, second);
    this.#meter.add(-this.#bytesOf(before) - this.#mapBytesOf(first));
  }

  #bytesOf(entry: Entry<E> | undefined): number {
    return this.#bytesOfRows(rowsOf(entry));
  }

  /** The bytes of a key with this number of rows. */
  #bytesOfRows(rows: number): number {
    if (rows === 0) return 0;
    if (rows === 1) return KEY_BYTES;
    return KEY_BYTES + (rows > LIST_ROWS ? INDEX_BYTES * this.orders.length : LIST_BYTES);
  }

  /** The bytes of the nested map that the first key with this first value needs. */
  #mapBytesOf(first: unknown): number {
    return this.fields.length > 1 && !this.#entries.hasFirst(first) ? MAP_BYTES : 0;
  }

  /** Returns the keys under which the row is listed. */
  #keysOf(row: E): readonly GroupKey[] {
    return keysOf(this.fields.map((field) => valuesOf(row as object, field)));
  }
}

const isIndexed = <E>(entry: Exclude<Entry<E>, undefined>): entry is readonly OrderedIndex<E>[] =>
  typeof entry !== 'number' && typeof entry[0] !== 'number';

/** Returns the number of rows of an entry. */
function rowsOf<E>(entry: Entry<E> | undefined): number {
  if (entry === undefined) return 0;
  if (typeof entry === 'number') return 1;
  return isIndexed(entry) ? (entry[0]?.size ?? 0) : entry.length;
}

const without = (handles: readonly Handle[], handle: Handle): readonly Handle[] =>
  handles.filter((each) => each !== handle);

/** Returns a list with the row at its place. */
function inserted<E>(ordering: Ordering<E>, handles: readonly Handle[], handle: Handle): readonly Handle[] {
  const against = ordering.against(ordering.rowOf(handle));
  let place = handles.length;
  while (place > 0 && against(handles[place - 1] as Handle) > 0) place -= 1;
  return handles.toSpliced(place, 0, handle);
}
