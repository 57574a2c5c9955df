import type { Id } from '../../domain/ids.ts';
import type { Scope } from '../../domain/viewer.ts';
import { SCAN_ORDERS } from '../scanOrders.ts';
import type { Field, TableName, TableScan, Tables } from '../store.ts';
import { withRetries } from './errors.ts';
import { columnName, encode, type Layout } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import type { ConnectionPool } from './pool.ts';
import { predicateOf } from './predicate.ts';
import { type OnStatement, type Session, withSession } from './session.ts';
import { Parameters, type Statement, selectOf } from './sql.ts';

/** The number of rows of a page. Some rows have more than 64 KiB. */
const PAGE_ROWS = 500;

/**
 * Lets every page be read from the index of its order. By default PostgreSQL may read the rest of the table for each page
 * and sort it, if it expects few rows.
 */
const BY_INDEX: Statement = {
  text: `select ${['sort', 'incremental_sort', 'seqscan', 'bitmapscan'].map((name) => `set_config('enable_${name}', 'off', true)`).join(', ')}`,
  values: [],
};

/** Reads whole tables from one snapshot, in pages of one statement each. */
export function scanTables<R>(
  pool: ConnectionPool,
  onStatement: OnStatement,
  scope: Scope,
  work: (scan: TableScan) => Promise<R>,
): Promise<R> {
  const tenant = predicateOf(scope);
  return withRetries(() =>
    withSession(pool, onStatement, { purpose: 'snapshot', scope }, async (session) => {
      await session.query(BY_INDEX);
      const rows = <T extends TableName>(name: T) =>
        pagesOf<Tables[T]>(session, LAYOUTS[name], SCAN_ORDERS[name], tenant);
      const result = await work({ rows });
      await session.commit();
      return result;
    }),
  );
}

async function* pagesOf<E extends object>(
  session: Session,
  layout: Layout<E>,
  order: readonly Field<E>[],
  tenant: Id | null,
): AsyncGenerator<readonly E[]> {
  for (let last: E | undefined; ; ) {
    const { rows } = await session.query<E>(pageAfter(layout, order, tenant, last));
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE_ROWS) return;
    last = rows.at(-1);
  }
}

/** Selects the page after a row. An index has the fields of the order. */
function pageAfter<E extends object>(
  layout: Layout<E>,
  order: readonly Field<E>[],
  tenant: Id | null,
  last: E | undefined,
): Statement {
  const parameters = new Parameters();
  const columns = order.map((field) => `t.${columnName(field)}`).join(', ');
  const conditions: string[] = [];
  if (tenant !== null) conditions.push(`t.${layout.tenant} = ${parameters.tenant(tenant)}`);
  if (last !== undefined) {
    const values = order.map((field) => {
      const { type } = layout.columns[field];
      return parameters.add(encode(last[field], type), type);
    });
    conditions.push(`(${columns}) > (${values.join(', ')})`);
  }
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  const text = `${selectOf(layout)}${where} order by ${columns} limit ${PAGE_ROWS}`;
  return { text, values: parameters.values, keepsPlan: true };
}
