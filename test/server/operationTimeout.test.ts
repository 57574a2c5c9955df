import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { countsOf } from '../support/accounting.ts';
import { asAdmin } from '../support/admin.ts';
import { type Deal, fundedPosition, makeDeal } from '../support/deal.ts';
import { type KeyServer, newKey, ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { atAddress, overHttp } from '../support/limited.ts';
import { serve } from '../support/server.ts';
import { openPostgresAt } from '../support/stores.ts';

const OPERATION_MS = 700;
const patienceMs = 20_000;
const LIST = '{ positions(first: 5) { nodes { id } } }';
const RELEASE = `mutation($id: ID!) { releasePosition(input: { positionId: $id, amount: "10" }) {
  ... on ReleasePositionPayload { position { version held { amount } } } ... on UserError { code } } }`;

let store: Store;
let url: string;
let server: KeyServer;
let address: string;
let deal: Deal;
let token: string;
/** Holds locks that the server waits for. */
let otherClient: Client;

beforeAll(async () => {
  ({ store, url } = await openPostgresAt());
  const setup = serve(store);
  deal = await makeDeal(setup);
  server = serveKeys(store, { settings: { operationMs: OPERATION_MS } });
  address = await atAddress(server.app);
  ({ token } = await newKey(serveKeys(store), deal.institution.id));
  otherClient = new Client({ connectionString: url });
  await otherClient.connect();
});
afterAll(() => otherClient.end());

/** Returns the number of statements of the server that run or wait. */
const busy = (): Promise<number> =>
  asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where datname = current_database()
        and pid not in (pg_backend_pid(), $1) and state <> 'idle' and backend_type = 'client backend'`,
      [(otherClient as Client & { readonly processID: number }).processID],
    );
    return rows[0]?.n ?? 0;
  });
const waiting = (): Promise<unknown> =>
  vi.waitUntil(async () => (await busy()) > 0, { timeout: patienceMs, interval: 5 });
const gone = (): Promise<unknown> =>
  vi.waitUntil(async () => (await busy()) === 0, { timeout: patienceMs, interval: 5 });

/** Runs the work while a table is locked. */
async function whileLocked<T>(lock: string, work: () => Promise<T>): Promise<T> {
  await otherClient.query('begin');
  await otherClient.query(lock);
  try {
    return await work();
  } finally {
    await otherClient.query('rollback');
  }
}

it.each([
  ['root', () => ROOT_TOKEN],
  ['an API key', () => token],
])(
  'a query that exceeds the operation timeout is ended with TIMEOUT and 504, and so is its SQL (%s)',
  async (_who, shown) => {
    // The API key is cached by then, so only the query is slow.
    expect((await overHttp(address, shown(), LIST)).status).toBe(200);
    await whileLocked('lock table positions in access exclusive mode', async () => {
      const pending = overHttp(address, shown(), LIST);
      await waiting();
      const { status, code, body } = await pending;
      expect([status, code, body.data]).toEqual([504, 'TIMEOUT', undefined]);
      await gone();
    });
    expect((await overHttp(address, shown(), LIST)).status).toBe(200);
    expect(server.faults).toEqual([]);
  },
);

it('a mutation that exceeds the operation timeout is ended with TIMEOUT, and nothing is written', async () => {
  const { id } = await fundedPosition(serve(store), deal);
  const before = await countsOf(store);
  await whileLocked(`select 1 from positions where id = '${id}' for update`, async () => {
    const pending = overHttp(address, token, RELEASE, {}, { id });
    await waiting();
    const { code, body } = await pending;
    expect(code).toBe('TIMEOUT');
    expect(body.data ?? { releasePosition: null }).toEqual({ releasePosition: null });
    await gone();
  });
  expect(await countsOf(store)).toEqual(before);
  expect(await store.read('ALL').positions.byIds([id])).toMatchObject([{ state: 'FUNDED', version: 2, held: 10_000n }]);
  // Another attempt succeeds.
  const { body } = await overHttp(address, token, RELEASE, {}, { id });
  expect(body.data).toEqual({ releasePosition: { position: { version: 3, held: { amount: '90.00' } } } });
  expect(server.faults).toEqual([]);
});
