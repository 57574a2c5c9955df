import { describe } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { OnStatement } from '../../src/store/postgres/session.ts';
import type { Store } from '../../src/store/store.ts';
import { createDatabase } from './database.ts';
import { atFileEnd } from './fileEnd.ts';
import { addressesOf, reportReplica } from './routed.ts';

/** Opens a store for tests. It is closed and its database is dropped when the file ends. */
export type OpenStore = () => Promise<Store>;

export const openMemory: OpenStore = async () => createMemoryStore();

export async function openPostgres(onStatement?: OnStatement): Promise<Store> {
  return (await openPostgresAt(onStatement)).store;
}

/** Opens a store and returns the URL of its database, for tests that read it directly. */
export async function openPostgresAt(
  onStatement?: OnStatement,
): Promise<{ readonly store: Store; readonly url: string }> {
  const database = await createDatabase();
  const store = createPostgresStore({
    ...addressesOf(database.url),
    onError: () => undefined,
    ...(onStatement && { onStatement }),
  });
  atFileEnd(async () => {
    reportReplica(store);
    await store.close();
    await database.drop();
  });
  return { store, url: database.url };
}

/** Opens two stores on one database, like two servers. */
export async function openPostgresTwice(): Promise<readonly [Store, Store]> {
  const { store, url } = await openPostgresAt();
  const second = createPostgresStore({ databaseUrl: url, onError: () => undefined });
  atFileEnd(() => second.close());
  return [store, second];
}

/** Runs the same tests with both stores. */
export function onBothStores(tests: (open: OpenStore) => void): void {
  describe('with the memory store', () => {
    tests(openMemory);
  });
  describe('with PostgreSQL', () => {
    tests(() => openPostgres());
  });
}
