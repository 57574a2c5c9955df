import type { Id } from '../../domain/ids.ts';
import { freezeJson } from '../../domain/json.ts';
import { StaleVersion } from '../../domain/refusals.ts';
import type { Condition, Field, Page, Selection, Window } from '../store.ts';
import { compareBy, type Row } from './compare.ts';
import { type Layout, nameOf } from './layouts.ts';
import { type Conditions, keysOf, meetsAll, valuesOf } from './match.ts';
import { OrderedIndex } from './orderedIndex.ts';
import { countOf, type Group, type Indexed, matchesOf, pageOf, type Touched } from './plan.ts';

type KeptGroup<E> = Group<E> & { readonly indexes: Map<unknown, Map<string, OrderedIndex<E>>> };

/** One kind of entity with all its indexes, kept in step by every write. */
export class Table<E extends { readonly id: Id }> implements Indexed<E> {
  readonly layout: Layout<E>;
  readonly touched: Touched;
  readonly rows = new Map<Id, E>();
  /** All rows, once for each order that lists can have, by the order's fields. */
  readonly orders: ReadonlyMap<string, OrderedIndex<E>>;
  readonly groups: readonly KeptGroup<E>[];

  constructor(layout: Layout<E>, touched: Touched) {
    this.layout = layout;
    this.touched = touched;
    this.orders = indexesOf(layout.orders);
    this.groups = layout.groups.map((group) => ({ ...group, indexes: new Map() }));
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
    this.rows.set(row.id, freezeJson(row));
    for (const index of this.orders.values()) index.insert(row);
    for (const group of this.groups) {
      for (const key of keysIn(row, group)) at(group, key, (index) => index.insert(row));
    }
  }

  remove(row: E): void {
    const kept = this.rows.get(row.id);
    if (!kept) return;
    this.rows.delete(row.id);
    for (const index of this.orders.values()) index.remove(kept);
    for (const group of this.groups) {
      for (const key of keysIn(kept, group)) at(group, key, (index) => index.remove(kept));
    }
  }

  replace(after: E): void {
    const before = this.rows.get(after.id) as E;
    this.rows.set(after.id, freezeJson(after));
    for (const index of this.orders.values()) index.replace(before, after);
    for (const group of this.groups) {
      const [old, now] = [keysIn(before, group), keysIn(after, group)];
      for (const key of old) if (!now.includes(key)) at(group, key, (index) => index.remove(before));
      for (const key of now) {
        if (old.includes(key)) at(group, key, (index) => index.replace(before, after));
        else at(group, key, (index) => index.insert(after));
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

/** The groups that a row is in, by their keys. */
const keysIn = <E>(row: E, { fields }: Group<E>): readonly unknown[] =>
  keysOf(fields.map((field) => valuesOf(row as object, field)));

/** Visits the indexes of one value of a group, which are there as long as a row has it. */
function at<E>({ orders, indexes }: KeptGroup<E>, key: unknown, visit: (index: OrderedIndex<E>) => void): void {
  let own = indexes.get(key);
  if (!own) indexes.set(key, (own = indexesOf(orders)));
  for (const index of own.values()) visit(index);
  // They hold the same rows; what no row has any more takes no room.
  const [one] = own.values();
  if (one?.size === 0) indexes.delete(key);
}

const indexesOf = <E>(orders: readonly (readonly Field<E>[])[]): Map<string, OrderedIndex<E>> =>
  new Map(orders.map((by) => [nameOf(by), new OrderedIndex(compareBy<E>(by))]));
