import { Client, escapeLiteral } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POSITION_STATES } from '../../src/domain/lifecycle.ts';
import { scopeOf, type Viewer } from '../../src/domain/viewer.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import type { Statement } from '../../src/store/postgres/sql.ts';
import type { Store } from '../../src/store/store.ts';
import { COUNTS } from '../counts.ts';
import { openTransaction } from '../support/openTransaction.ts';
import { serve, type TestServer } from '../support/server.ts';
import { openPostgresAt } from '../support/stores.ts';
import { type Explained, readsOf } from './plans.ts';
import { type Portfolio, portfolioOf } from './portfolio.ts';
import { insertAll, START } from './rows.ts';
import { rowsOfTerms } from './termsRows.ts';

const pageRows = 50;
/** One more row reveals whether there is another page. */
const readRows = pageRows + 1;
const rowsAtOnce = 5_000;
const CONFIGS = 'asset_template_configs';
const EXPLAIN = 'explain (analyze, buffers off, format json)';

interface Ask {
  readonly name: string;
  readonly filter?: (of: Portfolio) => object;
  readonly orderBy?: object;
  /** The number of indexes that are read together: one per value. */
  readonly values?: number;
  /** The number of rows scanned per matching row, because rows of a range are scattered in the order. */
  readonly scattered?: number;
  /** Whether the values determine the institution. Otherwise PostgreSQL reads a page of each for root, and merges them. */
  readonly ofOne?: boolean;
  /** Whether the configs of asset templates are read, which are so few that PostgreSQL reads the table. */
  readonly hasConfigs?: boolean;
}

const ORDERS: readonly Ask[] = ['CREATED_AT', 'UPDATED_AT', 'AMOUNT', 'EXPIRES_AT'].flatMap((field) =>
  ['ASC', 'DESC'].map((direction) => ({ name: `${field} ${direction}`, orderBy: { field, direction } })),
);

const at = (ms: number): string => new Date(ms).toISOString();
const idsAt = (rows: readonly { readonly id: string }[], ...which: number[]) => which.map((place) => rows[place]?.id);

