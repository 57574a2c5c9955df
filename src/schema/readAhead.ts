import type { Id } from '../domain/ids.ts';
import type { AnyRow, Brought, BroughtPage, Page, TableName, Window } from '../store/store.ts';

/** The rows and pages of a request that were read together with others, for the resolvers that need them later. */
export class ReadAhead {
  readonly #rows = new Map<TableName, Map<Id, AnyRow>>();
  /** The pages by the id of their parent. */
  readonly #pages = new Map<TableName, Map<Id, BroughtPage[]>>();
  #added = new WeakSet<Brought>();

  /** Keeps what a page has brought along. */
  add(brought: Brought | undefined): void {
    if (!brought || this.#added.has(brought)) return;
    this.#added.add(brought);
    for (const [table, rows] of brought.rows) {
      const kept = mapIn(this.#rows, table);
      for (const row of rows) if (!kept.has(row.id)) kept.set(row.id, row);
    }
    for (const page of brought.pages) {
      const kept = mapIn(this.#pages, page.table);
      const id = page.window.parent?.id ?? '';
      const pages = kept.get(id);
      if (pages) pages.push(page);
      else kept.set(id, [page]);
    }
  }

  row(table: TableName, id: Id): AnyRow | undefined {
    return this.#rows.get(table)?.get(id);
  }

  /** Returns the page of the same window, if there is one. */
  page(table: TableName, window: Window<AnyRow>): Page<AnyRow> | undefined {
    const pages = window.parent && this.#pages.get(table)?.get(window.parent.id);
    return pages?.find((each) => isSame(each.window, window))?.page;
  }

  clear(): void {
    this.#rows.clear();
    this.#pages.clear();
    this.#added = new WeakSet();
  }
}

function mapIn<V>(maps: Map<TableName, Map<Id, V>>, table: TableName): Map<Id, V> {
  let map = maps.get(table);
  if (!map) maps.set(table, (map = new Map()));
  return map;
}

/** Whether two windows of the same parent, neither of them within cursors, select the same rows. */
const isSame = (one: Window<AnyRow>, other: Window<AnyRow>): boolean =>
  one.limit === other.limit &&
  one.backward === other.backward &&
  one.parent?.field === other.parent?.field &&
  other.after === null &&
  other.before === null &&
  other.search === undefined &&
  other.terms === undefined &&
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
