import type { Config, DatabaseConfig, EmbeddedConfig } from './config.ts';
import { startEmbeddedDatabase } from './embedded/database.ts';
import { createMemoryStore } from './store/memory/index.ts';
import type { OnMemoryWarning } from './store/memory/meter.ts';
import { checkConnection, checkUnpooled } from './store/postgres/checkDatabase.ts';
import { createPostgresStore } from './store/postgres/index.ts';
import { migrate } from './store/postgres/migrate.ts';
import { checkMigrated } from './store/postgres/migrationStatus.ts';
import type { TraceStatement } from './store/postgres/sql.ts';
import { waitForDatabase } from './store/postgres/waitForDatabase.ts';
import type { OnTransition, Store } from './store/store.ts';

export type { OnMemoryWarning };

/**
 * Called when the state of the store changes: `onError` once when it becomes unavailable, `onRecovery` once when that
 * ends.
 */
export interface StoreListener {
  readonly onError: (error: Error) => void;
  readonly onRecovery?: () => void;
  readonly onMemoryWarning?: OnMemoryWarning;
  readonly onTransition?: OnTransition | undefined;
  readonly traceStatement?: TraceStatement | undefined;
  /** Called with each reason for which the start waits for the database. */
  readonly onWait?: (reason: string) => void;
}

/**
 * Opens the configured store. Waits for its database, and migrates or checks it as configured. Throws
 * UnusableDatabaseError.
 */
export const openStore = (config: Config, listener: StoreListener): Promise<Store> =>
  open(config, listener, {
    prepare: ({ directUrl, migrations }) => migrate(directUrl, migrations),
    waitMs: ({ startupMs }) => startupMs,
  });

/**
 * Opens the configured store, and never changes the schema of its database. Throws UnusableDatabaseError, also for a
 * schema of another version.
 */
export const openMigratedStore = (config: Config, listener: StoreListener): Promise<Store> =>
  open(config, listener, { prepare: ({ directUrl }) => checkMigrated(directUrl), waitMs: () => 0 });

/** The steps that make the database usable. */
interface Opening {
  readonly prepare: (database: DatabaseConfig) => Promise<void>;
  /** Returns the maximum time to wait for the database, in ms. */
  readonly waitMs: (database: DatabaseConfig) => number;
}

async function open({ store }: Pick<Config, 'store'>, all: StoreListener, opening: Opening): Promise<Store> {
  const { onMemoryWarning, onWait, ...listener } = all;
  const { prepare, waitMs } = opening;
  if (store.backend === 'memory') {
    const { lockTimeoutMs, maxMb } = store;
    const { onTransition } = listener;
    return createMemoryStore({ lockTimeoutMs, maxBytes: maxMb * 2 ** 20, onWarning: onMemoryWarning, onTransition });
  }
  if (store.backend === 'embedded') return openEmbedded(store, all, opening);
  const { databaseUrl, directUrl, connections, pooler, maxClockSkewMs } = store;
  const check = async (): Promise<void> => {
    // The migrations hold a session-level lock, which a pooler in transaction mode does not preserve.
    await prepare(store);
    if (databaseUrl !== directUrl) await checkConnection(databaseUrl);
    if (pooler === 'none') await checkUnpooled(databaseUrl);
  };
  await waitForDatabase(check, waitMs(store), onWait);
  const database = { databaseUrl, directUrl, connections, pooler, maxClockSkewMs };
  const opened = createPostgresStore({ ...database, ...listener });
  // States the time of the database before anything is decided by it.
  await opened.findFault();
  return opened;
}

/** Opens a store on a PostgreSQL that runs until the store is closed. */
async function openEmbedded(
  { dataDir, ...options }: EmbeddedConfig,
  listener: StoreListener,
  opening: Opening,
): Promise<Store> {
  const database = await startEmbeddedDatabase(dataDir, options.connections);
  const { url } = database;
  const addresses = { backend: 'postgres', databaseUrl: url, directUrl: url, pooler: 'none' } as const;
  try {
    const store = await open({ store: { ...options, ...addresses } }, listener, opening);
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
