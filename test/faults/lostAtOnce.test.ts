import { expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { createDatabase } from '../support/database.ts';
import { messageOf, startProxy } from '../support/proxy.ts';

const READY = messageOf('Z', 'I');
/** What a backend sends that is terminated, in another language than English. */
const TERMINATED = messageOf('E', 'SFATAL\0C57P01\0Mmessage\0\0');

it('a connection that fails as soon as it is open is replaced', async () => {
  const database = await createDatabase();
  const proxy = await startProxy(database.url);
  const store = createPostgresStore({ databaseUrl: proxy.url, onError: () => undefined });
  onTestFinished(async () => {
    await store.close();
    await proxy.away();
    await database.drop();
  });
  let failures = 0;
  const failed = new Set<unknown>();
  proxy.tap = {
    fromServer: ({ type }, link) => {
      if (type !== 'Z' || failures === 2 || failed.has(link)) return;
      failed.add(link);
      failures += 1;
      // The same chunk: pg reads the error before it can tell anyone that the connection is open.
      return Buffer.concat([READY, TERMINATED]);
    },
  };
  await expect(store.read('ALL').institutions.counts([{ where: {} }])).resolves.toEqual([0]);
  expect(failures).toBe(2);
});
