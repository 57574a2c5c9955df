import { describe } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { OnStatement } from '../../src/store/postgres/session.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { createDatabase } from './database.ts';
import { atFileEnd } from './fileEnd.ts';

/** A store to test with; it is closed, and its database gone, when the file ends. */
export type OpenStore = () => Promise<Store>;

export const openMemory: OpenStore = async () => createMemoryStore();

export async function openPostgres(onStatement?: OnStatement): Promise<Store> {
  return (await openPostgresAt(onStatement)).store;
}

/** The same, with the URL of its database, for tests that look at it from outside. */
export async function openPostgresAt(
  onStatement?: OnStatement,
): Promise<{ readonly store: Store; readonly url: string }> {
  const database = await createDatabase();
  const store = createPostgresStore({
    databaseUrl: database.url,
    onError: () => undefined,
    ...(onStatement && { onStatement }),
  });
  atFileEnd(async () => {
    await store.close();
    await database.drop();
  });
  return { store, url: database.url };
}

/** Two stores over one database, as two servers have them. */
export async function openPostgresTwice(): Promise<readonly [Store, Store]> {
  const { store, url } = await openPostgresAt();
  const second = createPostgresStore({ databaseUrl: url, onError: () => undefined });
  atFileEnd(() => second.close());
  return [store, second];
}

/** The same tests for both stores. */
export function onBothStores(tests: (open: OpenStore) => void): void {
  describe('in memory', () => {
    tests(openMemory);
  });
  describe('on PostgreSQL', () => {
    tests(() => openPostgres());
  });
}
