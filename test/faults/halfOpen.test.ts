import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { Listener } from '../../src/store/postgres/listener.ts';
import { asAdmin } from '../support/admin.ts';
import { type Deal, fundedPosition, makeDeal } from '../support/deal.ts';
import { newKey, serveKeys } from '../support/keyed.ts';
import { isAnyBegin, isCommit, isCommitted, isWrite, type Link, type Message, type Tap } from '../support/proxy.ts';
import { serve } from '../support/server.ts';
import {
  ACCOUNTS,
  accountsAfter,
  DRIVERS_WORDS,
  hasNoFaults,
  nothingGoesUnheard,
  type Proxied,
  proxied,
  read,
  release,
} from './fixtures.ts';

nothingGoesUnheard();

/** The operation timeout. Without a deadline for the connection, each test here would wait for 30 s. */
const OPERATION_MS = 500;
/** The maximum time of a response: the deadline, the look-up of a commit, and a slow machine. */
const ANSWERS_WITHIN_MS = 15_000;
const QUERY = 'query ($id: ID!) { position(id: $id) { state } }';

let given: Proxied;
let deal: Deal;
let setup: ReturnType<typeof serve>;
beforeAll(async () => {
  given = await proxied(() => undefined, { operationMs: OPERATION_MS });
  setup = serve(given.store);
  deal = await makeDeal(setup);
  given.server.viewer = { role: 'ADMIN', institutionId: deal.institution.id };
});
afterEach(() => {
  given.proxy.tap = {};
  given.proxy.resume();
  hasNoFaults(given.server);
});

/** Closes idle connections, so that the next call opens one. */
async function closeIdle(): Promise<void> {
  await given.proxy.away();
  await given.proxy.back();
}

/** Makes the database respond on new connections, and waits until it has ended its work on the half-open ones. */
async function recover(id: string): Promise<void> {
  given.proxy.tap = {};
  given.proxy.resume();
  await vi.waitFor(
    async () => expect(await read(given.server, id)).toMatchObject({ typeOrCode: 'DATA' }),
    ANSWERS_WITHIN_MS,
  );
  await closeIdle();
}

/** Makes every connection half-open before a message passes. */
const stallAt = (side: keyof Tap, matches: (message: Message) => boolean): void => {
  const act = (message: Message): Buffer | false | void => {
    if (!matches(message)) return;
    given.proxy.stall();
    return false;
  };
  given.proxy.tap = { [side]: act };
};

/** Matches the n-th message of its kind. */
const nth = (n: number, matches: (message: Message) => boolean): ((message: Message) => boolean) => {
  let count = 0;
  return (message) => matches(message) && (count += 1) === n;
};
const ofType =
  (letter: string) =>
  ({ type }: Message): boolean =>
    type === letter;

const MOMENTS: Readonly<Record<string, () => void | Promise<void>>> = {
  'before a connection is opened': async () => {
    await closeIdle();
    given.proxy.stall();
  },
  'when a connection authenticates': async () => {
    await closeIdle();
    stallAt('fromServer', ofType('R'));
  },
  'between two transactions': () => given.proxy.stall(),
  'when BEGIN is sent': () => stallAt('fromClient', isAnyBegin),
  'when BEGIN returns': () => stallAt('fromServer', nth(1, ofType('Z'))),
  'before a statement returns': () => stallAt('fromServer', nth(2, ofType('C'))),
  'in the middle of the rows of a statement': () => stallAt('fromServer', nth(2, ofType('D'))),
};

describe.each(Object.keys(MOMENTS))('a database that stops responding %s', (name) => {
  it(
    'a query and a mutation are SERVICE_UNAVAILABLE by their deadline, and the next ones succeed on new connections',
    async () => {
      const { id } = await fundedPosition(setup, deal);
      const input = { positionId: id, amount: '10', idempotencyKey: id };
      for (const send of [() => read(given.server, id), () => release(given.server, input)]) {
        await (MOMENTS[name] as () => void | Promise<void>)();
        const { typeOrCode, text } = await send();
        expect(typeOrCode).toBe('SERVICE_UNAVAILABLE');
        expect(text).not.toMatch(DRIVERS_WORDS);
        await recover(id);
      }
      expect((await release(given.server, input)).result).toMatchObject({ replayed: false });
      expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
    },
    ANSWERS_WITHIN_MS,
  );
});

