import { afterAll, beforeAll, expect, it } from 'vitest';
import { UnavailableError } from '../../src/store/errors.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { isCommit, isCommitted, type Link, type Proxy, startProxy, type Tap } from '../support/proxy.ts';
import { START } from './rows.ts';

let store: Store;
/** The store of another server. */
let other: Store;
let url: string;
let proxy: Proxy;
let drop: () => Promise<void>;
let statements = 0;
beforeAll(async () => {
  const database = await createDatabase();
  proxy = await startProxy(database.url);
  store = createPostgresStore({
    databaseUrl: proxy.url,
    onError: () => undefined,
    onStatement: () => (statements += 1),
  });
  url = database.url;
  other = createPostgresStore({ databaseUrl: url, onError: () => undefined });
  drop = () => database.drop();
});
afterAll(async () => {
  await store.close();
  await other.close();
  await proxy.away();
  await drop();
});

it('10,000 names are sent in one statement, and no statement is sent without names', async () => {
  const counts = new Map(Array.from({ length: 10_000 }, (_one, index) => [`name ${index}`, index]));
  statements = 0;
  expect(await store.counters.add(START, counts)).toEqual(counts);
  expect(statements).toBe(1);
  await store.counters.add(START, new Map());
  expect(statements).toBe(1);
});

/** Damages the first message of its kind. */
function once(side: keyof Tap, when: typeof isCommit, damage: (link: Link) => false | void): Tap {
  let done = false;
  return {
    [side]: (...[message, link]: Parameters<NonNullable<Tap['fromClient']>>) => {
      if (done || !when(message)) return;
      done = true;
      return damage(link);
    },
  };
}
const cut = (link: Link): false => {
  link.cut();
  return false;
};

it('counts are added once if COMMIT succeeds and its response is lost', async () => {
  proxy.tap = once('fromServer', isCommitted, cut);
  expect(await store.counters.add(START, new Map([['unanswered', 2]]))).toEqual(new Map([['unanswered', 2]]));
  expect(await store.counters.add(START, new Map([['unanswered', 1]]))).toEqual(new Map([['unanswered', 3]]));
});

it('an addition fails and adds nothing if COMMIT never arrives', async () => {
  proxy.tap = once('fromClient', isCommit, cut);
  await expect(store.counters.add(START, new Map([['lost', 2]]))).rejects.toThrow(UnavailableError);
  expect(await store.counters.add(START, new Map([['lost', 1]]))).toEqual(new Map([['lost', 1]]));
});

it('a server adds while another one has not committed the same counter, and both sums are exact afterwards', async () => {
  const name = new Map([['both', 1]]);
  expect(await store.counters.add(START, name)).toEqual(name);
  await asAdmin(url, async (admin) => {
    await admin.query("begin; select * from tallies where name = 'both' for update");
    expect(await other.counters.add(START, name)).toEqual(new Map([['both', 2]]));
    await admin.query('rollback');
  });
  expect(await store.counters.add(START, name)).toEqual(new Map([['both', 3]]));
});

it('many concurrent additions of two servers lose nothing, and a counter of both is deleted as one', async () => {
  const window = START + 60_000;
  const names = Array.from({ length: 50 }, (_one, index) => `name ${index}`);
  const ones = new Map(names.map((name) => [name, 1]));
  const backwards = new Map(names.toReversed().map((name) => [name, 1]));
  const times = Array.from({ length: 20 }, (_one, index) => index);
  await Promise.all(times.flatMap(() => [store.counters.add(window, ones), other.counters.add(window, backwards)]));
  const none = new Map(names.map((name) => [name, 0]));
  const sums = new Map(names.map((name) => [name, 2 * times.length]));
  expect(await store.counters.add(window, none)).toEqual(sums);
  expect(await other.counters.add(window, none)).toEqual(sums);
  await other.counters.deleteBefore(window);
  expect(await other.counters.deleteBefore(window + 1)).toBe(names.length);
});
