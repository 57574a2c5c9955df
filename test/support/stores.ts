import { afterAll, describe } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { OnStatement } from '../../src/store/postgres/session.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { createDatabase } from './database.ts';

/** A store to test with; it is closed, and its database gone, when the file ends. */
export type OpenStore = () => Promise<Store>;

export const openMemory: OpenStore = async () => createMemoryStore();

export async function openPostgres(onStatement?: OnStatement): Promise<Store> {
  const database = await createDatabase();
  const store = createPostgresStore({
    databaseUrl: database.url,
    onError: () => undefined,
    ...(onStatement && { onStatement }),
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });
  return store;
}

/** The same tests for both stores. */
export function onBothStores(tests: (open: OpenStore) => void): void {
  describe('in memory', () => tests(openMemory));
  describe('on PostgreSQL', () => tests(() => openPostgres()));
}
