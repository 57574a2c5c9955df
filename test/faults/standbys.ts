import { onTestFinished, vi } from 'vitest';
import { asAdmin } from '../support/admin.ts';
import { type PostgresServer, startPostgres } from '../support/postgresServer.ts';

const STARTS_WITHIN_MS = 60_000;
const NAME = 'standby';
/** Transactions must set synchronous_commit themselves. A standby reports its cluster_name to its primary. */
const SETTINGS = ['synchronous_commit=off', `cluster_name=${NAME}`];

/** Starts a server that a standby can follow. It is stopped when the test ends. */
export async function startPrimary(bin?: string): Promise<PostgresServer> {
  return stoppedAtEnd(await startPostgres({ settings: SETTINGS, ...(bin !== undefined && { bin }) }));
}

/** Starts a standby of the server, which acknowledges commits without it. */
export async function startStandby(bin: string, primary: PostgresServer): Promise<PostgresServer> {
  return stoppedAtEnd(await startPostgres({ bin, settings: SETTINGS, primary }));
}

/** Waits until the standby has everything that the server has committed. */
export async function waitForReplay(primary: PostgresServer, standby: PostgresServer): Promise<void> {
  const value = async (url: string, text: string, values: readonly string[] = []): Promise<unknown> =>
    asAdmin(url, async (admin) => (await admin.query<{ value: unknown }>(text, [...values])).rows[0]?.value);
  const end = String(await value(primary.url, 'select pg_current_wal_flush_lsn()::text as value'));
  const replayed = 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as value';
  await vi.waitUntil(async () => (await value(standby.url, replayed, [end])) === true, {
    timeout: STARTS_WITHIN_MS,
    interval: 20,
  });
}

/** Starts a standby of the server, which from then on acknowledges no commit without it. */
export async function startSynchronousStandby(bin: string, primary: PostgresServer): Promise<PostgresServer> {
  const standby = await startStandby(bin, primary);
  await asAdmin(primary.url, async (admin) => {
    await admin.query(`alter system set synchronous_standby_names = '${NAME}'`);
    await admin.query('select pg_reload_conf()');
  });
  await waitForStandby(primary);
  return standby;
}

/** Waits until the standby of the server confirms its commits. */
export async function waitForStandby(primary: PostgresServer): Promise<void> {
  await asAdmin(primary.url, (admin) =>
    vi.waitUntil(
      async () => {
        const { rowCount } = await admin.query(`select from pg_stat_replication where sync_state = 'sync'`);
        return rowCount === 1;
      },
      { timeout: STARTS_WITHIN_MS, interval: 20 },
    ),
  );
}

function stoppedAtEnd(server: PostgresServer): PostgresServer {
  onTestFinished(() => server.stop());
  return server;
}
