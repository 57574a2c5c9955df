import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createIds } from '../../src/ids.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { columnName } from '../../src/store/postgres/layout.ts';
import { LAYOUTS } from '../../src/store/postgres/layouts.ts';
import type { Statement } from '../../src/store/postgres/sql.ts';
import type { Store } from '../../src/store/store.ts';
import { COUNTS } from '../counts.ts';
import { asAdmin } from '../support/admin.ts';
import { makeDeal, openPosition } from '../support/deal.ts';
import { checked } from '../support/random.ts';
import { runScenario, type Step } from '../support/scenario.ts';
import { START, serve } from '../support/server.ts';
import { openPostgresAt } from '../support/stores.ts';
import { PositionIdsDocument } from './documents/graphql.ts';

/** Columns of the outbox, whose changes are not entities. */
const FEED = {
  outbox: ['number', 'place', 'topic', 'kind', 'institution_id', 'object_id', 'detail_id', 'created_at', 'id'],
  outbox_extent: ['single', 'last', 'forgotten', 'log', 'forgotten_id', 'cursor_key'],
  tallies: ['window_start', 'server', 'name', 'count'],
  commit_proofs: ['id', 'created_at'],
  tally_proofs: ['id', 'created_at'],
  webhook_position: ['single', 'last'],
  search_words: ['table_name', 'version', 'done_through'],
  position_terms: ['institution_id', 'id', 'term'],
  asset_terms: ['institution_id', 'id', 'term'],
};

it('predecessor mistake 5: PostgreSQL failed on columns without a migration and left rows; no contract test ran against both stores', async () => {
  const { url } = await openPostgresAt();
  const { rows } = await asAdmin(url, (client) =>
    client.query<{ table: string; columns: string[] }>(
      `select table_name::text as table, array_agg(column_name::text order by column_name) as columns
     from information_schema.columns where table_schema = 'public' and table_name <> 'schema_migrations' and is_generated = 'NEVER' group by 1`,
    ),
  );
  const inDatabase = new Map(rows.map(({ table, columns }) => [table, columns]));
  const inCode = new Map<string, readonly string[]>(
    Object.values(LAYOUTS).flatMap(({ table, view, columns, embeds, words }) => {
      const own = Object.keys(columns).map(columnName);
      const more = [...Object.keys(embeds ?? {}).map(columnName), ...(words ? ['words'] : [])];
      return [[table, [...own, ...more].toSorted()] as const, ...(view ? [[view, own.toSorted()] as const] : [])];
    }),
  );
  for (const [table, columns] of Object.entries(FEED)) inCode.set(table, columns.toSorted());
  expect(inDatabase).toEqual(inCode);
});

/** Opens the given number of positions in a store, and returns its server. */
async function serveMany(store: Store, count: number) {
  const server = serve(store);
  const { id } = await openPosition(server, await makeDeal(server));
  const [row] = await store.read('ALL').positions.byIds([id]);
  const newId = createIds(() => START + 1);
  await store.transact('ALL', async (tx) => {
    if (!row) throw new Error('There is no position.');
    for (let index = 1; index < count; index += 1)
      tx.positions.insert({ ...row, id: newId('pos'), createdAt: START + index });
  });
  return server;
}

it('predecessor mistake 8: pages were cut in memory after reading everything, with one query per row', async () => {
  const rows = 5_000;
  const memory = createMemoryStore();
  const inMemory = await serveMany(memory, rows);
  const { scanStats } = memory;
  scanStats.rows = 0;
  await inMemory.ask('{ positions(first: 1) { nodes { id asset { id } } } }');
  expect(scanStats.rows).toBeLessThanOrEqual(3);

  const statements: Statement[] = [];
  const { store, url } = await openPostgresAt((statement) => statements.push(statement));
  const onPostgres = await serveMany(store, rows);
  await asAdmin(url, (client) => client.query('analyze'));
  statements.length = 0;
  await onPostgres.ask('{ positions(first: 1) { nodes { id asset { id } } } }');
  expect(statements).toHaveLength(1);
  for (const { text, values } of statements) {
    const explain = { text: `explain (analyze, format json) ${text}`, values: [...values] };
    const { rows: plans } = await asAdmin(url, (client) => client.query<{ 'QUERY PLAN': unknown }>(explain));
    const read = JSON.stringify(plans).matchAll(/"(?:Actual Rows|Rows Removed by Filter)":(\d+)/g);
    expect(Math.max(...[...read].map(([, count]) => Number(count)))).toBeLessThanOrEqual(2);
  }
  expect((await onPostgres.run(PositionIdsDocument, { first: 1 })).list).toMatchObject({
    totalCount: rows,
    nodes: [{}],
  });
});

const amounts = fc.constantFrom('0', '0.01', '1', '33.33', '50.00', '66.67', '100.00', '100.01', '1.001', 'x');
const at = fc.nat(5);
const days: fc.Arbitrary<number | null> = fc.option(fc.nat(3));
const versions = fc.option(fc.integer({ min: 1, max: 4 }), { freq: 4 });
const states = fc.constantFrom('CREATED', 'FUNDED', 'PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED');
const open: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('open' as const),
  amount: amounts,
  days,
  holder: fc.constantFrom('a', 'B', 'é', '🏗', ' '),
});
const steps: fc.Arbitrary<Step> = fc.oneof(
  open,
  open,
  fc.record({ do: fc.constant('fund' as const), at, expectedVersion: versions }),
  fc.record({ do: fc.constant('release' as const), at, amount: fc.option(amounts), expectedVersion: versions }),
  fc.record({ do: fc.constant('transition' as const), at, toState: states, amount: fc.option(amounts) }),
  fc.record({ do: fc.constant('cancel' as const), at, expectedVersion: versions }),
  fc.record({ do: fc.constant('wait' as const), hours: fc.nat(30) }),
  fc.record({
    do: fc.constant('list' as const),
    field: fc.constantFrom('CREATED_AT', 'UPDATED_AT', 'AMOUNT', 'EXPIRES_AT'),
    direction: fc.constantFrom('ASC', 'DESC'),
    states: fc.option(fc.array(states, { maxLength: 3 })),
    holder: fc.option(fc.constantFrom('a', 'b', 'é', '\u0000')),
    least: fc.option(amounts),
    last: fc.boolean(),
    size: fc.nat(4),
  }),
);

it('predecessor mistake 16: memory and PostgreSQL returned different results, such as order and dates', async () => {
  const { store } = await openPostgresAt();
  const servers = [serve(createMemoryStore()), serve(store)] as const;
  await checked(
    COUNTS.storeWalks,
    fc.asyncProperty(fc.array(steps, { maxLength: COUNTS.stepsPerStoreWalk, size: 'max' }), async (walk) => {
      const inMemory = await runScenario(servers[0], walk);
      const onPostgres = await runScenario(servers[1], walk);
      expect(inMemory).toEqual(onPostgres);
    }),
  );
  for (const { faults } of servers) expect(faults).toEqual([]);
});
