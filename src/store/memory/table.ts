import type { Id } from '../../domain/ids.ts';
import { StaleVersionError } from '../../domain/userErrors.ts';
import type { Field, Page, Selection, TableName, Window } from '../store.ts';
import { fieldsOf, ownerOf } from '../tables.ts';
import { bytesOf } from './bytes.ts';
import { Columns } from './columns.ts';
import type { Row } from './compare.ts';
import { EVERY_FIELD, IndexedFields } from './fieldSet.ts';
import { KeptGroup } from './group.ts';
import type { GroupLayout, Layout } from './layout.ts';
import type { MemoryMeter } from './meter.ts';
import type { ScanStats } from './plan.ts';
import { type JoinedSets, Queries } from './queries.ts';
import { type Handle, Rows } from './rows.ts';
import { MAX_TERM_BYTES, TermIndex } from './termIndex.ts';

/**
 * The memory of a row with its id, its handle and its share of the kept lists, of each of its fields, and of each of its
 * index entries, in bytes.
 */
const ROW_BYTES = 130;
const FIELD_BYTES = 12;
const PLACE_BYTES = 6;

/** The rows of one kind of entity with all their indexes, which every write updates. */
export class Table<E extends { readonly id: Id }> {
  readonly layout: Layout<E>;
  readonly scanStats: ScanStats;
  readonly references: readonly (readonly [field: Field<E>, other: TableName])[];
  readonly rows = new Rows<E>();
  readonly groups: readonly KeptGroup<E>[];
  readonly #indexed: IndexedFields<E>;
  readonly #columns: Columns<E>;
  readonly #meter: MemoryMeter;
  readonly #queries: Queries<E>;
  readonly #terms: TermIndex;
  /** The fields whose memory is counted. */
  readonly #sized: readonly Field<E>[];
  /** The memory of a row without its text and JSON fields; computed from the first row. */
  #fixedBytes = 0;

  constructor(layout: Layout<E>, scanStats: ScanStats, meter: MemoryMeter) {
    this.layout = layout;
    this.#meter = meter;
    this.#terms = new TermIndex(meter);
    this.scanStats = scanStats;
    this.references = fieldsOf<Field<E>>(layout.references).flatMap((field) => {
      const other = layout.references[field];
      return other === undefined ? [] : [[field, other] as const];
    });
    this.#sized = fieldsOf<Field<E>>(layout.sized).filter((field) => layout.sized[field]);
    const groups: readonly GroupLayout<E>[] = [{ fields: [], orders: layout.orders }, ...layout.groups];
    this.#indexed = new IndexedFields(groups);
    // Orders of only few rows, such as the deleted ones, have no column, which would span all rows.
    this.#columns = new Columns(groups.slice(0, 1), this.#indexed);
    this.groups = groups.map((group) => new KeptGroup(group, this.#indexed, this.#columns, this.rows.byHandle, meter));
    this.#queries = new Queries({
      layout,
      rows: this.rows,
      groups: this.groups,
      indexed: this.#indexed,
      columns: this.#columns,
      terms: this.#terms,
      scanStats,
    });
  }

  /** Lets queries have conditions on rows of other tables. */
  join(joined: JoinedSets<E>): void {
    this.#queries.join(joined);
  }

  byIds(ids: readonly Id[], tenant: Id | null): readonly (E | undefined)[] {
    return ids.map((id) => {
      const row = this.rows.get(id);
      return row && (tenant === null || this.tenantOf(row) === tenant) ? row : undefined;
    });
  }

  /** Returns a page of the rows; if `found` is given, only of those in it. */
  page(window: Window<E>, tenant: Id | null, found?: ReadonlySet<Id>): Page<E> {
    return this.#queries.page(window, tenant, found);
  }

  /** Returns every row of the selection, in no particular order. */
  matches(selection: Selection<E>, tenant: Id | null): Iterable<E> {
    return this.#queries.matches(selection, tenant);
  }

  count(selection: Selection<E>, tenant: Id | null, found?: ReadonlySet<Id>): number {
    return this.#queries.count(selection, tenant, found);
  }

  tenantOf(row: E): Id {
    return ownerOf(row);
  }

