import { afterEach, beforeAll, expect, it } from 'vitest';
import { COUNTS, FULL } from '../counts.ts';
import { asAdmin } from '../support/admin.ts';
import { type Deal, fundedPosition, makeDeal } from '../support/deal.ts';
import { isBegin, isCommit, isCommitted } from '../support/proxy.ts';
import {
  ACCOUNTS,
  accountsAfter,
  DRIVERS_WORDS,
  hasNoFaults,
  nothingGoesUnheard,
  type Proxied,
  proxied,
  release,
} from './fixtures.ts';

nothingGoesUnheard();

let given: Proxied;
let deal: Deal;
beforeAll(async () => {
  given = await proxied();
  deal = await makeDeal(given.server);
  given.server.viewer = { role: 'ADMIN', institutionId: deal.institution.id };
});
afterEach(() => {
  given.proxy.tap = {};
  hasNoFaults(given.server);
});

const QUERY = 'query ($id: ID!) { position(id: $id) { state } }';

it('all responses during a database outage are SERVICE_UNAVAILABLE without driver messages, and succeed afterwards', async () => {
  const { id } = await fundedPosition(given.server, deal);
  const input = { positionId: id, amount: '10', idempotencyKey: id };
  await given.proxy.away();
  const [mutation, query] = await Promise.all([release(given.server, input), given.server.ask(QUERY, { id })]);
  expect(mutation.typeOrCode).toBe('SERVICE_UNAVAILABLE');
  expect(query.errors?.[0]?.extensions?.code).toBe('SERVICE_UNAVAILABLE');
  for (const { text } of [mutation, query]) expect(text).not.toMatch(DRIVERS_WORDS);
  await given.proxy.back();
  expect((await release(given.server, input)).result).toMatchObject({ replayed: false });
  expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
});

it('a change is SERVICE_UNAVAILABLE while the database is read-only, and succeeds on a new connection afterwards', async () => {
  const { id } = await fundedPosition(given.server, deal);
  const input = { positionId: id, amount: '10' };
  await allowWrites(false);
  const { typeOrCode, text } = await release(given.server, input);
  expect(typeOrCode).toBe('SERVICE_UNAVAILABLE');
  expect(text).not.toMatch(DRIVERS_WORDS);
  await allowWrites(true, 'keep connections');
  expect((await release(given.server, input)).result).toMatchObject({ replayed: false });
  expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
});

it('due positions expire once the database is available again', async () => {
  const expiresAt = new Date(given.server.now + 1_000).toISOString();
  const { id } = await fundedPosition(given.server, deal, '100.00', { expiresAt });
  given.server.now += 1_000;
  await given.proxy.away();
  await expect(given.server.app.expireDue()).rejects.toThrow('The connection to the database is lost.');
  await given.proxy.back();
  expect(await given.server.app.expireDue()).toBe(1);
  expect(await given.row(ACCOUNTS, id)).toEqual({ ...accountsAfter(1), held: '0' });
});

it('calls interrupted by an outage are each executed exactly once when retried with their idempotency keys', async () => {
  const ids = [];
  for (let n = 0; n < COUNTS.callsInOutage; n += 1) ids.push((await fundedPosition(given.server, deal)).id);
  let commits = 0;
  given.proxy.tap = { fromClient: (message) => void (isCommit(message) && (commits += 1)) };
  const inputs = ids.map((id) => ({ positionId: id, amount: '10', idempotencyKey: id }));
  const calls = inputs.map((input) => release(given.server, input));
  while (commits < COUNTS.callsInOutage / 4) await new Promise(setImmediate);
  await given.proxy.away();
  setTimeout(() => void given.proxy.back(), 300);
  for (const { typeOrCode, text } of await Promise.all(calls)) {
    expect(['ReleasePositionPayload', 'SERVICE_UNAVAILABLE']).toContain(typeOrCode);
    expect(text).not.toMatch(DRIVERS_WORDS);
  }
  for (const input of inputs) expect((await release(given.server, input)).typeOrCode).toBe('ReleasePositionPayload');
  for (const id of ids) expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
});

it('a COMMIT whose response is lost in an outage is looked up when the database is available again', async () => {
  const { id } = await fundedPosition(given.server, deal);
  swallowCommit(() => setTimeout(() => void given.proxy.back(), 400));
  const { result } = await release(given.server, { positionId: id, amount: '10' });
  expect(result).toMatchObject({ replayed: false, position: { version: 3 } });
  expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
});

it.runIf(FULL)(
  'if the outage continues, the call fails, and a retry with its idempotency key returns what was done',
  async () => {
    const { id } = await fundedPosition(given.server, deal);
    const input = { positionId: id, amount: '10', idempotencyKey: id };
    swallowCommit();
    const { typeOrCode, text } = await release(given.server, input);
    expect(typeOrCode).toBe('SERVICE_UNAVAILABLE');
    expect(text).not.toMatch(DRIVERS_WORDS);
    given.proxy.tap = {};
    await given.proxy.back();
    expect((await release(given.server, input)).result).toMatchObject({ replayed: true });
    expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
  },
);

it.runIf(FULL)('a connection that is silent without an error times out, and the call is executed once', async () => {
  const { id } = await fundedPosition(given.server, deal);
  let silenced = false;
  given.proxy.tap = {
    fromClient: (message, link) => {
      if (!isBegin(message) || silenced) return;
      silenced = true;
      link.mute();
    },
  };
  const { typeOrCode } = await release(given.server, { positionId: id, amount: '10' });
  expect(typeOrCode).toBe('ReleasePositionPayload');
  expect(silenced).toBe(true);
  expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
});

/** Makes the database a primary, or like the standby that a connection may reach during a failover. */
async function allowWrites(allowed: boolean, existing: 'end connections' | 'keep connections' = 'end connections') {
  await asAdmin(given.databaseUrl, async (admin) => {
    await admin.query('set default_transaction_read_only = off');
    const value = allowed ? 'off' : 'on';
    const set = `format('alter database %I set default_transaction_read_only = ${value}', current_database())`;
    await admin.query(`do $$ begin execute ${set}; end $$`);
    if (existing === 'keep connections') return;
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`);
  });
}

/** Lets the next COMMIT arrive but not its response, and then makes the database unavailable. */
function swallowCommit(then: () => void = () => undefined): void {
  let writing: unknown;
  given.proxy.tap = {
    fromClient: (message, link) => {
      if (isBegin(message)) writing ??= link;
      if (isCommit(message) && link === writing) link.mute();
    },
    fromServer: (message, link) => {
      if (isCommitted(message) && link === writing) void given.proxy.away().then(then);
    },
  };
}