/** Each filter separately. Filters by value use values that the first rows of the scan do not have. */
const FILTERS: readonly Ask[] = [
  { name: 'institutionId', filter: ({ own }) => ({ institutionId: own.id }), ofOne: true },
  { name: 'assetIds: one', filter: ({ ownAssets }) => ({ assetIds: idsAt(ownAssets, 3) }), ofOne: true },
  {
    name: 'assetIds: three',
    filter: ({ ownAssets }) => ({ assetIds: idsAt(ownAssets, 0, 3, 5) }),
    values: 3,
    ofOne: true,
  },
  { name: 'templateIds: one', filter: ({ ownTemplates }) => ({ templateIds: idsAt(ownTemplates, 1) }), ofOne: true },
  {
    name: 'templateIds: two',
    filter: ({ ownTemplates }) => ({ templateIds: idsAt(ownTemplates, 0, 1) }),
    values: 2,
    ofOne: true,
  },
  { name: 'holderReference', filter: () => ({ holderReference: 'holder 3' }) },
  { name: 'holderReference: nobody', filter: () => ({ holderReference: 'nobody' }) },
  { name: 'externalReference', filter: () => ({ externalReference: 'ref 7' }) },
  {
    name: 'holderReferences: three',
    filter: () => ({ holderReferences: ['holder 2', 'holder 3', 'nobody'] }),
    values: 3,
  },
  { name: 'referenceStartsWith: few', filter: () => ({ referenceStartsWith: 'old 1' }) },
  { name: 'referenceStartsWith: half', filter: () => ({ referenceStartsWith: 'ref ' }), scattered: 2 },
  { name: 'referenceStartsWith: nobody', filter: () => ({ referenceStartsWith: 'nobody' }) },
  { name: 'metadata: few', filter: () => ({ metadata: [{ path: 'batch', equals: '7' }] }), scattered: 3 },
  { name: 'metadata: half', filter: () => ({ metadata: [{ path: 'parity', equals: '1' }] }), scattered: 4 },
  {
    name: 'metadata: in the oldest',
    filter: () => ({ metadata: [{ path: 'oldest', equals: 'true' }] }),
    scattered: 12,
  },
  {
    name: 'metadata: two values',
    filter: () => ({
      metadata: [
        { path: 'parity', equals: '1' },
        { path: 'lane.number', equals: '77' },
      ],
    }),
    scattered: 3,
  },
  { name: 'metadata: nowhere', filter: () => ({ metadata: [{ path: 'batch', equals: 'x' }] }) },
  { name: 'party: few', filter: () => ({ party: { reference: 'crew 7' } }), scattered: 3 },
  { name: 'party: few, by role', filter: () => ({ party: { reference: 'crew 7', role: 'PAYEE' } }), scattered: 3 },
  { name: 'party: of another role', filter: () => ({ party: { reference: 'crew 7', role: 'PAYER' } }), scattered: 3 },
  { name: 'party: half', filter: () => ({ party: { reference: 'owner' } }), scattered: 6 },
  { name: 'party: in the oldest', filter: () => ({ party: { reference: 'founder' } }), scattered: 18 },
  { name: 'party: nobody', filter: () => ({ party: { reference: 'nobody' } }) },
  { name: 'country: half', filter: () => ({ country: 'SG' }), scattered: 4, hasConfigs: true },
  { name: 'country: nowhere', filter: () => ({ country: 'FR' }), hasConfigs: true },
  ...POSITION_STATES.map((state) => ({ name: `states: ${state}`, filter: () => ({ states: [state] }) })),
  { name: 'states: three', filter: () => ({ states: ['EXPIRED', 'FUNDED', 'CREATED'] }), values: 3 },
  { name: 'states: none', filter: () => ({ states: [] }) },
  { name: 'currencyCode: in all', filter: () => ({ currencyCode: 'USD' }) },
  { name: 'currencyCode: in the oldest', filter: () => ({ currencyCode: 'EUR' }) },
  {
    name: 'amount: few',
    filter: ({ positions }) => ({ amount: { gte: '4000000', lt: `${4_000_000 + 3e8 / positions.length}` } }),
  },
  { name: 'amount: half', filter: () => ({ amount: { gte: '5000000' } }), scattered: 2 },
  { name: 'amount: all', filter: () => ({ amount: { gt: '0' } }) },
  {
    name: 'createdAt: few',
    filter: ({ middle }) => ({ createdAt: { gte: at(middle.createdAt), lt: at(middle.createdAt + 80_000) } }),
  },
  { name: 'createdAt: older half', filter: ({ middle }) => ({ createdAt: { lt: at(middle.createdAt) } }) },
  { name: 'createdAt: newer half', filter: ({ middle }) => ({ createdAt: { gte: at(middle.createdAt) } }) },
  {
    name: 'updatedAt: few',
    filter: ({ middle }) => ({ updatedAt: { gt: at(middle.updatedAt), lte: at(middle.updatedAt + 80_000) } }),
  },
  {
    name: 'updatedAt: half',
    filter: () => ({ updatedAt: { gte: at(START + 5e8) } }),
    scattered: 2,
  },
  {
    name: 'expiresAt: few',
    filter: ({ positions }) => ({ expiresAt: { gte: at(START + 5e8), lt: at(START + 5e8 + 8e10 / positions.length) } }),
  },
  { name: 'expiresAt: half', filter: () => ({ expiresAt: { lt: at(START + 5e8) } }), scattered: 3 },
  { name: 'expiresAt: all that have one', filter: () => ({ expiresAt: { gt: at(START) } }), scattered: 2 },
];

const QUERY = `query ($filter: PositionFilter, $orderBy: PositionOrder = { field: CREATED_AT, direction: DESC }, $after: String) {
  positions(first: ${pageRows}, filter: $filter, orderBy: $orderBy, after: $after) {
    nodes { id }
    pageInfo { endCursor hasNextPage }
  }
}`;
interface Page {
  readonly positions: {
    readonly nodes: readonly { readonly id: string }[];
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  };
}

async function fill(store: Store, { positions, termsOf, ...rest }: Portfolio): Promise<void> {
  await store.transact('ALL', async (tx) => {
    insertAll(tx, rest);
  });
  for (let from = 0; from < positions.length; from += rowsAtOnce) {
    await store.transact('ALL', async (tx) => {
      const some = positions.slice(from, from + rowsAtOnce);
      insertAll(tx, { positions: some, ...rowsOfTerms(...some.flatMap(({ id }) => termsOf.get(id) ?? [])) });
    });
  }
}