const COMMITS: Readonly<Record<string, readonly [() => void, number]>> = {
  'before the write arrives': [() => stallAt('fromClient', isWrite), 0],
  'before COMMIT arrives': [() => stallAt('fromClient', isCommit), 0],
  'before the response of COMMIT arrives': [() => stallAt('fromServer', isCommitted), 1],
};

describe.each(Object.keys(COMMITS))('a database that stops responding %s', (name) => {
  const [stall, done] = COMMITS[name] as readonly [() => void, number];

  it(
    'the mutation is SERVICE_UNAVAILABLE, and a retry with its idempotency key returns what was done',
    async () => {
      const { id } = await fundedPosition(setup, deal);
      const input = { positionId: id, amount: '10', idempotencyKey: id };
      stall();
      const { typeOrCode, text } = await release(given.server, input);
      expect(typeOrCode).toBe('SERVICE_UNAVAILABLE');
      expect(text).not.toMatch(DRIVERS_WORDS);
      await recover(id);
      const again = await vi.waitFor(async () => {
        const answer = await release(given.server, input);
        expect(answer.typeOrCode).toBe('ReleasePositionPayload');
        return answer;
      }, ANSWERS_WITHIN_MS);
      expect(again.result).toMatchObject({ replayed: done === 1 });
      expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
    },
    ANSWERS_WITHIN_MS,
  );
});

it(
  'a COMMIT on a half-open connection is looked up on another connection',
  async () => {
    const { id } = await fundedPosition(setup, deal);
    let stalled: Link | undefined;
    given.proxy.tap = {
      fromServer: (message, link) => {
        if (stalled || !isCommitted(message)) return;
        stalled = link;
        link.stall();
        return false;
      },
    };
    const { result } = await release(given.server, { positionId: id, amount: '10' });
    expect(result).toMatchObject({ replayed: false, position: { version: 3 } });
    expect(stalled).toBeDefined();
    expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
  },
  ANSWERS_WITHIN_MS,
);

it(
  'the look-up of a commit ends with its operation if its connections are half-open',
  async () => {
    const { id } = await fundedPosition(setup, deal);
    const input = { positionId: id, amount: '10', idempotencyKey: id };
    given.proxy.tap = {
      fromServer: (message, link) => {
        if (!isCommitted(message)) return;
        given.proxy.stall();
        link.cut();
        return false;
      },
    };
    expect((await release(given.server, input)).typeOrCode).toBe('SERVICE_UNAVAILABLE');
    given.proxy.tap = {};
    given.proxy.resume();
    expect((await release(given.server, input)).result).toMatchObject({ replayed: true });
    expect(await given.row(ACCOUNTS, id)).toEqual(accountsAfter(1));
  },
  ANSWERS_WITHIN_MS,
);

it(
  'a ROLLBACK without a response closes the connection, and the error of the transaction is kept',
  async () => {
    const { id } = await fundedPosition(setup, deal);
    const isRollback = ({ type, text }: Message): boolean => type === 'Q' && text === 'rollback\0';
    stallAt('fromClient', isRollback);
    const work = given.store.transact('ALL', async (tx) => {
      await tx.positions.byIds([id]);
      throw new Error('The first reason.');
    });
    await expect(work).rejects.toThrow('The first reason.');
    given.proxy.tap = {};
    given.proxy.resume();
    // Idle connections are closed as well, so the next call opens one.
    expect(await read(given.server, id)).toMatchObject({ typeOrCode: 'DATA' });
  },
  ANSWERS_WITHIN_MS,
);

