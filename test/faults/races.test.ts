import { afterAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { verify } from '../../src/verify/verify.ts';
import { COUNTS } from '../counts.ts';
import { createDatabase } from '../support/database.ts';
import { makeDeal } from '../support/deal.ts';
import { serve, type TestServer } from '../support/server.ts';
import { hasNoFaults } from './fixtures.ts';
import { type ConcurrentCall, type Race, run } from './race.ts';

const AT_ONCE = 10;

const FUNDED = 'FundPositionPayload';
const RELEASED = 'ReleasePositionPayload';
const CANCELLED = 'CancelPositionPayload';
const EXPIRED = 'ExpirePositionPayload';
const ILLEGAL = 'IllegalTransitionError';
const release = (amount?: string): ConcurrentCall => ({
  move: 'releasePosition',
  ...(amount === undefined ? { all: true } : { amount }),
});
const RACES: readonly Race[] = [
  {
    name: 'release + release of more than half each',
    calls: [release('60.00'), release('70.00')],
    from: 'FUNDED',
    orders: [
      [RELEASED, 'InsufficientFundsError', 'PARTIALLY_RELEASED', '40.00', '60.00', '0.00'],
      ['InsufficientFundsError', RELEASED, 'PARTIALLY_RELEASED', '30.00', '70.00', '0.00'],
    ],
  },
  {
    name: 'release + release of what is held together',
    calls: [release('30.00'), release('70.00')],
    from: 'FUNDED',
    orders: [[RELEASED, RELEASED, 'RELEASED', '0.00', '100.00', '0.00']],
  },
  {
    name: 'release + cancel',
    calls: [release('60.00'), { move: 'cancelPosition' }],
    from: 'FUNDED',
    orders: [
      [RELEASED, CANCELLED, 'CANCELLED', '0.00', '60.00', '40.00'],
      [ILLEGAL, CANCELLED, 'CANCELLED', '0.00', '0.00', '100.00'],
    ],
  },
  {
    name: 'fund + cancel',
    calls: [{ move: 'fundPosition' }, { move: 'cancelPosition' }],
    from: 'CREATED',
    orders: [
      [FUNDED, CANCELLED, 'CANCELLED', '0.00', '0.00', '100.00'],
      [ILLEGAL, CANCELLED, 'CANCELLED', '0.00', '0.00', '0.00'],
    ],
  },
  {
    name: 'expire by hand + release',
    calls: [{ move: 'expirePosition' }, release()],
    from: 'FUNDED',
    orders: [
      [EXPIRED, ILLEGAL, 'EXPIRED', '0.00', '0.00', '100.00'],
      [ILLEGAL, RELEASED, 'RELEASED', '0.00', '100.00', '0.00'],
    ],
  },
  {
    name: 'expire by the sweep + release',
    calls: ['sweep', release()],
    from: 'FUNDED',
    orders: [
      ['swept', ILLEGAL, 'EXPIRED', '0.00', '0.00', '100.00'],
      ['not due', RELEASED, 'RELEASED', '0.00', '100.00', '0.00'],
    ],
  },
];

/** Two servers on one store. */
async function openMemory(): Promise<readonly [Store, Store]> {
  const store = createMemoryStore();
  return [store, store];
}
async function openPostgres(): Promise<readonly [Store, Store]> {
  const database = await createDatabase();
  const open = (): Store => createPostgresStore({ databaseUrl: database.url, onError: () => undefined });
  const stores = [open(), open()] as const;
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await database.drop();
  });
  return stores;
}

describe.each([
  ['In memory', openMemory],
  ['On PostgreSQL', openPostgres],
] as const)('%s', (where, open) => {
  it.each(RACES)('$name: the outcome is that of one of the two orders', async (race) => {
    const stores = await open();
    const servers = stores.map((store) => serve(store)) as [TestServer, TestServer];
    const deal = await makeDeal(servers[0]);
    const seen = race.orders.map(() => 0);
    let reads = 0;
    for (let done = 0, turn = 0; done < COUNTS.races; done += AT_ONCE, turn += 1) {
      const ran = await run(servers, deal, race, Math.min(AT_ONCE, COUNTS.races - done), turn);
      reads += ran.reads;
      for (const outcome of ran.outcomes) {
        const order = race.orders.findIndex((each) => each.join() === outcome.join());
        expect(race.orders).toContainEqual(outcome);
        seen[order] = (seen[order] as number) + 1;
      }
    }
    for (const server of servers) hasNoFaults(server);
    expect(await verify(stores[0])).toMatchObject({ positions: COUNTS.races, difference: null });
    const orders = seen.join(' + ');
    process.stdout.write(
      `${where}, ${race.name}: ${COUNTS.races} races (${orders} by order), ${reads} reads meanwhile.\n`,
    );
  });
});
