import type { DatabaseConfig, EmbeddedConfig } from './config.ts';
import { startEmbeddedDatabase } from './embedded/database.ts';
import { checkConnection, checkUnpooled } from './store/postgres/checkDatabase.ts';
import { createPostgresStore, type PostgresOptions } from './store/postgres/index.ts';
import { migrate } from './store/postgres/migrate.ts';
import { checkMigrated } from './store/postgres/migrationStatus.ts';
import { waitForDatabase } from './store/postgres/waitForDatabase.ts';
import type { Store } from './store/store.ts';

/**
 * How the database is made usable: `AS_CONFIGURED` waits for it, and migrates or checks it; `UNCHANGED` does not wait,
 * and only checks it.
 */
export type Opening = 'AS_CONFIGURED' | 'UNCHANGED';

/** Called when the state of the database changes, and with each reason for which the start waits for it. */
export interface DatabaseListener
  extends Pick<PostgresOptions, 'onError' | 'onRecovery' | 'onTransition' | 'traceStatement'> {
  readonly onWait?: (reason: string) => void;
  /** Called when the replica becomes usable, and with the reason when it becomes unusable. */
  readonly onReplica?: ((reason: Error | undefined) => void) | undefined;
}

/** Opens a store on PostgreSQL. Throws UnusableDatabaseError. */
export async function openDatabase(
  config: DatabaseConfig,
  { onWait, onReplica, ...listener }: DatabaseListener,
  opening: Opening,
): Promise<Store> {
  const { databaseUrl, directUrl, connections, pooler, maxClockSkewMs, migrations, startupMs, replica } = config;
  const isUnchanged = opening === 'UNCHANGED';
  const check = async (): Promise<void> => {
    // The migrations hold a session-level lock, which a pooler in transaction mode does not preserve.
    await (isUnchanged ? checkMigrated(directUrl) : migrate(directUrl, migrations));
    if (databaseUrl !== directUrl) await checkConnection(databaseUrl);
    if (pooler === 'none') await checkUnpooled(databaseUrl);
  };
  await waitForDatabase(check, isUnchanged ? 0 : startupMs, onWait);
  const database = { databaseUrl, directUrl, connections, pooler, maxClockSkewMs };
  const store = createPostgresStore({
    ...database,
    ...listener,
    // The commands read from the primary.
    ...(replica && !isUnchanged && { replica: { ...replica, onChange: onReplica } }),
  });
  // States the time of the database before anything is decided by it.
  await store.findFault();
  return store;
}

/** Opens a store on a PostgreSQL that runs until the store is closed. Throws UnusableDatabaseError. */
export async function openEmbedded(
  { dataDir, ...options }: EmbeddedConfig,
  listener: DatabaseListener,
  opening: Opening,
): Promise<Store> {
  const database = await startEmbeddedDatabase(dataDir, options.connections);
  const { url } = database;
  const addresses = { backend: 'postgres', databaseUrl: url, directUrl: url, pooler: 'none' } as const;
  try {
    const store = await openDatabase({ ...options, ...addresses }, listener, opening);
    const close = async (): Promise<void> => {
      await store.close();
      await database.stop();
    };
    return { ...store, close };
  } catch (error) {
    await database.stop();
    throw error;
  }
}
