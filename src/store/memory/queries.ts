import type { Id } from '../../domain/ids.ts';
import type { Field, Page, Selection, Window } from '../store.ts';
import { ownerOf } from '../tables.ts';
import type { Columns } from './columns.ts';
import { directPage } from './directPage.ts';
import type { IndexedFields } from './fieldSet.ts';
import { deservesList, KeptLists, type ListSpec, listSpecOf, MAX_ROWS_PER_LIST } from './keptLists.ts';
import { type Layout, nameOf } from './layout.ts';
import { type Conditions, conditionsOf, singleValue } from './match.ts';
import { OrderedIndex } from './orderedIndex.ts';
import { Ordering } from './ordering.ts';
import {
  type Among,
  countOf,
  type Group,
  type Indexed,
  matchesOf,
  maxMatches,
  pageOf,
  type ScanStats,
} from './plan.ts';
import type { Handle, Rows } from './rows.ts';
import type { TermIndex } from './termIndex.ts';

/** The parts of a table that its queries read. */
export interface Queried<E extends { readonly id: Id }> {
  readonly layout: Layout<E>;
  readonly rows: Rows<E>;
  readonly groups: readonly Group<E>[];
  readonly indexed: IndexedFields<E>;
  readonly columns: Columns<E>;
  readonly terms: TermIndex;
  readonly scanStats: ScanStats;
}

/** Returns sets that contain all rows of the selection, by conditions on rows of other tables. */
export type JoinedSets<E> = (selection: Selection<E>, tenant: Id | null) => readonly Among<E>[];

/** Reads the rows of one table. */
export class Queries<E extends { readonly id: Id }> {
  readonly kept: KeptLists<E>;
  readonly #table: Queried<E>;
  /**
   * The groups for reads of one institution: only those that contain no rows of other institutions, so that the time of
   * a read reveals nothing about those. All groups if there are none.
   */
  readonly #tenantGroups: readonly Group<E>[];
  #joined: JoinedSets<E> = () => [];

