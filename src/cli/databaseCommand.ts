import type { CommandContext } from '../commands/context.ts';
import { rootContext } from '../commands/rootContext.ts';
import { type Config, type DatabaseConfig, environment, readConfig } from '../config.ts';
import { createIds, newRandomToken } from '../ids.ts';
import { openMigratedStore } from '../openStore.ts';
import type { Settings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import { CommandError } from './commandError.ts';

const NO_DATABASE =
  'This command needs a database: set STORE_BACKEND=postgres and DATABASE_URL. The data of a memory store exists only in ' +
  'the server that runs; EXPORT_DIR makes that server export it.';

/** Returns the configuration of the process. Throws ConfigurationError. */
export const readProcessConfig = (): Config => readConfig(environment());

/**
 * Returns the database of the configuration. Throws CommandError if the store is in memory: only the server that runs
 * has the data of a memory store.
 */
export function databaseOf({ store }: Config): DatabaseConfig {
  if (store.backend === 'postgres') return store;
  throw new CommandError(NO_DATABASE);
}

/** Opens the configured store without changing its schema, runs the work and closes the store. */
export async function withStore<T>(config: Config, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openMigratedStore(config, { onError: (error) => process.stderr.write(`${error.message}\n`) });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Runs the work with the configured database. */
export async function withDatabase<T>(work: (store: Store, config: Config) => Promise<T>): Promise<T> {
  const config = readProcessConfig();
  if (config.store.backend === 'memory') throw new CommandError(NO_DATABASE);
  return withStore(config, (store) => work(store, config));
}

/** Returns the context of domain commands that the operator runs, as with the root key. */
export function operatorContext(store: Store, { chatLimits, apiKeysPerInstitution }: Settings): CommandContext {
  const clock = store.clock?.now ?? Date.now;
  const newId = createIds(clock);
  return rootContext({ store, clock, newId, newToken: newRandomToken, chatLimits, apiKeysPerInstitution });
}
