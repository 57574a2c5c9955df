import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Position } from '../../src/domain/position.ts';
import { DeadlineExceededError, UnavailableError } from '../../src/store/errors.ts';
import { limitsOf, openingOf, openingsOf } from '../../src/store/postgres/begin.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { deadlineIn, gate, manualDeadline } from '../support/deadlines.ts';
import { isAnyBegin, isBegin, isCommit, isCommitted, type Proxy, parametersOf, startProxy } from '../support/proxy.ts';
import { anInstitution, aPosition, keepDeal } from './rows.ts';

const connections = 10;

let store: Store;
let proxy: Proxy;
let url: string;
let positions: readonly [Position, Position];
let end: () => Promise<void>;
beforeAll(async () => {
  const database = await createDatabase();
  ({ url } = database);
  proxy = await startProxy(url);
  store = createPostgresStore({ databaseUrl: proxy.url, onError: () => undefined });
  ({ positions } = await keepDeal(store, ({ asset }) => [aPosition(asset), aPosition(asset)] as const));
  end = async () => {
    await store.close();
    await proxy.away();
    await database.drop();
  };
});
afterAll(() => end());

/** Returns the statements of other connections that the server is running. */
const underWay = (): Promise<readonly unknown[]> =>
  asAdmin(url, async (admin) => {
    const others = `select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
    return (await admin.query(`${others} and backend_type = 'client backend' and state = 'active'`)).rows;
  });
const waitMs = 30_000;
const isAtNothing = () => vi.waitFor(async () => expect(await underWay()).toEqual([]), { timeout: waitMs });
const isAtSomething = () => vi.waitFor(async () => expect(await underWay()).toHaveLength(1), { timeout: waitMs });

it('the timeouts sent to the server are the remaining time, up to their maximum', () => {
  expect(limitsOf().values).toEqual(['10000', '5000']);
  expect(limitsOf(60_000)).toEqual(limitsOf());
  expect(limitsOf(7_000).values).toEqual(['7001', '5000']);
  expect(limitsOf(0.2).values).toEqual(['2', '2']);
  expect(openingOf(openingsOf('none', 'public'), 'reading', 'ALL', 300).values).toEqual([
    'ALL',
    ...limitsOf(300).values,
  ]);
});

describe('running work ends at the deadline', () => {
  it('a slow statement ends at the deadline, and is sent once', async () => {
    let openings = 0;
    proxy.tap = { fromClient: (message) => void (isAnyBegin(message) && (openings += 1)) };
    // Reading a row takes 10 minutes.
    await asAdmin(url, (admin) =>
      admin.query(
        `create function slowly() returns boolean language plpgsql as $$ begin perform pg_sleep(600); return true; end $$;
         create policy slow on institutions as restrictive to escrowgrid_app using (slowly())`,
      ),
    );
    try {
      const until = deadlineIn(1_000);
      const slow = store.read('ALL', until).institutions.counts([{ where: {} }]);
      const [, refused] = await Promise.all([isAtSomething(), Promise.resolve(slow).catch((error: unknown) => error)]);
      expect(refused).toBeInstanceOf(DeadlineExceededError);
      expect((refused as Error).cause).toMatchObject({ code: '57014' });
      expect(openings).toBe(1);
      await isAtNothing();
    } finally {
      proxy.tap = {};
      await asAdmin(url, (admin) => admin.query('drop policy slow on institutions; drop function slowly'));
    }
    expect(await store.read('ALL').institutions.counts([{ where: {} }])).toEqual([1]);
  });

  it('waiting for a row ends at the deadline, even if the deadline is closer than when the transaction began', async () => {
    const [first, second] = positions;
    const timeoutsMs: number[] = [];
    proxy.tap = {
      fromClient: (message) => {
        // The settings of a transaction are its scope and both timeouts; later settings are the timeouts only.
        const [timeoutMs, , ...others] = parametersOf(message).slice(message.text.includes('open_') ? 1 : 0);
        if (/^\d+$/.test(timeoutMs ?? '') && others.length === 0) timeoutsMs.push(Number(timeoutMs));
      },
    };
    await asAdmin(url, async (otherClient) => {
      await otherClient.query('begin');
      await otherClient.query('select from positions where id = $1 for update', [second.id]);
      const until = manualDeadline();
      const work = store.transact(
        'ALL',
        async (tx) => {
          await tx.positions.lock([first.id]);
          until.comeIn(500);
          await tx.positions.lock([second.id]);
        },
        until,
      );
      const [, refused] = await Promise.all([isAtSomething(), work.catch((error: unknown) => error)]);
      expect(refused).toBeInstanceOf(DeadlineExceededError);
      await isAtNothing();
    });
    proxy.tap = {};
    expect(timeoutsMs[0]).toBe(10_000);
    expect(timeoutsMs[1]).toBeLessThanOrEqual(501);
    expect(timeoutsMs).toHaveLength(2);
  });
});

it('waiting for a free connection ends at the deadline, and no connection is lost', async () => {
  for (const _round of [1, 2]) {
    const leave = gate();
    const begun: Promise<void>[] = [];
    const holders = Array.from({ length: connections }, () => {
      const one = gate();
      begun.push(one.opened);
      return store.transact('ALL', async (tx) => {
        await tx.positions.byIds([positions[0].id]);
        one.open();
        await leave.opened;
      });
    });
    await Promise.all(begun);
    const late = Promise.resolve(store.read('ALL', deadlineIn(50)).positions.counts([{ where: {} }]));
    await expect(late).rejects.toThrow(DeadlineExceededError);
    leave.open();
    await Promise.all(holders);
  }
});

it('a read on a connection that is silent without an error is repeated on another before the deadline', async () => {
  let openings = 0;
  proxy.tap = {
    fromClient: (message, link) => {
      if (!isAnyBegin(message)) return;
      openings += 1;
      if (openings === 1) link.mute();
    },
  };
  const [position] = positions;
  expect(await store.read('ALL', deadlineIn(5_000)).positions.byIds([position.id])).toEqual([position]);
  proxy.tap = {};
  expect(openings).toBe(2);
});

it('a transaction is not retried after its deadline', async () => {
  const until = manualDeadline();
  let begins = 0;
  proxy.tap = {
    fromClient: (message, link) => {
      if (!isBegin(message)) return;
      begins += 1;
      until.pass();
      link.cut();
      return false;
    },
  };
  const work = store.transact('ALL', async (tx) => tx.positions.lock([positions[0].id]), until);
  await expect(work).rejects.toThrow(UnavailableError);
  proxy.tap = {};
  expect(begins).toBe(1);
});

it('the outcome of a COMMIT sent in time is returned, however late its response is', async () => {
  const until = manualDeadline();
  proxy.tap = {
    fromClient: (message, link) => {
      if (!isCommit(message) || until.remainingMs() === 0) return;
      until.pass();
      link.mute();
    },
    fromServer: (message, link) => void (isCommitted(message) && link.cut()),
  };
  const institution = anInstitution();
  const work = store.transact(
    'ALL',
    async (tx) => {
      tx.institutions.insert(institution);
      return 'written';
    },
    until,
  );
  // The first connection is cut, and so are those of the look-up until the tap is removed.
  await vi.waitFor(() => expect(until.remainingMs()).toBe(0), { timeout: waitMs });
  await vi.waitFor(async () => expect(await written(institution.id)).toBe(true), { timeout: waitMs });
  proxy.tap = {};
  expect(await work).toBe('written');
  expect(await store.read('ALL').institutions.byIds([institution.id])).toEqual([institution]);
});

const written = (id: string): Promise<boolean> =>
  asAdmin(url, async (admin) => (await admin.query('select from institutions where id = $1', [id])).rowCount === 1);
