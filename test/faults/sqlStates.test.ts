import { DatabaseError } from 'pg';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { UnavailableError } from '../../src/store/errors.ts';
import { ConnectionLostError, toConnectionError } from '../../src/store/postgres/errors.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Writers } from '../../src/store/store.ts';
import { anInstitution } from '../store/rows.ts';
import { asAdmin } from '../support/admin.ts';
import { type Deal, fundedPosition, makeDeal } from '../support/deal.ts';
import { insteadOfBegin, isAnyBegin, type Link, messageOf } from '../support/proxy.ts';
import { serve } from '../support/server.ts';
import {
  ACCOUNTS,
  type Answered,
  accountsAfter,
  DRIVERS_WORDS,
  nothingGoesUnheard,
  type Proxied,
  proxied,
  read,
  release,
} from './fixtures.ts';

nothingGoesUnheard();

const WAIT_MS = 20_000;

let given: Proxied;
let deal: Deal;
beforeAll(async () => {
  given = await proxied();
  deal = await makeDeal(given.server);
  given.server.viewer = { role: 'ADMIN', institutionId: deal.institution.id };
});
afterEach(() => {
  given.proxy.tap = {};
  given.server.faults.length = 0;
});

const CALLS: Readonly<Record<string, (id: string) => Promise<Answered>>> = {
  'a query': (id) => read(given.server, id),
  'a mutation': (id) => release(given.server, { positionId: id, amount: '10' }),
};
const SUCCESS: Readonly<Record<string, string>> = { 'a query': 'DATA', 'a mutation': 'ReleasePositionPayload' };

/** Makes every transaction fail with this SQLSTATE and an unknown message. Returns the connections used. */
function failWith(code: string): Set<Link> {
  const links = new Set<Link>();
  given.proxy.tap = {
    fromClient: (message, link) => {
      if (!isAnyBegin(message)) return undefined;
      links.add(link);
      const failure = `do 'begin raise exception ''Verbindung verloren'' using errcode = ''${code}''; end'`;
      return insteadOfBegin(message, message.type === 'Q' ? `begin; ${failure}` : failure);
    },
  };
  return links;
}

/** One code of each class, and the other codes of these classes. */
const UNAVAILABLE = ['08006', '25006', '25P03', '28P01', '3D000', '53300', '57P01', '58030'];
const MORE_UNAVAILABLE = '08000 08P01 25P04 28000 53100 53200 53400 57P02 57P03 57P04 57P05 58000 58P01'.split(' ');
const INTERNAL = ['22P02', '42501', '42P01', 'P0001', 'XX000'];
const MORE_INTERNAL = '0A000 22021 23514 25001 25P02 42601 57000 54001 XX001'.split(' ');

it('an unavailable database is distinguished from an internal error only by the SQLSTATE', () => {
  const meaning = (code: string): boolean =>
    toConnectionError(Object.assign(new DatabaseError('Verbindung verloren', 0, 'error'), { code }), false) instanceof
    ConnectionLostError;
  expect([...UNAVAILABLE, ...MORE_UNAVAILABLE].filter((code) => !meaning(code))).toEqual([]);
  expect([...INTERNAL, ...MORE_INTERNAL].filter(meaning)).toEqual([]);
});

describe.each(Object.keys(CALLS))('%s', (name) => {
  const call = (id: string): Promise<Answered> => (CALLS[name] as (typeof CALLS)[string])(id);

  it.each(UNAVAILABLE)(
    `${name} is SERVICE_UNAVAILABLE for SQLSTATE %s, and each try uses another connection`,
    async (code) => {
      const { id } = await fundedPosition(given.server, deal);
      const links = failWith(code);
      const { typeOrCode, text } = await call(id);
      expect(typeOrCode).toBe('SERVICE_UNAVAILABLE');
      expect(text).not.toMatch(DRIVERS_WORDS);
      expect(given.server.faults).toEqual([]);
      expect(links.size).toBe(4);
      const after = new Set<Link>();
      given.proxy.tap = { fromClient: (message, link) => void (isAnyBegin(message) && after.add(link)) };
      expect((await call(id)).typeOrCode).toBe(SUCCESS[name]);
      expect([...after].filter((link) => links.has(link))).toEqual([]);
    },
  );

  it.each(INTERNAL)(
    `${name} is a masked and logged internal error for SQLSTATE %s, and the connection is kept`,
    async (code) => {
      const { id } = await fundedPosition(given.server, deal);
      const links = failWith(code);
      const { typeOrCode, text } = await call(id);
      expect(typeOrCode).toBe('INTERNAL_SERVER_ERROR');
      expect(text).not.toMatch(/Verbindung|SQL|transaction/);
      expect(given.server.faults).toMatchObject([{ code }]);
      expect(links.size).toBe(1);
      given.proxy.tap = {};
      expect((await call(id)).typeOrCode).toBe(SUCCESS[name]);
    },
  );
});

it('nothing is read or written outside its transaction if BEGIN itself fails', async () => {
  const { id } = await fundedPosition(given.server, deal);
  given.proxy.tap = {
    fromClient: (message) => (isAnyBegin(message) ? insteadOfBegin(message, 'nonsense') : undefined),
  };
  for (const call of Object.values(CALLS)) expect((await call(id)).typeOrCode).toBe('INTERNAL_SERVER_ERROR');
  // Statements sent together with BEGIN are not executed without it.
  const one = anInstitution();
  await expect(given.store.transact('ALL', async (tx) => tx.institutions.insert(one))).rejects.toMatchObject({
    code: '42601',
  });
  expect(given.server.faults).toMatchObject([{ code: '42601' }, { code: '42601' }]);
  expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(0));
  expect(await given.row('select count(*)::int as n from institutions where id = $1', one.id)).toEqual({ n: 0 });
});

