import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Id } from '../../domain/ids.ts';
import { SCAN_ORDERS } from '../scanOrders.ts';
import type { Field, TableLoad, TableName, TableScan, Tables, TableWriters, Writer } from '../store.ts';
import { eachTable, type Owned, ownerOf } from '../tables.ts';
import type { MemoryTables } from './write.ts';

/** The number of rows of a page, and of the rows that are ordered at once. Other requests run between them. */
const PAGE_ROWS = 1_000;
const ORDERED_ROWS = 10_000;

/** Copies the lists of all rows at once: rows never change, so the copies are a snapshot. */
export function scanOf(tables: MemoryTables, tenant: Id | null): TableScan {
  type Copies = { readonly [T in TableName]: readonly (Tables[T] | undefined)[] };
  const copies = eachTable<Copies>(<T extends TableName>(name: T): readonly (Tables[T] | undefined)[] =>
    tables[name].rows.byHandle.slice(),
  );
  return {
    rows: <T extends TableName>(name: T) => pagesOf<Tables[T]>(copies[name], tenant, SCAN_ORDERS[name]),
  };
}

/** The rows of one institution in the order in which they were written, which is nearly always that of their ids. */
interface Group<E> {
  readonly rows: E[];
  isOrdered: boolean;
}

async function* pagesOf<E extends Owned>(
  copy: readonly (E | undefined)[],
  tenant: Id | null,
  order: readonly Field<E>[],
): AsyncGenerator<readonly E[]> {
  const groups = await groupsOf(copy, tenant, order);
  let page: E[] = [];
  for (const id of [...groups.keys()].toSorted()) {
    const { rows, isOrdered } = groups.get(id) as Group<E>;
    for (const row of isOrdered ? rows : rows.toSorted((a, b) => compareBy(order, a, b))) {
      page.push(row);
      if (page.length < PAGE_ROWS) continue;
      yield page;
      page = [];
      await nextTurn();
    }
  }
  if (page.length > 0) yield page;
}

/** Returns the rows in the scope by their institution. */
async function groupsOf<E extends Owned>(
  copy: readonly (E | undefined)[],
  tenant: Id | null,
  order: readonly Field<E>[],
): Promise<ReadonlyMap<Id, Group<E>>> {
  const groups = new Map<Id, Group<E>>();
  for (let index = 0; index < copy.length; index += 1) {
    if (index % ORDERED_ROWS === ORDERED_ROWS - 1) await nextTurn();
    const row = copy[index];
    if (!row) continue;
    const owner = ownerOf(row);
    if (tenant !== null && owner !== tenant) continue;
    const group = groups.get(owner);
    if (!group) {
      groups.set(owner, { rows: [row], isOrdered: true });
      continue;
    }
    if (group.isOrdered) group.isOrdered = compareBy(order, group.rows.at(-1) as E, row) < 0;
    group.rows.push(row);
  }
  return groups;
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