  constructor(table: Queried<E>) {
    this.#table = table;
    this.kept = new KeptLists(table.indexed);
    const apart = table.groups.filter(({ fields }) => fields.some((field) => this.#isOfOneTenant(field)));
    this.#tenantGroups = apart.length > 0 ? apart : table.groups;
  }

  /** Lets queries have conditions on rows of other tables. */
  join(joined: JoinedSets<E>): void {
    this.#joined = joined;
  }

  /** Returns a page of the rows; if `found` is given, only of those in it. */
  page(window: Window<E>, tenant: Id | null, found?: ReadonlySet<Id>): Page<E> {
    const conditions = this.#conditions(window, tenant);
    const among = this.#among(window, tenant, found);
    const isDirect = among.length === 0;
    const direct = isDirect && this.#directPage(this.#indexesFor(tenant), window, conditions, tenant);
    if (direct) return direct;
    const spec = isDirect ? listSpecOf(conditions, window.order.by) : undefined;
    const indexed = this.#indexesFor(tenant, spec);
    const kept = spec && this.#directPage(indexed, window, conditions, tenant);
    if (kept) return kept;
    const scanned = indexed.scanStats.rows;
    const page = pageOf(indexed, window, conditions, among);
    if (spec && deservesList(indexed.scanStats.rows - scanned, window.limit + 1)) this.#keep(spec, tenant);
    return page;
  }

  /** Returns every row of the selection, in no particular order. */
  matches(selection: Selection<E>, tenant: Id | null): Iterable<E> {
    return matchesOf(this.#indexesFor(tenant), this.#conditions(selection, tenant), this.#among(selection, tenant));
  }

  count(selection: Selection<E>, tenant: Id | null, found?: ReadonlySet<Id>): number {
    const conditions = this.#conditions(selection, tenant);
    const among = this.#among(selection, tenant, found);
    if (conditions.length + among.length === 0) return this.#table.rows.size;
    const by = among.length === 0 ? this.#countedBy(conditions) : undefined;
    const spec = by && listSpecOf(conditions, by);
    const indexed = this.#indexesFor(tenant, spec);
    const scanned = indexed.scanStats.rows;
    const count = countOf(indexed, conditions, among);
    if (spec && deservesList(indexed.scanStats.rows - scanned, 1)) this.#keep(spec, tenant);
    return count;
  }

  #conditions(selection: Selection<E>, tenant: Id | null): Conditions {
    return conditionsOf(selection, this.#table.layout.tenant, tenant);
  }

  /** Returns an order in which the matching rows are one range of a list, or undefined. */
  #countedBy(conditions: Conditions): readonly Field<E>[] | undefined {
    const others = conditions.filter(([, each]) => !singleValue(each));
    const { orders } = this.#table.layout;
    if (others.length > 1) return undefined;
    return others[0] ? orders.find(([first]) => first === others[0]?.[0]) : orders[0];
  }

  #directPage(indexed: Indexed<E>, window: Window<E>, conditions: Conditions, tenant: Id | null): Page<E> | undefined {
    const isVisible = (row: E): boolean => tenant === null || ownerOf(row) === tenant;
    const page = directPage(indexed, window, conditions, isVisible);
    if (page || tenant === null || this.#tenantGroups === this.#table.groups) return page;
    // All rows of a parent belong to one institution, so its index serves a read of one institution too.
    return directPage({ ...indexed, groups: this.#tenantGroups }, window, conditions.slice(0, -1), isVisible);
  }

  /** Makes a list, unless the layout has an index for it or it has too many rows to be of use. */
  #keep(spec: ListSpec<E>, tenant: Id | null): void {
    const { groups, indexed, columns, rows } = this.#table;
    const { fields, values, by } = spec;
    const isLaidOut = groups.some(
      (group) =>
        nameOf(group.fields.toSorted()) === nameOf(fields) &&
        group.orders.some((order) => nameOf(order) === nameOf(by)),
    );
    if (isLaidOut || this.kept.find(spec) || ![...fields, ...by].every((field) => indexed.has(field))) return;
    const conditions: Conditions = fields.map((field, index) => [field, { in: [values[index]] }]);
    const from = this.#indexesFor(tenant);
    if (maxMatches(from, conditions) > MAX_ROWS_PER_LIST) return;
    const handles: Handle[] = [];
    for (const row of matchesOf(from, conditions, [])) {
      // A list field has several values, of which the key of a list has only one.
      if (fields.some((field) => Array.isArray(row[field]))) return;
      handles.push(rows.handleOf(row.id) as Handle);
    }
    this.kept.keep(spec, OrderedIndex.ofRows(new Ordering(by, rows.byHandle, columns), handles), rows.size);
  }

  #indexesFor(tenant: Id | null, spec?: ListSpec<E>): Indexed<E> {
    const { groups, scanStats } = this.#table;
    const own = tenant === null ? groups : this.#tenantGroups;
    const list = spec && this.kept.find(spec);
    return { groups: list ? [list, ...own] : own, scanStats };
  }

  /** Returns the sets that contain all rows of the selection. */
  #among(selection: Selection<E>, tenant: Id | null, found?: ReadonlySet<Id>): readonly Among<E>[] {
    const { terms = [] } = selection;
    const sets: Among<E>[] = [...this.#joined(selection, tenant)];
    const byTerms = terms.map<Among<E>>((term) => ({
      size: this.#table.terms.count(term, tenant),
      has: (row) => this.#table.terms.has(term, ownerOf(row), row.id),
      rows: () => this.#rowsOf(this.#table.terms.ids(term, tenant)),
    }));
    sets.push(...byTerms);
    if (found) sets.push({ size: found.size, has: ({ id }) => found.has(id), rows: () => this.#rowsOf(found) });
    return sets;
  }

  *#rowsOf(ids: Iterable<Id>): Iterable<E> {
    for (const id of ids) {
      const row = this.#table.rows.get(id);
      if (row === undefined) continue;
      this.#table.scanStats.rows += 1;
      yield row;
    }
  }

  /**
   * Whether all rows with the same value of the field belong to the same institution. This is so if the field is the
   * institution or refers to another row, because references stay within an institution, or if the layout says so.
   */
  #isOfOneTenant(field: Field<E>): boolean {
    const { layout } = this.#table;
    return (
      field === layout.tenant ||
      layout.references[field] !== undefined ||
      (layout.ofOneTenant?.includes(field) ?? false)
    );
  }
}
