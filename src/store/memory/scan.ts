import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Id } from '../../domain/ids.ts';
import { SCAN_ORDERS } from '../scanOrders.ts';
import type { Field, TableLoad, TableName, TableScan, Tables, TableWriters, Writer } from '../store.ts';
import { eachTable } from '../tables.ts';
import type { Table } from './table.ts';
import type { MemoryTables } from './write.ts';

/** The number of rows of a page. Other requests run between two pages. */
const PAGE_ROWS = 1_000;

/** Copies the references to all rows in the scope at once: rows never change, so the copy is a snapshot. */
export function scanOf(tables: MemoryTables, tenant: Id | null): TableScan {
  type Copies = { readonly [T in TableName]: readonly Tables[T][] };
  const copies = eachTable<Copies>(<T extends TableName>(name: T): readonly Tables[T][] =>
    copyOf<Tables[T]>(tables[name], tenant),
  );
  return {
    rows: <T extends TableName>(name: T) => pagesOf<Tables[T]>(copies[name], SCAN_ORDERS[name]),
  };
}

const copyOf = <E extends { readonly id: Id }>(table: Table<E>, tenant: Id | null): readonly E[] =>
  table.rows.byHandle.filter((row) => row !== undefined && (tenant === null || table.tenantOf(row) === tenant)) as E[];

/**
 * Returns the rows in order. They are sorted within the groups of the first field, where ids are nearly sorted already.
 */
async function* pagesOf<E>(rows: readonly E[], [first, ...rest]: readonly Field<E>[]): AsyncGenerator<readonly E[]> {
  const groups = new Map<string, E[]>();
  for (const row of rows) {
    const key = String(row[first as Field<E>]);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  let page: E[] = [];
  for (const key of [...groups.keys()].toSorted()) {
    for (const row of (groups.get(key) ?? []).toSorted((a, b) => compareBy(rest, a, b))) {
      page.push(row);
      if (page.length < PAGE_ROWS) continue;
      yield page;
      page = [];
      await nextTurn();
    }
  }
  if (page.length > 0) yield page;
}

function compareBy<E>(fields: readonly Field<E>[], a: E, b: E): number {
  for (const field of fields) if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1;
  return 0;
}

/** Inserts rows within a transaction. */
export const loadInto = (tx: TableWriters): TableLoad => ({
  insert: async <T extends TableName>(name: T, rows: readonly Tables[T][]): Promise<void> => {
    const writer: Writer<Tables[T]> = tx[name];
    for (const row of rows) writer.insert(row);
  },
});