  /**
   * Throws StaleVersionError unless the row of the same id and institution has the expected version. Changes nothing.
   */
  assertVersion(entity: E, expected: number): void {
    const row = this.rows.get(entity.id);
    const known = row && this.tenantOf(row) === this.tenantOf(entity);
    const version = known ? Number((row as Row)['version']) : 0;
    if (version !== expected) throw new StaleVersionError(expected, version);
  }

  insert(row: E): void {
    this.#meter.add(this.#bytesOf(row));
    const handle = this.rows.add(row);
    this.#columns.note(handle, row, EVERY_FIELD);
    for (const group of this.groups) group.insert(handle, row, EVERY_FIELD);
    this.#queries.kept.insert(handle, row, EVERY_FIELD);
    if (this.layout.terms) this.#terms.change(row.id, this.tenantOf(row), [], this.layout.terms.of(row));
  }

  remove({ id }: E): void {
    const handle = this.rows.handleOf(id);
    if (handle === undefined) return;
    const row = this.rows.byHandle[handle] as E;
    for (const group of this.groups) group.remove(handle, row, EVERY_FIELD);
    this.#queries.kept.remove(handle, row, EVERY_FIELD);
    if (this.layout.terms) this.#terms.change(id, this.tenantOf(row), this.layout.terms.of(row), []);
    this.rows.remove(handle, id);
    this.#meter.add(-this.#bytesOf(row));
  }

  /** Replaces the row and moves it only in the indexes in which its place may have changed. */
  replace(after: E): void {
    const handle = this.rows.handleOf(after.id) as Handle;
    const before = this.rows.byHandle[handle] as E;
    const changed = this.#indexed.changed(before, after);
    this.#meter.add(this.#growthOf(before, after));
    for (const group of this.groups) group.remove(handle, before, changed);
    this.#queries.kept.remove(handle, before, changed);
    this.rows.replace(handle, after);
    this.#columns.note(handle, after, changed);
    for (const group of this.groups) group.insert(handle, after, changed);
    this.#queries.kept.insert(handle, after, changed);
    const { terms } = this.layout;
    if (!terms || before[terms.from] === after[terms.from]) return;
    this.#terms.change(after.id, this.tenantOf(after), terms.of(before), terms.of(after));
  }

  /** Returns the bytes that a write adds, or frees if negative; an upper bound unless `isExact` is set. */
  growthBy(kind: 'insert' | 'replace' | 'remove', entity: E, isExact: boolean): number {
    const before = this.rows.get(entity.id);
    if (kind === 'remove') return before ? -this.#bytesOf(before) : 0;
    const own = before ? this.#growthOf(before, entity) : this.#bytesOf(entity);
    const changed = before ? this.#indexed.changed(before, entity) : EVERY_FIELD;
    return this.groups.reduce(
      (bytes, group) => bytes + group.growthBy(before, entity, changed, isExact),
      own + this.#termGrowthOf(before, entity, isExact),
    );
  }

  /** Counts the bytes of all rows and indexes again. */
  recount(): number {
    let bytes = 0;
    for (const row of this.rows.byHandle) if (row) bytes += this.#bytesOf(row);
    return this.groups.reduce((sum, group) => sum + group.recount(), bytes + this.#terms.recount());
  }

  #bytesOf(row: E): number {
    this.#fixedBytes ||= ROW_BYTES + FIELD_BYTES * Object.keys(row).length + PLACE_BYTES * this.#places;
    let bytes = this.#fixedBytes;
    for (const field of this.#sized) bytes += bytesOf(row[field]);
    return bytes;
  }

  /** The maximum number of indexes that contain a row. */
  get #places(): number {
    return this.groups.reduce((places, { orders }) => places + orders.length, 0);
  }

  #growthOf(before: E, after: E): number {
    let bytes = 0;
    for (const field of this.#sized) {
      if (before[field] !== after[field]) bytes += bytesOf(after[field]) - bytesOf(before[field]);
    }
    return bytes;
  }

  #termGrowthOf(before: E | undefined, after: E, isExact: boolean): number {
    const { terms } = this.layout;
    if (!terms || before?.[terms.from] === after[terms.from]) return 0;
    if (!isExact) return MAX_TERM_BYTES * terms.maxOf(after);
    return this.#terms.growthBy(this.tenantOf(after), before ? terms.of(before) : [], terms.of(after));
  }
}
