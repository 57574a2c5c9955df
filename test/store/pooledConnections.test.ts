import { describe, expect, it, onTestFinished } from 'vitest';
import { checkUnpooled } from '../../src/store/postgres/checkDatabase.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { createDatabase } from '../support/database.ts';
import { PGBOUNCER, startPooler } from '../support/pgbouncer.ts';
import { anInstitution, keep } from './rows.ts';

const SENTENCE =
  'DATABASE_URL leads to a pooler in transaction mode. Set DATABASE_POOLER=transaction, or connect without the pooler.';

async function database(): Promise<string> {
  const created = await createDatabase();
  onTestFinished(() => created.drop());
  return created.url;
}

async function pooled(url: string, ...rest: [size: number, mode?: 'transaction' | 'session']): Promise<string> {
  const pooler = await startPooler(PGBOUNCER ?? '', url, ...rest);
  onTestFinished(() => pooler.stop());
  return pooler.url;
}

function storeAt(databaseUrl: string, directUrl: string, pooler: 'none' | 'transaction'): Store {
  const store = createPostgresStore({ databaseUrl, directUrl, pooler, connections: 2, onError: () => undefined });
  onTestFinished(() => store.close());
  return store;
}

it('a direct connection passes the check for poolers', async () => {
  await expect(checkUnpooled(await database())).resolves.toBeUndefined();
});

describe.skipIf(PGBOUNCER === undefined)('behind PgBouncer (skipped if it is not installed)', () => {
  it.each([1, 3])('the start names DATABASE_POOLER for a pool of %i in transaction mode', async (size) => {
    await expect(checkUnpooled(await pooled(await database(), size))).rejects.toThrow(SENTENCE);
  });

  it.each([1, 3])(
    'a pool of %i in session mode passes the check',
    async (size) => {
      await expect(checkUnpooled(await pooled(await database(), size, 'session'))).resolves.toBeUndefined();
    },
    20_000,
  );

  it('the first statements name DATABASE_POOLER if a pooler in transaction mode appears later', async () => {
    const url = await database();
    const store = storeAt(await pooled(url, 1), url, 'none');
    const reading = () => Promise.resolve(store.read('ALL').institutions.byIds(['inst_00000000000000000000000000']));
    const results = await Promise.allSettled([reading(), reading()]);
    const messages = results.map((result) => (result.status === 'rejected' ? String(result.reason) : 'read'));
    expect(messages).toContain(`Error: ${SENTENCE}`);
  });

  it.each(['none', 'transaction'] as const)('a store with DATABASE_POOLER=%s reads and writes', async (pooler) => {
    const url = await database();
    const store = storeAt(await pooled(url, 2, pooler === 'none' ? 'session' : 'transaction'), url, pooler);
    const rows = Array.from({ length: 12 }, () => anInstitution());
    await Promise.all(rows.map((row) => keep(store, { institutions: [row] })));
    for (let round = 0; round < 4; round += 1) {
      const found = await Promise.all(rows.map(async ({ id }) => store.read('ALL').institutions.byIds([id])));
      expect(found).toEqual(rows.map((row) => [row]));
    }
  });
});

if (PGBOUNCER === undefined) process.stdout.write('PgBouncer is not installed: DATABASE_POOLER is not tested\n');
