import type { Id } from '../../domain/ids.ts';
import type { Posting } from '../../domain/ledgerEvent.ts';
import type { Scope } from '../../domain/viewer.ts';
import { SCAN_ORDERS } from '../scanOrders.ts';
import type { Field, TableName, TableScan, Tables } from '../store.ts';
import { withRetries } from './errors.ts';
import { columnName, encode, IS_ROW, type Layout } from './layout.ts';
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
        name === 'postings'
          ? // The type of the rows of this table, which TypeScript does not infer from the name.
            (postingsOf(session, tenant) as AsyncGenerator<readonly never[]>)
          : pagesOf<Tables[T]>(session, LAYOUTS[name], SCAN_ORDERS[name], tenant);
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
  const conditions: string[] = layout.view ? [IS_ROW] : [];
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

/** A posting, and its ledger event; a row without id says that a ledger event has no postings. */
type PostingOf = Posting & { readonly of: Id; readonly ofInstitution: Id };

/** Reads the postings by ledger event: the postings in the rows of lifecycle events have no index of their order. */
async function* postingsOf(session: Session, tenant: Id | null): AsyncGenerator<readonly Posting[]> {
  for (let last: PostingOf | undefined; ; ) {
    const { rows } = await session.query<PostingOf>(postingsAfter(tenant, last));
    const postings = rows
      .filter(({ id }) => id !== null)
      .map(({ of: _of, ofInstitution: _institution, ...row }) => row);
    if (postings.length > 0) yield postings;
    if (new Set(rows.map((row) => row.of)).size < PAGE_ROWS) return;
    last = rows.at(-1);
  }
}

/** Selects the postings of a page of ledger events, with each of these. */
function postingsAfter(tenant: Id | null, last: PostingOf | undefined): Statement {
  const parameters = new Parameters();
  const conditions = [IS_ROW];
  if (tenant !== null) conditions.push(`t.institution_id = ${parameters.tenant(tenant)}`);
  if (last !== undefined) {
    const values = [last.ofInstitution, last.of].map((id) => parameters.add(id, 'text'));
    conditions.push(`(t.institution_id, t.id) > (${values.join(', ')})`);
  }
  const page =
    `select t.institution_id, t.id from ${LAYOUTS.ledgerEvents.view} t where ${conditions.join(' and ')}` +
    ` order by t.institution_id, t.id limit ${PAGE_ROWS}`;
  const own = `${selectOf(LAYOUTS.postings)} where t.institution_id = e.institution_id and t.ledger_event_id = e.id`;
  const text =
    `select e.institution_id as "ofInstitution", e.id as "of", p.* from (${page}) e` +
    ` left join lateral (${own}) p on true order by e.institution_id, e.id, p.ordinal`;
  return { text, values: parameters.values, keepsPlan: true };
}
