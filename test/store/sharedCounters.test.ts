import { afterAll, beforeAll, expect, it } from 'vitest';
import { UnavailableError } from '../../src/store/errors.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { createDatabase } from '../support/database.ts';
import { isCommit, isCommitted, type Link, type Proxy, startProxy, type Tap } from '../support/proxy.ts';
import { START } from './rows.ts';

let store: Store;
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
  drop = () => database.drop();
});
afterAll(async () => {
  await store.close();
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
