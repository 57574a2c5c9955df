import type { Config } from './config.ts';
import { createMemoryStore } from './store/memory/index.ts';
import type { OnMemoryWarning } from './store/memory/meter.ts';
import { checkConnection, checkUnpooled } from './store/postgres/checkDatabase.ts';
import { createPostgresStore } from './store/postgres/index.ts';
import { migrate } from './store/postgres/migrate.ts';
import type { TraceStatement } from './store/postgres/sql.ts';
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
}

/** Opens the configured store and migrates its database. Throws UnusableDatabaseError. */
export async function openStore({ store }: Config, listener: StoreListener): Promise<Store> {
  const { onMemoryWarning, ...ofDatabase } = listener;
  if (store.backend === 'memory') {
    const { lockTimeoutMs, maxMb } = store;
    const { onTransition } = listener;
    return createMemoryStore({ lockTimeoutMs, maxBytes: maxMb * 2 ** 20, onWarning: onMemoryWarning, onTransition });
  }
  const { backend: _backend, ...database } = store;
  // The migrations hold a session-level lock, which a pooler in transaction mode does not preserve.
  await migrate(database.directUrl);
  if (database.databaseUrl !== database.directUrl) await checkConnection(database.databaseUrl);
  if (database.pooler === 'none') await checkUnpooled(database.databaseUrl);
  return createPostgresStore({ ...database, ...ofDatabase });
}
