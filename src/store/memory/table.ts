import type { Id } from '../../domain/ids.ts';
import { StaleVersion } from '../../domain/refusals.ts';
import type { Condition, Field, Page, Selection, Window } from '../store.ts';
import { compareBy, type Row } from './compare.ts';
import { type Layout, nameOf } from './layouts.ts';
import { type Conditions, meetsAll, valuesOf } from './match.ts';
import { OrderedIndex } from './orderedIndex.ts';
import { countOf, type Indexed, matchesOf, pageOf, type Touched } from './plan.ts';

/** One kind of entity with all its indexes, kept in step by every write. */
export class Table<E extends { readonly id: Id }> implements Indexed<E> {
  readonly layout: Layout<E>;
  readonly touched: Touched;
  readonly rows = new Map<Id, E>();
  /** All rows, once for each order that lists can have, by the order's fields. */
  readonly orders: ReadonlyMap<string, OrderedIndex<E>>;
  /** The rows of one value of one field, in the orders that the layout names. */
  readonly groups: ReadonlyMap<string, Map<unknown, Map<string, OrderedIndex<E>>>>;

  constructor(layout: Layout<E>, touched: Touched) {
    this.layout = layout;
    this.touched = touched;
    this.orders = indexesOf(layout.orders);
    this.groups = new Map(Object.keys(layout.groups).map((field) => [field, new Map()]));
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

  /** Refuses with StaleVersion unless the row is at this version; changes nothing. */
  mustBeAt(id: Id, expected: number): void {
    const version = Number((this.rows.get(id) as Row | undefined)?.['version'] ?? 0);
    if (version !== expected) throw new StaleVersion(expected, version);
  }

  insert(row: E): void {
    this.rows.set(row.id, Object.freeze(row));
    for (const index of this.orders.values()) index.insert(row);
    this.#eachGroup(row, (indexes) => {
      for (const index of indexes.values()) index.insert(row);
    });
  }

  remove(row: E): void {
    const kept = this.rows.get(row.id);
    if (!kept) return;
    this.rows.delete(row.id);
    for (const index of this.orders.values()) index.remove(kept);
    this.#eachGroup(kept, (indexes) => {
      for (const index of indexes.values()) index.remove(kept);
    });
  }

  replace(after: E): void {
    const before = this.rows.get(after.id) as E;
    this.rows.set(after.id, Object.freeze(after));
    for (const index of this.orders.values()) index.replace(before, after);
    for (const field of this.groups.keys()) this.#regroup(field, before, after);
  }

  #regroup(field: string, before: E, after: E): void {
    const stays = valuesOf(before, field)[0] === valuesOf(after, field)[0] && valuesOf(after, field).length === 1;
    if (stays) {
      this.#eachGroup(after, (group) => group.forEach((index) => index.replace(before, after)), field);
      return;
    }
    this.#eachGroup(before, (group) => group.forEach((index) => index.remove(before)), field);
    this.#eachGroup(after, (group) => group.forEach((index) => index.insert(after)), field);
  }

  #eachGroup(row: E, visit: (indexes: Map<string, OrderedIndex<E>>) => void, only?: string): void {
    for (const [field, groups] of this.groups) {
      if (only !== undefined && only !== field) continue;
      for (const value of valuesOf(row, field)) {
        let group = groups.get(value);
        if (!group) groups.set(value, (group = indexesOf(this.layout.groups[field as Field<E>] ?? [])));
        visit(group);
      }
    }
  }

  /** What a row must be: the selection's conditions, its parent and the tenant. */
  #conditions({ where, of }: Selection<E>, tenant: Id | null): Conditions {
    const conditions = Object.entries(where) as [string, Condition<unknown>][];
    if (of) conditions.push([of.field, { in: [of.id] }]);
    if (tenant !== null) conditions.push([this.layout.tenant, { in: [tenant] }]);
    return conditions;
  }
}

const indexesOf = <E>(orders: readonly (readonly Field<E>[])[]): Map<string, OrderedIndex<E>> =>
  new Map(orders.map((by) => [nameOf(by), new OrderedIndex(compareBy<E>(by))]));
