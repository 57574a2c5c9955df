import type { Config } from './config.ts';
import { createMemoryStore } from './store/memory/index.ts';
import type { OnMemoryWarning } from './store/memory/meter.ts';
import { checkConnection, checkUnpooled } from './store/postgres/checkDatabase.ts';
import { createPostgresStore } from './store/postgres/index.ts';
import { migrate } from './store/postgres/migrate.ts';
import { waitForDatabase } from './store/postgres/waitForDatabase.ts';
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
  /** Called with each reason for which the start waits for the database. */
  readonly onWait?: (reason: string) => void;
}

/**
 * Opens the configured store. Waits for its database, and migrates or checks it as configured. Throws
 * UnusableDatabaseError.
 */
export async function openStore(
  { store }: Config,
  { onMemoryWarning, onWait = () => {}, ...listener }: StoreListener,
): Promise<Store> {
  if (store.backend === 'memory') {
    const { lockTimeoutMs, maxMb } = store;
    return createMemoryStore({ lockTimeoutMs, maxBytes: maxMb * 2 ** 20, onWarning: onMemoryWarning });
  }
  const { backend: _backend, startupMs, migrations, ...database } = store;
  const prepare = async (): Promise<void> => {
    // The migrations hold a session-level lock, which a pooler in transaction mode does not preserve.
    await migrate(database.directUrl, migrations);
    if (database.databaseUrl !== database.directUrl) await checkConnection(database.databaseUrl);
    if (database.pooler === 'none') await checkUnpooled(database.databaseUrl);
  };
  await waitForDatabase(prepare, startupMs, onWait);
  const opened = createPostgresStore({ ...database, ...listener });
  // States the time of the database before anything is decided by it.
  await opened.findFault();
  return opened;
}
