import { createPostgresStore, type PostgresOptions } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { createDatabase } from './database.ts';
import { atFileEnd } from './fileEnd.ts';
import { type Proxy, startProxy } from './proxy.ts';

/** A store that reaches its database through a proxy. */
export interface ProxiedStore {
  readonly store: Store;
  readonly proxy: Proxy;
  /** The URL of the database itself, without the proxy. */
  readonly databaseUrl: string;
}

/** Opens a store on a new database, until the test file ends. */
export async function openProxiedStore(options: Pick<PostgresOptions, 'onStatement'> = {}): Promise<ProxiedStore> {
  const database = await createDatabase();
  const proxy = await startProxy(database.url);
  const store = createPostgresStore({ databaseUrl: proxy.url, onError: () => undefined, ...options });
  atFileEnd(async () => {
    await store.close();
    await proxy.away();
    await database.drop();
  });
  return { store, proxy, databaseUrl: database.url };
}
