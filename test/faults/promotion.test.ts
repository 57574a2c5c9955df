import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StreamPosition } from '../../src/domain/change.ts';
import { UnavailableError } from '../../src/store/errors.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { ChangeFeed } from '../../src/store/store.ts';
import { verify } from '../../src/verify/verify.ts';
import { COUNTS } from '../counts.ts';
import { asAdmin } from '../support/admin.ts';
import { endOf, readCommitted } from '../support/changes.ts';
import { makeDeal } from '../support/deal.ts';
import { POSTGRES_BIN } from '../support/debianPostgres.ts';
import { startProxy } from '../support/proxy.ts';
import { serve } from '../support/server.ts';
import { answered, DRIVERS_WORDS, hasNoFaults, nothingGoesUnheard } from './fixtures.ts';
import { startPrimary, startSynchronousStandby, waitForStandby } from './standbys.ts';
import { ConcurrentWriters, CRASH_TEST_TIMEOUT_MS, report } from './writers.ts';

nothingGoesUnheard();

const BIN = POSTGRES_BIN ?? '';
const WRITERS = 16;
const CHANGES_BETWEEN_PROMOTIONS = 80;
const CANCEL_EVERY_MS = 20;

if (POSTGRES_BIN === undefined) process.stdout.write('Skipped without pg_basebackup (Debian: postgresql-15).\n');

describe.skipIf(POSTGRES_BIN === undefined)('PostgreSQL with a synchronous standby', () => {
  it(
    'no acknowledged change is lost or doubled if the standby takes over under concurrent writers',
    async () => {
      let primary = await startPrimary(BIN);
      await migrate(primary.url);
      let standby = await startSynchronousStandby(BIN, primary);
      const { proxy, store, server } = await openThroughProxy(primary.url);
      const writers = await ConcurrentWriters.start(server, WRITERS);
      for (let promotion = 0; promotion < COUNTS.promotions; promotion += 1) {
        await writers.waitForMore(CHANGES_BETWEEN_PROMOTIONS);
        await primary.halt(promotion % 2 === 0 ? 'SIGQUIT' : 'SIGINT');
        await asAdmin(standby.url, (admin) => admin.query('select pg_promote()'));
        proxy.target = standby.url;
        await primary.stop();
        primary = standby;
        standby = await startSynchronousStandby(BIN, primary);
      }
      await writers.waitForMore(CHANGES_BETWEEN_PROMOTIONS);
      await writers.stop();
      hasNoFaults(server);
      const counts = await asAdmin(primary.url, (admin) => writers.compare(admin));
      const { difference } = await verify(store);
      report(`${COUNTS.promotions} promotions of a synchronous standby`, writers, counts);
      expect({ ...counts, difference }).toEqual({ lost: 0, doubled: 0, torn: 0, refused: 0, difference: null });
    },
    CRASH_TEST_TIMEOUT_MS,
  );

  it(
    'a change and its replay are acknowledged only after the standby has confirmed them',
    async () => {
      const primary = await startPrimary(BIN);
      await migrate(primary.url);
      const standby = await startSynchronousStandby(BIN, primary);
      const { store, server } = await openThroughProxy(primary.url);
      const { assetId } = await makeDeal(server);
      const amount = { amount: '100.00', currencyCode: 'USD' };
      const input = { assetId, holderReference: 'holder', amount, idempotencyKey: 'first' };
      const create = () => answered(server, CREATE, { input });
      const countPositions = async () =>
        (await server.ask<{ positions: { totalCount: number } }>(COUNT)).data?.positions.totalCount;

      const before = await endOf(store.changes);
      await standby.halt('SIGINT');
      const cancelling = cancelWaitsForStandby(primary.url);
      const first = await create();
      // The change is committed and visible on the primary, but it would be lost if the standby took over.
      expect([first.typeOrCode, await countPositions()]).toEqual(['SERVICE_UNAVAILABLE', 1]);
      expect(first.text).not.toMatch(DRIVERS_WORDS);
      const replay = await create();
      expect(replay.typeOrCode).toBe('SERVICE_UNAVAILABLE');
      // The change feed returns no change that would be lost, whether its sequence was just assigned or before.
      for (const readPage of [readCommitted, readNumbered]) {
        await expect(readPage(store.changes, before, 10)).rejects.toThrow(UnavailableError);
      }
      await cancelling.stop();

      await standby.restart();
      await waitForStandby(primary);
      expect((await create()).result).toMatchObject({ replayed: true });
      expect((await store.changes.read(before, 10)).changes).toHaveLength(1);
      await primary.halt('SIGQUIT');
      const { rows } = await asAdmin(standby.url, (admin) => admin.query('select count(*)::int as n from positions'));
      expect(rows).toEqual([{ n: 1 }]);
      await primary.restart();
      expect((await verify(store)).difference).toBeNull();
    },
    CRASH_TEST_TIMEOUT_MS,
  );
});

const CREATE = `mutation ($input: CreatePositionInput!) {
  createPosition(input: $input) { __typename ... on CreatePositionPayload { replayed } }
}`;
/** Reads the changes that have a sequence. */
const readNumbered = (feed: ChangeFeed, after: StreamPosition, limit: number) => feed.read(after, limit);
const COUNT = '{ positions { totalCount } }';

async function openThroughProxy(url: string) {
  const proxy = await startProxy(url);
  onTestFinished(() => proxy.away());
  const store = createPostgresStore({ databaseUrl: proxy.url, connections: WRITERS, onError: () => undefined });
  onTestFinished(() => store.close());
  return { proxy, store, server: serve(store) };
}

/** Cancels every commit that waits for the standby, as an operator or a statement_timeout does. */
function cancelWaitsForStandby(url: string): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = asAdmin(url, async (admin) => {
    while (!stopping.signal.aborted) {
      await admin.query(`select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`);
      await delay(CANCEL_EVERY_MS);
    }
  });
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
