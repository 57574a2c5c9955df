// Prints how long each list order, filter, count, total and search takes among 1,000, 100,000 and 1,000,000 positions, in
// memory or in PostgreSQL: the first time, when a list or sums may be made for it, and afterwards.

import { freemem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { ChatSession } from '../../src/domain/chatSession.ts';
import type { Position } from '../../src/domain/position.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { LAYOUTS } from '../../src/store/memory/layouts.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { Readers, Selection, Store, Where } from '../../src/store/store.ts';
import { firstOf } from '../../src/store/window.ts';
import { currency } from '../store/rows.ts';
import { asAdmin } from '../support/admin.ts';
import { startPostgres } from '../support/postgresServer.ts';
import { GENERATED_FROM, type Generated, generate } from './generate.ts';

const SIZES = [1_000, 100_000, 1_000_000];
const MESSAGES = 100_000;
const LARGE = 1_000_000;
const GIB = 2 ** 30;
const FREE_BYTES = 14 * GIB;
const HEAP_BYTES = 11.5 * GIB;
/** How often each read runs. Statements whose plan may be kept get that plan with the sixth run on a connection. */
const RUNS = { memory: 51, postgres: 21 } as const;
const PAGE_ROWS = 50;

interface Read {
  readonly name: string;
  readonly run: (readers: Readers, world: Generated) => unknown;
}

const FILTERS: readonly { readonly name: string; readonly where: (world: Generated) => Where<Position> }[] = [
  { name: 'all', where: () => ({}) },
  { name: 'one asset', where: ({ assets }) => ({ assetId: { in: [assets[3]?.id ?? ''] } }) },
  { name: 'one holder', where: () => ({ holderReference: { in: ['holder 7'] } }) },
  { name: 'one state', where: () => ({ state: { in: ['FUNDED'] } }) },
  { name: 'one currency', where: () => ({ currency: { in: [currency('JPY')] } }) },
  { name: 'holder and state', where: () => ({ holderReference: { in: ['holder 7'] }, state: { in: ['FUNDED'] } }) },
  { name: 'amount range', where: () => ({ magnitude: { range: { gte: 200_000_000n, lt: 400_000_000n } } }) },
  {
    name: 'state and amount range',
    where: () => ({ state: { in: ['FUNDED'] }, magnitude: { range: { gte: 200_000_000n, lt: 400_000_000n } } }),
  },
  { name: 'created since', where: () => ({ createdAt: { range: { gte: GENERATED_FROM + 500 } } }) },
];

const reads: readonly Read[] = [
  ...FILTERS.flatMap(({ name, where }) =>
    LAYOUTS.positions.orders.map((by) => ({
      name: `page of ${PAGE_ROWS}: ${name} by ${by[0]}`,
      run: ({ positions }: Readers, world: Generated) =>
        positions.pages([
          firstOf<Position>({ where: where(world), order: { by, direction: 'DESC' }, limit: PAGE_ROWS }),
        ]),
    })),
  ),
  ...FILTERS.map(({ name, where }) => ({
    name: `count: ${name}`,
    run: ({ positions }: Readers, world: Generated) => positions.counts([{ where: where(world) }]),
  })),
  ...FILTERS.map(({ name, where }) => ({
    name: `totals: ${name}`,
    run: ({ positionTotals }: Readers, world: Generated) => positionTotals([{ where: where(world) }]),
  })),
  {
    name: 'page of sessions: search for a word',
    run: ({ chatSessions }) => chatSessions.pages([searched(['invoice'])]),
  },
  {
    name: 'page of sessions: search for two words',
    run: ({ chatSessions }) => chatSessions.pages([searched(['999', 'pier'])]),
  },
  {
    name: 'unread counts of 50 sessions',
    run: ({ unreadCounts }, { sessions }) =>
      unreadCounts(sessions.slice(0, PAGE_ROWS).map(({ id }) => ({ sessionId: id, participantReference: 'author 1' }))),
  },
];

const searched = (search: Selection<ChatSession>['search'] & object) => ({
  ...firstOf<ChatSession>({ order: { by: ['lastActivityAt'], direction: 'DESC' }, limit: PAGE_ROWS }),
  search,
});

/** Returns the duration of the first run and the median of the later ones, in us. */
async function timesOf(runs: number, run: () => unknown): Promise<readonly [first: number, later: number]> {
  const took: number[] = [];
  while (took.length < runs) {
    const began = performance.now();
    await run();
    took.push((performance.now() - began) * 1_000);
  }
  const [first = 0, ...later] = took;
  return [first, later.toSorted((a, b) => a - b)[Math.floor(later.length / 2)] ?? 0];
}

/** Fills a store, calls the work with it, and removes it. */
type WithStore = (size: number, work: (store: Store, world: Generated) => Promise<void>) => Promise<void>;

const inMemory: WithStore = async (size, work) => {
  const fits = size < LARGE || (freemem() >= FREE_BYTES && getHeapStatistics().heap_size_limit >= HEAP_BYTES);
  if (!fits) {
    process.stdout.write(`${size} positions skipped: needs 14 GiB free and node --max-old-space-size=12288\n`);
    return;
  }
  const store = createMemoryStore();
  await work(store, await generate(store, size, Math.min(MESSAGES, size)));
};

const onPostgres: WithStore = async (size, work) => {
  const server = await startPostgres();
  try {
    await migrate(server.url);
    const store = createPostgresStore({
      databaseUrl: server.url,
      onError: (error) => process.stderr.write(`${error}\n`),
    });
    const world = await generate(store, size, Math.min(MESSAGES, size));
    await asAdmin(server.url, (admin) => admin.query('vacuum analyze'));
    await work(store, world);
    await store.close();
  } finally {
    await server.stop();
  }
};

/** Prints the table of one kind of store. */
async function benchGrowth(kind: keyof typeof RUNS, sizes: readonly number[]): Promise<void> {
  const withStore = kind === 'memory' ? inMemory : onPostgres;
  const rows = new Map<string, string[]>();
  const first = new Map<string, number>();
  for (const size of sizes) {
    await withStore(size, async (store, world) => {
      const readers = store.read({ institutionId: world.institution.id });
      for (const { name, run } of reads) {
        const [made, later] = await timesOf(RUNS[kind], () => run(readers, world));
        const ratio = later / (first.get(name) ?? later);
        if (!first.has(name)) first.set(name, later);
        const shown = `${made.toFixed(0).padStart(9)}${later.toFixed(1).padStart(10)}${ratio.toFixed(1).padStart(7)}`;
        rows.set(name, [...(rows.get(name) ?? []), shown]);
      }
    });
  }
  const place = kind === 'memory' ? 'In memory' : 'On PostgreSQL';
  process.stdout.write(
    `\n${place}, one institution, ${sizes.join(', ')} positions: first time in us, afterwards in us, ratio to the first size\n`,
  );
  for (const [name, figures] of rows) process.stdout.write(`${name.padEnd(52)}${figures.join('')}\n`);
}

const [place, ...others] = process.argv.slice(2);
const kind = place === 'postgres' ? place : 'memory';
const sizes = (place === 'postgres' || place === 'memory' ? others : process.argv.slice(2)).map(Number);
await benchGrowth(kind, sizes.length > 0 ? sizes : SIZES);
