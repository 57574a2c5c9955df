import type { Config } from './config.ts';
import type { Opening } from './openDatabase.ts';
import { createMemoryStore } from './store/memory/index.ts';
import type { OnMemoryWarning } from './store/memory/meter.ts';
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
  /** Called when the replica becomes usable, and with the reason when it becomes unusable. */
  readonly onReplica?: ((reason: Error | undefined) => void) | undefined;
  /** Called with each reason for which the start waits for the database. */
  readonly onWait?: (reason: string) => void;
}

/**
 * Opens the configured store. Waits for its database, and migrates or checks it as configured. Throws
 * UnusableDatabaseError.
 */
export const openStore = (config: Config, listener: StoreListener): Promise<Store> =>
  open(config, listener, 'AS_CONFIGURED');

/**
 * Opens the configured store, and never changes the schema of its database. Throws UnusableDatabaseError, also for a
 * schema of another version.
 */
export const openMigratedStore = (config: Config, listener: StoreListener): Promise<Store> =>
  open(config, listener, 'UNCHANGED');

async function open({ store }: Config, listener: StoreListener, opening: Opening): Promise<Store> {
  if (store.backend === 'memory') {
    const { lockTimeoutMs, maxMb } = store;
    const { onTransition, onMemoryWarning: onWarning } = listener;
    return createMemoryStore({ lockTimeoutMs, maxBytes: maxMb * 2 ** 20, onWarning, onTransition });
  }
  // Loaded here, because a server with the memory store starts sooner without it.
  const { openDatabase, openEmbedded } = await import('./openDatabase.ts');
  return store.backend === 'embedded' ? openEmbedded(store, listener, opening) : openDatabase(store, listener, opening);
}
