import type { Config } from './config.ts';
import { createMemoryStore } from './store/memory/index.ts';
import type { OnMemoryWarning } from './store/memory/meter.ts';
import { checkConnection, checkUnpooled } from './store/postgres/checkDatabase.ts';
import { createPostgresStore } from './store/postgres/index.ts';
import { migrate } from './store/postgres/migrate.ts';
import { checkMigrated } from './store/postgres/migrationStatus.ts';
import type { Store } from './store/store.ts';

export type { OnMemoryWarning };

/**
 * Called when the state of the store changes: `onError` once when it becomes unavailable, `onRecovery` once when that
 * ends.
 */
export interface StoreListener {
  readonly onError: (error: Error) => void;
  readonly onRecovery?: () => void;
  readonly onMemoryWarning?: OnMemoryWarning;
}

/** Opens the configured store and migrates its database. Throws UnusableDatabaseError. */
export const openStore = (config: Config, listener: StoreListener): Promise<Store> => open(config, listener, migrate);

/**
 * Opens the configured store, and never changes the schema of its database. Throws UnusableDatabaseError, also for a
 * schema of another version.
 */
export const openMigratedStore = (config: Config, listener: StoreListener): Promise<Store> =>
  open(config, listener, checkMigrated);

async function open(
  { store }: Config,
  { onMemoryWarning, ...onOutage }: StoreListener,
  prepare: (databaseUrl: string) => Promise<void>,
): Promise<Store> {
  if (store.backend === 'memory') {
    const { lockTimeoutMs, maxMb } = store;
    return createMemoryStore({ lockTimeoutMs, maxBytes: maxMb * 2 ** 20, onWarning: onMemoryWarning });
  }
  const { backend: _backend, ...database } = store;
  // The migrations hold a session-level lock, which a pooler in transaction mode does not preserve.
  await prepare(database.directUrl);
  if (database.databaseUrl !== database.directUrl) await checkConnection(database.databaseUrl);
  if (database.pooler === 'none') await checkUnpooled(database.databaseUrl);
  return createPostgresStore({ ...database, ...onOutage });
}
