// `npm run bench -- weight` prints the bytes that a position's whole life leaves in PostgreSQL, per table and index.
import type pg from 'pg';
import { createApp } from '../../src/app.ts';
import type { Id } from '../../src/domain/ids.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { asAdmin } from '../support/admin.ts';
import { startPostgres } from '../support/postgresServer.ts';
import { type Data, fillData, positionInput, ROOT_KEY } from './data.ts';
import { CREATE, FUND, RELEASE } from './operations.ts';

const POSITIONS = 1_000;
/** The number of positions that are open at once: their moves alternate. */
const OPEN = 250;
const CONNECTIONS = 4;
/** The server vacuums as often per row as by default, but looks every second, because the run has no minutes. */
const SETTINGS = ['autovacuum_naptime=1s', 'full_page_writes=on'];
/** The tables that a position's life writes to. Those of institutions, templates and assets have their rows before. */
const TABLES = [
  'positions',
  'position_terms',
  'lifecycle_events',
  'ledger_events',
  'postings',
  'audit_events',
  'outbox',
  'idempotency_records',
  'commit_proofs',
];

type Send = (query: string, input: Readonly<Record<string, unknown>>) => Promise<Id>;

/** Prints the weight of plain positions, and of positions with all that is optional. */
export async function benchWeight(): Promise<void> {
  for (const isPlain of [true, false]) await weigh(isPlain);
}

/** Unless it is plain, a position has an external reference and metadata, and its moves have idempotency keys. */
async function weigh(isPlain: boolean): Promise<void> {
  const server = await startPostgres({ settings: SETTINGS });
  try {
    await migrate(server.url);
    const onError = (error: unknown): void => void process.stderr.write(`${String(error)}\n`);
    const store = createPostgresStore({ databaseUrl: server.url, connections: CONNECTIONS, onError });
    const size = { startMs: Date.now() - 1_000_000, positions: 0, sessions: 0, messagesPerSession: 1 };
    const data = await fillData(store, size);
    const app = createApp({ store, rootToken: ROOT_KEY, onInternalError: (_id, error) => onError(error) });
    const send: Send = async (query, input) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${data.apiKey}` };
      const keyed = isPlain ? input : { ...input, idempotencyKey: `order-${crypto.randomUUID()}` };
      const body = JSON.stringify({ query, variables: { input: keyed } });
      const response = await app.fetch(new Request('http://localhost/graphql', { method: 'POST', headers, body }));
      const text = await response.text();
      const id = /"position":\{"id":"(\w+)"/.exec(text)?.[1];
      if (id === undefined) throw new Error(`A move was refused: ${text}`);
      return id;
    };
    // Changes get their sequences while someone waits for them.
    store.changes.onChanges(() => undefined);
    const before = await asAdmin(server.url, (admin) => readFigures(admin));
    await live(send, data, isPlain);
    const after = await asAdmin(server.url, (admin) => readFigures(admin));
    await app.stop();
    await store.close();
    print(isPlain, before, after);
  } finally {
    await server.stop();
  }
}

/** Lives the lives of all positions, of which a number is open at once. */
async function live(send: Send, { assetIds }: Data, isPlain: boolean): Promise<void> {
  for (let from = 0; from < POSITIONS; from += OPEN) {
    const numbers = Array.from({ length: OPEN }, (_, index) => from + index);
    const inputs = numbers.map((index) => ({
      ...positionInput(assetIds, index),
      ...(!isPlain && { externalReference: `order-${index}`, metadata: { branch: `branch ${index % 20}` } }),
    }));
    const ids = await each(inputs, (input) => send(CREATE, input));
    await each(ids, (positionId) => send(FUND, { positionId }));
    await each(ids, (positionId) => send(RELEASE, { positionId, amount: '40.00', reason: 'first part' }));
    await each(ids, (positionId) => send(RELEASE, { positionId, all: true }));
  }
}

/** Calls the work for each value, on all connections. */
async function each<T, R>(values: readonly T[], work: (value: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const drive = async (): Promise<void> => {
    while (next < values.length) {
      const index = next;
      next += 1;
      results[index] = await work(values[index] as T);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, drive));
  return results;
}

interface Figures {
  /** The bytes of each table without its indexes, and of each index, by table. */
  readonly bytes: ReadonlyMap<string, { readonly table: string; readonly kind: string; readonly bytes: number }>;
  readonly updates: ReadonlyMap<string, { readonly all: number; readonly hot: number }>;
  readonly walBytes: number;
}

async function readFigures(admin: pg.Client): Promise<Figures> {
  // What the sessions have counted is in the statistics about a second later.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const sizes = await admin.query<{ name: string; table: string; kind: string; bytes: string }>(
    `select c.relname as name, c.relname as table, 'rows' as kind, pg_table_size(c.oid) as bytes
     from pg_class c where c.relname = any($1)
     union all
     select i.indexrelid::regclass::text, c.relname, 'index', pg_relation_size(i.indexrelid)
     from pg_class c join pg_index i on i.indrelid = c.oid where c.relname = any($1)`,
    [TABLES],
  );
  const updates = await admin.query<{ table: string; all: string; hot: string }>(
    'select relname as table, n_tup_upd as all, n_tup_hot_upd as hot from pg_stat_user_tables where n_tup_upd > 0',
  );
  const wal = await admin.query<{ bytes: string }>("select pg_current_wal_lsn() - '0/0' as bytes");
  return {
    bytes: new Map(sizes.rows.map(({ name, table, kind, bytes }) => [name, { table, kind, bytes: Number(bytes) }])),
    updates: new Map(updates.rows.map(({ table, all, hot }) => [table, { all: Number(all), hot: Number(hot) }])),
    walBytes: Number(wal.rows[0]?.bytes),
  };
}

function print(isPlain: boolean, before: Figures, after: Figures): void {
  const line = (name: string, bytes: number): void =>
    void process.stdout.write(`${name.padEnd(58)}${bytes.toFixed(0).padStart(8)}\n`);
  const perLife = (name: string): number =>
    ((after.bytes.get(name)?.bytes ?? 0) - (before.bytes.get(name)?.bytes ?? 0)) / POSITIONS;
  process.stdout.write(
    `\nBytes per position's life (create, fund, release a part, release the rest), ${POSITIONS} positions, ` +
      `${isPlain ? 'without' : 'with'} idempotency keys, external references and metadata\n`,
  );
  let total = 0;
  for (const table of TABLES) {
    const own = [...after.bytes].filter(([, size]) => size.table === table).map(([name]) => name);
    const sum = own.reduce((bytes, name) => bytes + perLife(name), 0);
    total += sum;
    line(table, sum);
    for (const name of own) line(`  ${name === table ? 'rows with TOAST and maps' : name}`, perLife(name));
  }
  line('all', total);
  line('WAL', (after.walBytes - before.walBytes) / POSITIONS);
  process.stdout.write('HOT share of updates\n');
  for (const [table, { all, hot }] of after.updates) {
    const earlier = before.updates.get(table) ?? { all: 0, hot: 0 };
    if (all === earlier.all) continue;
    const share = ((hot - earlier.hot) / (all - earlier.all)) * 100;
    process.stdout.write(`  ${table.padEnd(30)}${(all - earlier.all).toString().padStart(8)} ${share.toFixed(0)} %\n`);
  }
}
