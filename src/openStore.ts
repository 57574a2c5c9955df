import type { Config, StoreConfig } from './config.ts';
import { startEmbeddedDatabase } from './embedded/database.ts';
import { createMemoryStore } from './store/memory/index.ts';
import type { OnMemoryWarning } from './store/memory/meter.ts';
import { checkConnection, checkUnpooled } from './store/postgres/checkDatabase.ts';
import { createPostgresStore } from './store/postgres/index.ts';
import { migrate } from './store/postgres/migrate.ts';
import type { Store } from './store/store.ts';

export type { OnMemoryWarning };

type EmbeddedConfig = Extract<StoreConfig, { readonly backend: 'embedded' }>;

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
export async function openStore({ store }: Pick<Config, 'store'>, listener: StoreListener): Promise<Store> {
  const { onMemoryWarning, ...onOutage } = listener;
  if (store.backend === 'memory') {
    const { lockTimeoutMs, maxMb } = store;
    return createMemoryStore({ lockTimeoutMs, maxBytes: maxMb * 2 ** 20, onWarning: onMemoryWarning });
  }
  if (store.backend === 'embedded') return openEmbedded(store, listener);
  const { backend: _backend, ...database } = store;
  // The migrations hold a session-level lock, which a pooler in transaction mode does not preserve.
  await migrate(database.directUrl);
  if (database.databaseUrl !== database.directUrl) await checkConnection(database.databaseUrl);
  if (database.pooler === 'none') await checkUnpooled(database.databaseUrl);
  return createPostgresStore({ ...database, ...onOutage });
}

/** Opens a store on a PostgreSQL that runs until the store is closed. */
async function openEmbedded(options: EmbeddedConfig, listener: StoreListener): Promise<Store> {
  const { connections } = options;
  const database = await startEmbeddedDatabase(options.dataDir, connections);
  const { url } = database;
  const addresses = { databaseUrl: url, directUrl: url, pooler: 'none' } as const;
  try {
    const store = await openStore({ store: { backend: 'postgres', ...addresses, connections } }, listener);
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