it(
  'a connection that became half-open while idle is replaced within the operation, like all other idle ones',
  async () => {
    const patient = serve(given.store, { viewerOf: () => given.server.viewer, settings: { operationMs: 3_000 } });
    const { id } = await fundedPosition(setup, deal);
    await Promise.all([1, 2, 3, 4].map(() => read(given.server, id)));
    // This is what a firewall does that has lost its state: only new connections pass.
    given.proxy.stall();
    given.proxy.resume();
    for (let n = 0; n < 4; n += 1) {
      const { errors } = await patient.ask(QUERY, { id });
      expect(errors).toBeUndefined();
    }
  },
  ANSWERS_WITHIN_MS,
);

it(
  'calls beyond the number of connections all end, and the pool is complete afterwards',
  async () => {
    const { id } = await fundedPosition(setup, deal);
    given.proxy.stall();
    const answers = await Promise.all(Array.from({ length: 30 }, () => read(given.server, id)));
    for (const { typeOrCode } of answers) expect(['SERVICE_UNAVAILABLE', 'TIMEOUT']).toContain(typeOrCode);
    expect(answers.map(({ typeOrCode }) => typeOrCode)).toContain('SERVICE_UNAVAILABLE');
    given.proxy.resume();
    await vi.waitFor(async () => {
      const after = await Promise.all(Array.from({ length: 30 }, () => read(given.server, id)));
      expect(new Set(after.map(({ typeOrCode }) => typeOrCode))).toEqual(new Set(['DATA']));
    }, ANSWERS_WITHIN_MS);
  },
  ANSWERS_WITHIN_MS * 2,
);

it(
  'the look-up of an API key is SERVICE_UNAVAILABLE by its deadline',
  async () => {
    const { token } = await newKey(serveKeys(given.store), deal.institution.id);
    const keyed = serveKeys(given.store, { settings: { operationMs: OPERATION_MS } });
    given.proxy.stall();
    const { status, errors } = await keyed.ask('{ viewer { __typename } }', {}, token);
    expect([status, errors?.[0]?.extensions?.['code']]).toEqual([503, 'SERVICE_UNAVAILABLE']);
    given.proxy.resume();
    expect((await keyed.ask('{ viewer { __typename } }', {}, token)).status).toBe(200);
    expect(keyed.faults).toEqual([]);
  },
  ANSWERS_WITHIN_MS,
);

it(
  'a server stops although the database does not respond',
  async () => {
    const store = createPostgresStore({ databaseUrl: given.proxy.url, onError: () => undefined });
    const server = serve(store);
    server.app.start();
    await vi.waitFor(() => store.changes.cursorKey());
    given.proxy.stall();
    const reading = server.ask(QUERY, { id: 'pos_x' });
    await server.app.stop();
    await store.close();
    expect((await reading).errors?.[0]?.extensions?.code).toBe('SERVICE_UNAVAILABLE');
    expect(server.faults).toEqual([]);
  },
  ANSWERS_WITHIN_MS * 2,
);

it(
  'notifications resume after their connection became half-open, and an outage is reported once',
  async () => {
    let wakes = 0;
    const reports: string[] = [];
    const listener = new Listener(
      given.proxy.url,
      () => (wakes += 1),
      { onError: ({ message }) => reports.push(message), onRecovery: () => reports.push('recovered') },
      { reconnectMs: 20, answerMs: 200, checkMs: 50 },
    );
    onTestFinished(() => listener.close());
    listener.start();
    await vi.waitFor(() => expect(wakes).toBe(1), ANSWERS_WITHIN_MS);
    given.proxy.stall();
    await vi.waitFor(() => expect(reports).toHaveLength(1), ANSWERS_WITHIN_MS);
    given.proxy.resume();
    await vi.waitFor(() => expect(wakes).toBe(2), ANSWERS_WITHIN_MS);
    await vi.waitFor(() => expect(reports).toHaveLength(2), ANSWERS_WITHIN_MS);
    const channel = randomUUID();
    await asAdmin(given.databaseUrl, (admin) => admin.query("select pg_notify('escrowgrid_changes', $1)", [channel]));
    await vi.waitFor(() => expect(wakes).toBeGreaterThan(2), ANSWERS_WITHIN_MS);
    expect(reports).toEqual(['The connection for notifications is lost.', 'recovered']);
  },
  ANSWERS_WITHIN_MS * 2,
);
