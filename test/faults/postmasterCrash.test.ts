import { expect, it, onTestFinished, vi } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { verify } from '../../src/verify/verify.ts';
import { COUNTS } from '../counts.ts';
import { asAdmin } from '../support/admin.ts';
import { startPostgres } from '../support/postgresServer.ts';
import { serve } from '../support/server.ts';
import { hasNoFaults, nothingGoesUnheard } from './fixtures.ts';
import { ConcurrentWriters, CRASH_TEST_TIMEOUT_MS, report } from './writers.ts';

nothingGoesUnheard();

const WRITERS = 16;
const CHANGES_BETWEEN_CRASHES = 80;
/** Durable, and with commits that wait for each other, so that many are in progress when the server crashes. */
const SETTINGS = [
  'fsync=on',
  'full_page_writes=on',
  'synchronous_commit=on',
  'commit_delay=20000',
  'commit_siblings=1',
];

it(
  'no acknowledged change is lost or doubled when PostgreSQL crashes under concurrent writers',
  async () => {
    const postgres = await startPostgres({ settings: SETTINGS });
    onTestFinished(() => postgres.stop());
    await migrate(postgres.url);
    const store = createPostgresStore({ databaseUrl: postgres.url, connections: WRITERS, onError: () => undefined });
    onTestFinished(() => store.close());
    const server = serve(store);
    const writers = await ConcurrentWriters.start(server, WRITERS);
    const readyAfterMs: number[] = [];
    for (let crash = 0; crash < COUNTS.postmasterCrashes; crash += 1) {
      await writers.waitForMore(CHANGES_BETWEEN_CRASHES);
      await postgres.halt('SIGQUIT');
      await postgres.restart();
      const restarted = performance.now();
      await vi.waitUntil(async () => (await server.app.readiness.reason()) === undefined, { timeout: 60_000 });
      readyAfterMs.push(Math.round(performance.now() - restarted));
    }
    await writers.waitForMore(CHANGES_BETWEEN_CRASHES);
    await writers.stop();
    hasNoFaults(server);

    const counts = await asAdmin(postgres.url, (admin) => writers.compare(admin));
    const { difference } = await verify(store);
    process.stdout.write(`Ready again after ${readyAfterMs.join(', ')} ms\n`);
    report(`${COUNTS.postmasterCrashes} crashes of PostgreSQL`, writers, counts);
    expect({ ...counts, difference }).toEqual({ lost: 0, doubled: 0, torn: 0, refused: 0, difference: null });
  },
  CRASH_TEST_TIMEOUT_MS,
);
