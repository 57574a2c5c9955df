import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { asAdmin } from '../support/admin.ts';
import { type Deal, fundedPosition, makeDeal } from '../support/deal.ts';
import {
  ACCOUNTS,
  accountsAfter,
  answered,
  DRIVERS_WORDS,
  nothingGoesUnheard,
  type Proxied,
  proxied,
  release,
} from './fixtures.ts';

nothingGoesUnheard();

let given: Proxied;
let deal: Deal;
let otherClient: Client;
const admin = (text: string): Promise<unknown> => asAdmin(given.databaseUrl, (client) => client.query(text));
const TRIES = 4;

beforeAll(async () => {
  given = await proxied();
  deal = await makeDeal(given.server);
  given.server.viewer = { role: 'ADMIN', institutionId: deal.institution.id };
  otherClient = new Client({ connectionString: given.databaseUrl });
  await otherClient.connect();
  // PostgreSQL ends the transaction that checks for a deadlock first, which must never be that of the test.
  await otherClient.query("set deadlock_timeout = '60s'");
  await admin(`create sequence failures;
    create function fail() returns trigger language plpgsql security definer as $$
    begin
      if nextval('failures') <= tg_argv[0]::int then
        raise exception 'simulated failure' using errcode = tg_argv[1];
      end if;
      return null;
    end $$`);
});
afterEach(async () => {
  await otherClient.query('rollback');
  await admin('drop trigger if exists failing on lifecycle_events; alter sequence failures restart');
});
afterAll(() => otherClient.end());

/** Makes the first writes of an event fail with this code, the given number of times. */
const failFirst = (times: number, code: string): Promise<unknown> =>
  admin(`create trigger failing after insert on lifecycle_events
    for each statement execute function fail('${times}', '${code}')`);

const funded = async (): Promise<string> => (await fundedPosition(given.server, deal)).id;

it.each([
  ['40001', 1],
  ['40001', TRIES - 1],
  ['40P01', 1],
])('a write that fails with %s %i times is retried and done once', async (code, times) => {
  const id = await funded();
  await failFirst(times, code);
  const { typeOrCode } = await release(given.server, { positionId: id, amount: '10', idempotencyKey: id });
  expect(typeOrCode).toBe('ReleasePositionPayload');
  expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
});

it.each(['40001', '40P01'])(
  'a write that always fails with %s is BUSY after 4 tries and writes nothing, and a retry succeeds',
  async (code) => {
    const id = await funded();
    const input = { positionId: id, amount: '10', idempotencyKey: id };
    await failFirst(TRIES, code);
    const { typeOrCode, text } = await release(given.server, input);
    expect(typeOrCode).toBe('BUSY');
    expect(text).not.toMatch(DRIVERS_WORDS);
    expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(0));
    expect((await release(given.server, input)).result).toMatchObject({ replayed: false });
    expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
  },
);

const APPLY = `mutation ($input: ApplyPositionsInput!) {
  applyPositions(input: $input) { __typename ... on ApplyPositionsPayload { committed replayed } }
}`;
const apply = (ids: readonly string[], idempotencyKey: string): ReturnType<typeof answered> =>
  answered(given.server, APPLY, {
    input: {
      operations: [
        ...ids.map((positionId) => ({ transition: { positionId, toState: 'PARTIALLY_RELEASED', amount: '10' } })),
        // The reads that run with the locks fail with them. The choice of the reported error must not depend on chance.
        { create: { assetId: deal.assetId, holderReference: 'h', amount: { amount: '1', currencyCode: 'USD' } } },
      ],
      idempotencyKey,
    },
  });

it('a batch in a deadlock with another transaction (40P01) is retried and executed once', async () => {
  const [first = '', second = ''] = [await funded(), await funded()].toSorted();
  await otherClient.query('begin');
  await otherClient.query('select 1 from positions where id = $1 for update', [second]);
  const batch = apply([second, first], 'deadlock');
  await waitsForLock();
  // The batch has locked the first position and waits for the second; the other transaction locks in reverse order.
  await otherClient.query('select 1 from positions where id = $1 for update', [first]);
  await otherClient.query('commit');
  expect((await batch).result).toMatchObject({ committed: true, replayed: false });
  for (const id of [first, second]) expect(await given.row(ACCOUNTS, id)).toMatchObject({ events: 3, ledgerEvents: 3 });
});

it('batches over the same positions in opposite orders never deadlock, because they lock in the order of ids', async () => {
  const ids = [await funded(), await funded(), await funded()];
  const before = await deadlocks();
  const batches = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6, 7].map((n) => apply(n % 2 === 0 ? ids : ids.toReversed(), `both ways ${n}`)),
  );
  for (const { result } of batches) expect(result).toMatchObject({ committed: true });
  for (const id of ids) expect(await given.row(ACCOUNTS, id)).toMatchObject({ events: 10, held: '2000' });
  expect(await deadlocks()).toBe(before);
});

it.each(['while it waits for a lock', 'while it is idle in the pool'])(
  'a call whose backend is terminated (57P01) %s is retried and executed once',
  async (when) => {
    const id = await funded();
    const input = { positionId: id, amount: '10', idempotencyKey: id };
    if (when === 'while it waits for a lock') {
      await otherClient.query('begin');
      await otherClient.query('select 1 from positions where id = $1 for update', [id]);
    }
    const calls = when === 'while it waits for a lock' ? [release(given.server, input)] : [];
    if (calls.length > 0) await waitsForLock();
    await admin(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid not in (pg_backend_pid(), ${otherPid()})`);
    await otherClient.query('rollback');
    const [call = release(given.server, input)] = calls;
    const { typeOrCode } = await call;
    expect(typeOrCode).toBe('ReleasePositionPayload');
    expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
  },
);

const otherPid = (): number => (otherClient as Client & { readonly processID: number }).processID;

const waitsForLock = (): Promise<void> =>
  vi
    .waitUntil(async () => ((await given.row(WAITING)) as { n: number }).n > 0, { timeout: 20_000, interval: 10 })
    .then(() => undefined);
const WAITING = `select count(*)::int as n from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

const deadlocks = async (): Promise<unknown> =>
  given
    .row('select deadlocks::int as n from pg_stat_database where datname = current_database()')
    .then((row) => (row as { n: number }).n);
