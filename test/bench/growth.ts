// Prints how long each list order, filter, count, total and search takes among 1,000, 100,000 and 1,000,000 positions in
// memory: the first time, when a list or sums may be made for it, and afterwards.

import { freemem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { ChatSession } from '../../src/domain/chatSession.ts';
import type { Position } from '../../src/domain/position.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { LAYOUTS } from '../../src/store/memory/layouts.ts';
import type { Readers, Selection, Where } from '../../src/store/store.ts';
import { firstOf } from '../../src/store/window.ts';
import { currency } from '../store/rows.ts';
import { GENERATED_FROM, type Generated, generate } from './generate.ts';

const SIZES = [1_000, 100_000, 1_000_000];
const MESSAGES = 100_000;
const LARGE = 1_000_000;
const GIB = 2 ** 30;
const FREE_BYTES = 14 * GIB;
const HEAP_BYTES = 11.5 * GIB;
const RUNS = 51;
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
function timesOf(run: () => unknown): readonly [first: number, later: number] {
  const took = Array.from({ length: RUNS }, () => {
    const began = performance.now();
    run();
    return (performance.now() - began) * 1_000;
  });
  const [first = 0, ...later] = took;
  return [first, later.toSorted((a, b) => a - b)[Math.floor(later.length / 2)] ?? 0];
}

const fits = (size: number): boolean =>
  size < LARGE || (freemem() >= FREE_BYTES && getHeapStatistics().heap_size_limit >= HEAP_BYTES);

/** Prints the table. `args` are the numbers of positions; all three by default. */
export async function benchGrowth(args: readonly string[] = []): Promise<void> {
  const sizes = args.length > 0 ? args.map(Number) : SIZES;
  const rows = new Map<string, string[]>();
  const first = new Map<string, number>();
  for (const size of sizes) {
    if (!fits(size)) {
      process.stdout.write(`${size} positions skipped: needs 14 GiB free and node --max-old-space-size=12288\n`);
      continue;
    }
    const store = createMemoryStore();
    const world = await generate(store, size, Math.min(MESSAGES, size));
    const readers = store.read({ institutionId: world.institution.id });
    for (const { name, run } of reads) {
      const [made, later] = timesOf(() => run(readers, world));
      const ratio = later / (first.get(name) ?? later);
      if (!first.has(name)) first.set(name, later);
      const shown = `${made.toFixed(0).padStart(9)}${later.toFixed(1).padStart(9)}${ratio.toFixed(1).padStart(7)}`;
      rows.set(name, [...(rows.get(name) ?? []), shown]);
    }
  }
  process.stdout.write(
    `\nIn memory, one institution: first time in us, afterwards in us, ratio to the smallest size\n`,
  );
  for (const [name, figures] of rows) process.stdout.write(`${name.padEnd(52)}${figures.join('')}\n`);
}

if (process.argv[1]?.endsWith('growth.ts')) await benchGrowth(process.argv.slice(2));