describe.each(COUNTS.positions.map((size) => ({ size })))('a page of 50 among $size positions', ({ size }) => {
  const portfolio = portfolioOf(size);
  const memory: MemoryStore = createMemoryStore();
  const inMemory = serve(memory);
  let onPostgres: TestServer;
  let sent: Statement[] = [];
  let plans: Client;

  beforeAll(async () => {
    await fill(memory, portfolio);
    const opened = await openPostgresAt((statement) => sent.push(statement));
    onPostgres = serve(opened.store);
    await fill(opened.store, portfolio);
    plans = new Client({ connectionString: opened.url });
    await plans.connect();
    await plans.query('analyze');
  });
  afterAll(() => plans.end());

  const viewers: readonly { readonly who: string; readonly viewer: Viewer }[] = [
    { who: 'root', viewer: { role: 'ROOT' } },
    { who: 'one institution of five', viewer: { role: 'READ_ONLY', institutionId: portfolio.own.id } },
  ];

  async function ask(server: TestServer, viewer: Viewer, variables: object): Promise<Page['positions']> {
    server.viewer = viewer;
    const { data, errors } = await server.ask<Page>(QUERY, variables);
    if (!data) throw new Error(JSON.stringify(errors), { cause: server.faults.at(-1) });
    return data.positions;
  }

  /** Returns what PostgreSQL reads for a page, from the plans of the same statement: for its values, and for any. */
  async function explained(variables: object, viewer: Viewer) {
    sent = [];
    const page = await ask(onPostgres, viewer, variables);
    const [statement, ...others] = sent;
    if (!statement || others.length > 0) throw new Error('A page is one statement.');
    await openTransaction(plans, scopeOf(viewer));
    const { rows } = await plans.query<Explained>(`${EXPLAIN} ${statement.text}`, [...statement.values]);
    const kept = statement.keepsPlan ? await keptPlan(statement) : rows;
    await plans.query('commit');
    return { page, plans: [readsOf(rows), readsOf(kept)] };
  }

  /** Explains the plan that the server keeps for all values. */
  async function keptPlan({ text, values }: Statement): Promise<Explained[]> {
    const literals = values.map((value) => escapeLiteral(Array.isArray(value) ? `{${value.join()}}` : String(value)));
    await plans.query(`set local plan_cache_mode = force_generic_plan; prepare kept as ${text}`);
    const parameters = literals.length > 0 ? `(${literals.join(', ')})` : '';
    const { rows } = await plans.query<Explained>(`${EXPLAIN} execute kept${parameters}`);
    await plans.query('deallocate kept');
    return rows;
  }

  describe.each(viewers)('predecessor mistake 8: a page for $who scans no more rows than necessary', ({ viewer }) => {
    /** Returns the variables of the first page and of a later one. */
    async function twoPages(variables: object) {
      const { pageInfo } = await ask(inMemory, viewer, variables);
      return pageInfo.hasNextPage ? [variables, { ...variables, after: pageInfo.endCursor }] : [variables];
    }

    test.each([...ORDERS, ...FILTERS])(
      'the rows scanned are bounded for $name',
      async ({ filter, orderBy, values = 1, scattered = 1, ofOne = false, hasConfigs = false }) => {
        const variables = { ...(filter && { filter: filter(portfolio) }), ...(orderBy && { orderBy }) };
        for (const pageVariables of await twoPages(variables)) {
          // If rows are scattered, the bound is doubled to allow for chance.
          const most = scattered === 1 ? readRows * values : 2 * scattered * readRows;
          memory.scanStats.rows = 0;
          const page = await ask(inMemory, viewer, pageVariables);
          // The heads of the merged indexes; a range of few rows is read completely and sorted.
          expect(memory.scanStats.rows).toBeLessThanOrEqual(Math.max(most + values, 2 * pageRows));
          const read = await explained(pageVariables, viewer);
          expect(read.page.nodes).toEqual(page.nodes);
          const merged = viewer.role === 'ROOT' && !ofOne ? portfolio.institutions.length : 1;
          // A merged list reads all institutions.
          const sequential = read.plans.flatMap((plan) => plan.sequential);
          const allowed = [...(merged === 1 ? [] : ['institutions']), ...(hasConfigs ? [CONFIGS] : [])];
          expect(sequential.filter((table) => !allowed.includes(table))).toEqual([]);
          // A row of a bitmap scan counts twice, in the index and in the table. In a small table the planner may read
          // the few rows of a value out of order and sort them, but at most half of the table.
          const leastBound = size < 5_000 ? size / 2 : 4 * pageRows;
          const tooMuch = read.plans.filter(({ rows }) => rows > Math.max(2 * most * merged, leastBound));
          expect(tooMuch.map(({ plan }) => plan)).toEqual([]);
        }
      },
    );
  });

  test('every filter is tested', async () => {
    const { data } = await inMemory.ask<{ __type: { inputFields: { name: string }[] } }>(
      '{ __type(name: "PositionFilter") { inputFields { name } } }',
    );
    const filterFields = new Set(FILTERS.flatMap(({ filter }) => Object.keys(filter?.(portfolio) ?? {})));
    expect([...filterFields].toSorted()).toEqual(data?.__type.inputFields.map(({ name }) => name).toSorted());
  });
});
