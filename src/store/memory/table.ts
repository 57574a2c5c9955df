import type { Id } from '../../domain/ids.ts';
import { StaleVersion } from '../../domain/refusals.ts';
import type { Condition, Page, Selection, TableName, Window } from '../store.ts';
import { Columns } from './columns.ts';
import type { Row } from './compare.ts';
import { EVERY_FIELD, IndexedFields } from './fieldSet.ts';
import { KeptGroup } from './group.ts';
import type { Layout } from './layouts.ts';
import { type Conditions, meetsAll } from './match.ts';
import { countOf, type Indexed, matchesOf, pageOf, type Touched } from './plan.ts';
import { type Handle, Rows } from './rows.ts';

/** One kind of entity with all its indexes, kept in step by every write. */
export class Table<E extends { readonly id: Id }> implements Indexed<E> {
  readonly layout: Layout<E>;
  readonly touched: Touched;
  readonly references: readonly (readonly [field: string, other: TableName])[];
  readonly rows = new Rows<E>();
  readonly groups: readonly KeptGroup<E>[];
  readonly #indexed: IndexedFields<E>;
  readonly #columns: Columns<E>;

  constructor(layout: Layout<E>, touched: Touched) {
    this.layout = layout;
    this.touched = touched;
    this.references = Object.entries(layout.references) as [string, TableName][];
    const groups = [{ fields: [], orders: layout.orders }, ...layout.groups];
    this.#indexed = new IndexedFields(groups);
    // What only a few rows are ordered by, as the deleted ones, takes no column of all rows.
    this.#columns = new Columns(groups.slice(0, 1), this.#indexed);
    this.groups = groups.map((group) => new KeptGroup(group, this.#indexed, this.#columns, this.rows.byHandle));
  }

  byIds(ids: readonly Id[], tenant: Id | null): readonly (E | undefined)[] {
    return ids.map((id) => {
      const row = this.rows.get(id);
      return row && (tenant === null || this.tenantOf(row) === tenant) ? row : undefined;
    });
  }

  page(window: Window<E>, tenant: Id | null, among?: ReadonlySet<Id>): Page<E> {
    return pageOf(this, window, this.#conditions(window, tenant), among && this.#rowsOf(among));
  }

  /** Every row that is meant, in no order that one may count on. */
  matches(selection: Selection<E>, tenant: Id | null): Iterable<E> {
    return matchesOf(this, this.#conditions(selection, tenant));
  }

  count(selection: Selection<E>, tenant: Id | null, among?: ReadonlySet<Id>): number {
    const conditions = this.#conditions(selection, tenant);
    if (among) return this.#rowsOf(among).filter((row) => meetsAll(row, conditions)).length;
    return conditions.length === 0 ? this.rows.size : countOf(this, conditions);
  }

  #rowsOf(ids: ReadonlySet<Id>): readonly E[] {
    return [...ids].flatMap((id) => this.rows.get(id) ?? []);
  }

  tenantOf(row: E): unknown {
    return (row as Row)[this.layout.tenant];
  }

  /** Refuses with StaleVersion unless the entity's row, of the same tenant, is at this version; changes nothing. */
  mustBeAt(entity: E, expected: number): void {
    const row = this.rows.get(entity.id);
    const known = row && this.tenantOf(row) === this.tenantOf(entity);
    const version = known ? Number((row as Row)['version']) : 0;
    if (version !== expected) throw new StaleVersion(expected, version);
  }

  insert(row: E): void {
    const handle = this.rows.add(row);
    this.#columns.note(handle, row, EVERY_FIELD);
    for (const group of this.groups) group.insert(handle, row, EVERY_FIELD);
  }

  remove({ id }: E): void {
    const handle = this.rows.handleOf(id);
    if (handle === undefined) return;
    const row = this.rows.byHandle[handle] as E;
    for (const group of this.groups) group.remove(handle, row, EVERY_FIELD);
    this.rows.remove(handle, id);
  }

  /** Moves the row only in those indexes in which its place may have changed: the others see the new version as it is. */
  replace(after: E): void {
    const handle = this.rows.handleOf(after.id) as Handle;
    const before = this.rows.byHandle[handle] as E;
    const changed = this.#indexed.changed(before, after);
    for (const group of this.groups) group.remove(handle, before, changed);
    this.rows.replace(handle, after);
    this.#columns.note(handle, after, changed);
    for (const group of this.groups) group.insert(handle, after, changed);
  }

  /** What a row must be: the selection's conditions, its parent and the tenant. */
  #conditions({ where, of }: Selection<E>, tenant: Id | null): Conditions {
    const conditions = Object.entries(where) as [string, Condition<unknown>][];
    if (of) conditions.push([of.field, { in: [of.id] }]);
    if (tenant !== null) conditions.push([this.layout.tenant, { in: [tenant] }]);
    return conditions;
  }
}
