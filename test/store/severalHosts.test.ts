import { describe, expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { Store } from '../../src/store/store.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { type PostgresServer, startPostgres } from '../support/postgresServer.ts';
import { type Proxy, startProxy } from '../support/proxy.ts';
import { anInstitution, keep } from './rows.ts';

/** Opens a store until the test ends. */
function storeAt(databaseUrl: string): Store {
  const store = createPostgresStore({ databaseUrl, onError: () => undefined });
  onTestFinished(() => store.close());
  return store;
}

const write = (store: Store): Promise<void> => keep(store, { institutions: [anInstitution()] });
const countOf = async (store: Store): Promise<number> => {
  const [count] = await store.read('ALL').institutions.counts([{ where: {} }]);
  return count ?? -1;
};

describe('a URL with several hosts', () => {
  /** Two ways to one database, and their URL. */
  async function twoWays(): Promise<{ readonly first: Proxy; readonly second: Proxy; readonly url: string }> {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const [first, second] = [await startProxy(database.url), await startProxy(database.url)];
    onTestFinished(async () => {
      await first.away();
      await second.away();
    });
    const other = new URL(second.url).host;
    return { first, second, url: first.url.replace(new URL(first.url).host, (host) => `${host},${other}`) };
  }

  it('the next host is used if nothing listens at one, at the start and later', async () => {
    const { first, second, url } = await twoWays();
    await first.away();
    await migrate(url);
    const store = storeAt(url);
    await write(store);
    await first.back();
    await second.away();
    expect(await countOf(store)).toBe(1);
    await write(store);
    expect(await countOf(store)).toBe(2);
  });

  it('the next host is used if one does not answer', async () => {
    const { first, url } = await twoWays();
    first.stall();
    const store = storeAt(url);
    expect(await countOf(store)).toBe(0);
  }, 30_000);

  it('the error of the last host is reported if none can be used', async () => {
    const url = 'postgres://clerk:pa55-word@127.0.0.1:1,127.0.0.1:2/books';
    await expect(migrate(url)).rejects.toThrow(/nothing listens at its address \(ECONNREFUSED\)\.$/);
  });
});

describe('target_session_attrs=read-write', () => {
  const setReadOnly = async (server: PostgresServer, isReadOnly: boolean): Promise<void> => {
    await asAdmin(server.url, async (admin) => {
      await admin.query(`alter system set default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`);
      await admin.query('select pg_reload_conf()');
    });
    const state = (): Promise<string | undefined> =>
      asAdmin(server.url, async (admin) => {
        const { rows } = await admin.query<{ state: string }>(
          `select current_setting('default_transaction_read_only') as state`,
        );
        return rows[0]?.state;
      });
    await expect.poll(state).toBe(isReadOnly ? 'on' : 'off');
  };

  it('the host that can be written is used, and the other one after they have changed places', async () => {
    const servers = [await startPostgres(), await startPostgres()] as const;
    onTestFinished(async () => {
      for (const server of servers) await server.stop();
    });
    const [first, second] = servers;
    await migrate(first.url);
    await setReadOnly(first, true);
    const url = `postgres://postgres@/postgres?host=${first.folder},${second.folder}&target_session_attrs=read-write`;
    await migrate(url);
    const store = storeAt(url);
    await write(store);
    expect([await countOf(storeAt(first.url)), await countOf(storeAt(second.url))]).toEqual([0, 1]);
    await setReadOnly(first, false);
    await setReadOnly(second, true);
    await write(store);
    expect([await countOf(storeAt(first.url)), await countOf(storeAt(second.url))]).toEqual([1, 1]);
    // With any host the first one that answers is used, as libpq does.
    await setReadOnly(first, true);
    await expect(migrate(url.replace('read-write', 'any'))).rejects.toThrow(/^The database is read-only/);
  }, 60_000);
});
