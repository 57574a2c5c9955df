import { expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { COUNTS, HANG_MS } from '../counts.ts';
import { asAdmin } from '../support/admin.ts';
import { type Deal, makeDeal, openPosition } from '../support/deal.ts';
import { changes, clientOf, listening, type Results, sse } from '../support/live.ts';
import { startPostgres } from '../support/postgresServer.ts';
import { serve, type TestServer } from '../support/server.ts';
import { numbers } from './feed.ts';

const IN_FLIGHT = 16;
/** The number of creations, one after the other, whose median time until they are received is printed. */
const SINGLE_CREATIONS = 10;
const POSITIONS = `subscription($of: ID) { positionChanged(institutionId: $of) { kind position { id } } }`;
/**
 * Each creation is one transaction, and an assignment of sequences serves at least one. The rest allows for assignments
 * that find, once they have the lock, that another server has just assigned.
 */
const MAX_WRITES_PER_CREATION = 2.2;

it.each([
  [1, 1],
  [3, 1],
  [3, 3],
])(
  'with a subscriber on each of %i servers and creations on %i, a creation leads to few writing transactions',
  async (count, writing) => {
    // The numbers of transactions that write are those of a whole PostgreSQL server, so it must have no other use.
    const postgres = await startPostgres({ settings: ['autovacuum=off', 'synchronous_commit=on', 'fsync=on'] });
    onTestFinished(() => postgres.stop());
    await migrate(postgres.url);
    const sent = { statements: 0 };
    const servers = numbers(1, count).map(() => openServer(postgres.url, () => (sent.statements += 1)));
    const [first] = servers as [TestServer];
    const deal = await makeDeal(first);
    const streams = await Promise.all(
      servers.map(async (server) => {
        const stream = clientOf(sse, await listening(server, onTestFinished)).ask(POSITIONS, {
          of: deal.institution.id,
        });
        expect(await changes(stream, 1)).toMatchObject([{ kind: 'CAUGHT_UP' }]);
        return stream;
      }),
    );
    const total = COUNTS.creationsOfFeed;
    sent.statements = 0;
    const before = await writes(postgres.url);
    const seen = streams.map((stream) => changes(stream, total));
    const began = performance.now();
    const ids = await createAtOnce(servers.slice(0, writing), deal, total);
    const createdMs = performance.now() - began;
    const received = await Promise.all(seen);
    const receivedMs = performance.now() - began;
    const perCreation = ((await writes(postgres.url)) - before) / total;
    const single = await medianMs(() => openPosition(first, deal), streams);
    process.stdout.write(
      `Servers: ${count}, creations on ${writing}: ${perCreation.toFixed(2)} writing transactions and ` +
        `${(sent.statements / total).toFixed(1)} statements per creation, ${((total / createdMs) * 1_000).toFixed(0)} ` +
        `creations per second, all received ${(receivedMs - createdMs).toFixed(0)} ms after the last; a single one ` +
        `by all subscribers ${single.toFixed(0)} ms later.\n`,
    );
    expect(perCreation).toBeLessThan(MAX_WRITES_PER_CREATION);
    for (const each of received) {
      const own = each.map((change) => (change['position'] as { readonly id: string }).id);
      expect(own.toSorted()).toEqual(ids.toSorted());
      expect(each).toEqual(received[0]);
    }
    expect(servers.flatMap(({ faults }) => faults)).toEqual([]);
  },
  HANG_MS.longTest,
);

function openServer(databaseUrl: string, onStatement: () => void): TestServer {
  const store = createPostgresStore({ databaseUrl, connections: IN_FLIGHT, onError: () => undefined, onStatement });
  onTestFinished(() => store.close());
  // All servers and subscribers share this process, so the subscribers may fall far behind.
  return serve(store, { settings: { maxQueuedChanges: COUNTS.creationsOfFeed } });
}

/** Creates positions on the servers with concurrent requests, and returns their ids. */
async function createAtOnce(servers: readonly TestServer[], deal: Deal, total: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let left = total;
  const create = async (server: TestServer): Promise<void> => {
    while (left > 0) {
      left -= 1;
      ids.push((await openPosition(server, deal)).id);
    }
  };
  const clients = Math.ceil(IN_FLIGHT / servers.length);
  await Promise.all(servers.flatMap((server) => numbers(1, clients).map(() => create(server))));
  return ids;
}

/** Returns the median time from the end of a call until all streams have received its change. */
async function medianMs(call: () => Promise<unknown>, streams: readonly Results[]): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < SINGLE_CREATIONS; index += 1) {
    await call();
    const committed = performance.now();
    await Promise.all(streams.map((stream) => changes(stream, 1)));
    times.push(performance.now() - committed);
  }
  return times.toSorted((a, b) => a - b)[SINGLE_CREATIONS / 2] ?? 0;
}

/** Returns the number of transactions that have written, ever. */
const writes = (url: string): Promise<number> =>
  asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ count: string }>('select pg_snapshot_xmax(pg_current_snapshot()) as count');
    return Number(rows[0]?.count);
  });
