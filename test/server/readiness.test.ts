import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { Store } from '../../src/store/store.ts';
import { asAdmin } from '../support/admin.ts';
import { atAddress } from '../support/limited.ts';
import { openProxiedStore } from '../support/proxiedStore.ts';
import { serve } from '../support/server.ts';

/** Longer than an answer is remembered. */
const forgottenMs = 600;

/** Returns the status and the body of a path, without an API key. */
async function statusOf(store: Store, method = 'GET') {
  const address = await atAddress(serve(store).app);
  return async (path: string): Promise<readonly [number, string]> => {
    const response = await fetch(new URL(path, address), { method });
    return [response.status, await response.text()];
  };
}

const OK = [200, '{"status":"ok"}'];
const unready = (reason: string) => [503, `{"status":"unavailable","reason":"${reason}"}`];

it('a server in memory is alive and ready', async () => {
  const get = await statusOf(createMemoryStore());
  expect([await get('/health'), await get('/ready'), await get('/ready?x=1')]).toEqual([OK, OK, OK]);
  expect((await get('/ready/'))[0]).toBe(404);
});

it('monitors may send HEAD, and other methods are not found', async () => {
  expect(await (await statusOf(createMemoryStore(), 'HEAD'))('/ready')).toEqual([200, '']);
  expect((await (await statusOf(createMemoryStore(), 'POST'))('/ready'))[0]).toBe(404);
});

it('many requests ask the store few times', async () => {
  let asked = 0;
  const store = createMemoryStore();
  const get = await statusOf({ ...store, findFault: async () => void (asked += 1) });
  const answers = await Promise.all(Array.from({ length: 50 }, () => get('/ready')));
  expect(new Set(answers.map(String)).size).toBe(1);
  // The answer is kept for a moment, in which a slow machine does not serve all of them.
  expect(asked).toBeLessThan(answers.length / 5);
});

it('a check that fails is an internal error, without its text', async () => {
  const store = createMemoryStore();
  const get = await statusOf({ ...store, findFault: () => Promise.reject(new Error('secret')) });
  expect(await get('/ready')).toEqual(unready('internal_error'));
});

it('a server whose database cannot serve it is alive, and not ready until the reason has gone', async () => {
  const { store, proxy, databaseUrl } = await openProxiedStore();
  const get = await statusOf(store);
  const ready = async () => {
    await delay(forgottenMs);
    expect(await get('/health')).toEqual(OK);
    return get('/ready');
  };
  const run = (...statements: readonly string[]) =>
    asAdmin(databaseUrl, async (admin) => {
      for (const statement of statements) await admin.query(statement);
    });
  const name = new URL(databaseUrl).pathname.slice(1);
  const setReadOnly = (value: 'on' | 'off') =>
    run(
      'set default_transaction_read_only = off',
      `alter database ${name} set default_transaction_read_only = ${value}`,
    );
  expect(await ready()).toEqual(OK);

  await proxy.away();
  expect(await ready()).toEqual(unready('database_unreachable'));
  await setReadOnly('on');
  await proxy.back();
  expect(await ready()).toEqual(unready('database_read_only'));
  await setReadOnly('off');
  await proxy.away();
  await proxy.back();

  await run("insert into schema_migrations (name, run_on) values ('9999_later', now())");
  expect(await ready()).toEqual(unready('schema_newer'));
  await run("delete from schema_migrations where name >= '0012' or name = '9999_later'");
  expect(await ready()).toEqual(unready('schema_outdated'));
  await run('drop table schema_migrations');
  expect(await ready()).toEqual(unready('schema_outdated'));
});
