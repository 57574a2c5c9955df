import type { Id } from '../domain/ids.ts';
import type { AnyRow, Brought, BroughtPages, Page, TableName, Window } from '../store/store.ts';

/** The rows and pages of a request that were read together with others, for the resolvers that need them later. */
export class ReadAhead {
  readonly #rows = new Map<TableName, ReadonlyMap<Id, AnyRow>[]>();
  readonly #pages = new Map<TableName, BroughtPages[]>();
  #added = new WeakSet<Brought>();

  /** Keeps what a page has brought along. */
  add(brought: Brought | undefined): void {
    if (!brought || this.#added.has(brought)) return;
    this.#added.add(brought);
    for (const [table, rows] of brought.rows) addTo(this.#rows, table, rows);
    for (const pages of brought.pages) addTo(this.#pages, pages.table, pages);
  }

  row(table: TableName, id: Id): AnyRow | undefined {
    for (const rows of this.#rows.get(table) ?? []) {
      const row = rows.get(id);
      if (row) return row;
    }
    return undefined;
  }

  /** Returns the page of the same window, if there is one. */
  page(table: TableName, window: Window<AnyRow>): Page<AnyRow> | undefined {
    const { parent } = window;
    if (!parent) return undefined;
    for (const { field, window: own, byParent } of this.#pages.get(table) ?? []) {
      const page = field === parent.field && isSame(own, window) ? byParent.get(parent.id) : undefined;
      if (page) return page;
    }
    return undefined;
  }

  clear(): void {
    this.#rows.clear();
    this.#pages.clear();
    this.#added = new WeakSet();
  }
}

function addTo<V>(lists: Map<TableName, V[]>, table: TableName, value: V): void {
  const list = lists.get(table);
  if (list) list.push(value);
  else lists.set(table, [value]);
}

/** Whether two windows, one of them without cursors, select the same rows of each parent. */
const isSame = (one: Window<AnyRow>, other: Window<AnyRow>): boolean =>
  one.limit === other.limit &&
  one.backward === other.backward &&
  other.after === null &&
  other.before === null &&
  [other.search, other.terms, other.party, other.country].every((each) => each === undefined) &&
  one.order.direction === other.order.direction &&
  isEqualList(one.order.by, other.order.by) &&
  isEqualList(one.unreadFor ?? [], other.unreadFor ?? []) &&
  isEqualWhere(one.where, other.where);

const isEqualList = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one === other || (one.length === other.length && one.every((each, index) => each === other[index]));

/** Compares conditions by identity: those of a list without a filter are always the same objects. */
function isEqualWhere(one: Window<AnyRow>['where'], other: Window<AnyRow>['where']): boolean {
  const conditions = Object.entries(one);
  const others = other as { readonly [field: string]: unknown };
  return (
    conditions.length === Object.keys(other).length &&
    conditions.every(([field, condition]) => others[field] === condition)
  );
}