it('a value that cannot be read is an internal error, not an unavailable database', async () => {
  const { id } = await fundedPosition(given.server, deal);
  given.proxy.tap = {
    fromServer: ({ type, text }) =>
      type === 'D' && text.includes(id)
        ? messageOf('D', text.replaceAll(/\d{4}-\d\d-\d\d \d\d:/g, 'xx.xx.xxxx xx:'))
        : undefined,
  };
  expect((await read(given.server, id)).typeOrCode).toBe('INTERNAL_SERVER_ERROR');
  expect(given.server.faults).toMatchObject([{ message: expect.stringContaining('getTime') }]);
});

it.each([
  ['is reset', (link: Link) => link.reset()],
  ['is closed', (link: Link) => link.cut()],
])('a connection that %s is replaced', async (_how, end) => {
  const { id } = await fundedPosition(given.server, deal);
  let ended = 0;
  given.proxy.tap = {
    fromClient: (message, link) => {
      if (!isAnyBegin(message) || ended > 0) return;
      ended += 1;
      end(link);
      return false;
    },
  };
  expect((await release(given.server, { positionId: id, amount: '10' })).typeOrCode).toBe('ReleasePositionPayload');
  expect(ended).toBe(1);
  expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
});

it.each([
  ['a port on which nothing listens', 'postgres://u@127.0.0.1:1/d'],
  ['a host that does not exist', 'postgres://u@escrowgrid.invalid/d'],
  ['a folder of sockets that does not exist', 'postgres://u@localhost/d?host=/nowhere'],
])('%s is reported as an unavailable database', async (_what, databaseUrl) => {
  const errors: Error[] = [];
  const store = createPostgresStore({ databaseUrl, onError: (error) => errors.push(error) });
  await expect(store.read('ALL').institutions.counts([{ where: {} }])).rejects.toThrow(UnavailableError);
  await expect(store.transact('ALL', async (tx) => tx.institutions.insert(anInstitution()))).rejects.toThrow(
    UnavailableError,
  );
  expect(errors).toHaveLength(1);
  await store.close();
});

it(
  'an outage is reported once when it begins and once when it ends, for any number of failed calls',
  async () => {
    const reports: string[] = [];
    const store = createPostgresStore({
      databaseUrl: given.proxy.url,
      onError: () => reports.push('lost'),
      onRecovery: () => reports.push('restored'),
    });
    const server = serve(store);
    const ask = async (): Promise<unknown> => (await server.ask('{ institutions { totalCount } }')).errors;
    expect(await ask()).toBeUndefined();
    for (let outage = 1; outage <= 2; outage += 1) {
      await given.proxy.away();
      const answers = await Promise.all(Array.from({ length: 20 }, ask));
      for (const errors of answers) expect(errors).toMatchObject([{ extensions: { code: 'SERVICE_UNAVAILABLE' } }]);
      await given.proxy.back();
      await vi.waitFor(async () => {
        expect(await ask()).toBeUndefined();
        expect(reports).toHaveLength(2 * outage);
      }, WAIT_MS);
    }
    expect(reports).toEqual(['lost', 'restored', 'lost', 'restored']);
    expect(server.faults).toEqual([]);
    await store.close();
  },
  WAIT_MS * 2,
);

it(
  'background jobs do not report an outage as repeated internal errors',
  async () => {
    const store = createPostgresStore({ databaseUrl: given.proxy.url, onError: () => undefined });
    const { app, faults } = serve(store, { settings: { sweepPauseMs: 10, pollIntervalMs: 10 } });
    app.start();
    await given.proxy.away();
    await expect(app.expireDue()).rejects.toThrow(UnavailableError);
    await given.proxy.back();
    await app.stop();
    await store.close();
    expect(faults).toEqual([]);
  },
  WAIT_MS,
);

describe('the error of a transaction whose statement fails', () => {
  /** The next step of a transaction after a failed statement that it does not await. */
  const WORKS: Readonly<Record<string, (tx: Writers) => Promise<unknown>>> = {
    'when it ends': async () => undefined,
    'when it reads': (tx) => Promise.resolve(tx.institutions.byIds(['inst_00000000000000000000000000'])),
    'when it locks': (tx) => Promise.resolve(tx.institutions.lock(['inst_00000000000000000000000000'])),
    'when it writes': async (tx) => tx.institutions.insert(anInstitution()),
    'when it takes a turn': (tx) => Promise.resolve(tx.advisoryLock('turn')),
  };

  it.each(Object.keys(WORKS))('the first error of a transaction is reported, and 25P02 never is: %s', async (name) => {
    await asAdmin(given.databaseUrl, (admin) => admin.query('alter table assets rename to other_assets'));
    try {
      const work = given.store.transact('ALL', async (tx) => {
        void tx.assets.byIds(['ast_00000000000000000000000000']);
        return (WORKS[name] as (typeof WORKS)[string])(tx);
      });
      await expect(work).rejects.toMatchObject({ code: '42P01' });
    } finally {
      await asAdmin(given.databaseUrl, (admin) => admin.query('alter table other_assets rename to assets'));
    }
  });
});
