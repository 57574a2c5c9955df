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
const REFUNDED = 'RefundPositionPayload';
const AGREED = 'AgreeToPositionPayload';
const AMENDED = 'AmendPositionPayload';
const INVALID = 'ValidationError';
const fund = (amount?: string): ConcurrentCall => ({ move: 'fundPosition', ...(amount !== undefined && { amount }) });
const PARTIES = [
  { role: 'PAYER', reference: 'payer' },
  { role: 'PAYEE', reference: 'payee' },
];
/** Two milestones, of which the payee gets 90 % at once and is charged 2 %. */
const CONTRACT = {
  parties: PARTIES,
  milestones: [
    { title: 'Foundations', amount: '40.00' },
    { title: 'Deck', amount: '60.00' },
  ],
  fees: [{ name: 'Platform fee', bearer: 'PAYEE', percentage: '2' }],
  retainagePercentage: '10',
};
const NOTHING_LEFT = ['0.00', '0.00', 'terms 1', '0 agreed'];
const AMENDMENT: ConcurrentCall = { move: 'amendPosition', terms: { parties: PARTIES } };
const WITH_TERMS: readonly Race[] = [
  {
    name: 'release + release of more than one milestone has',
    from: 'FUNDED',
    terms: CONTRACT,
    calls: [
      { move: 'releasePosition', milestone: 1, amount: '25.00' },
      { move: 'releasePosition', milestone: 1, amount: '30.00' },
    ],
    orders: [
      [RELEASED, INVALID, 'PARTIALLY_RELEASED', '77.50', '22.00', '0.00', '2.50', '0.50', 'terms 1', '0 agreed'],
      [INVALID, RELEASED, 'PARTIALLY_RELEASED', '73.00', '26.40', '0.00', '3.00', '0.60', 'terms 1', '0 agreed'],
    ],
  },
  {
    name: 'release + release of one whole milestone',
    from: 'FUNDED',
    terms: CONTRACT,
    calls: [
      { move: 'releasePosition', milestone: 1, all: true },
      { move: 'releasePosition', milestone: 1, amount: '40.00' },
    ],
    orders: [
      [RELEASED, INVALID, 'PARTIALLY_RELEASED', '64.00', '35.20', '0.00', '4.00', '0.80', 'terms 1', '0 agreed'],
      [INVALID, RELEASED, 'PARTIALLY_RELEASED', '64.00', '35.20', '0.00', '4.00', '0.80', 'terms 1', '0 agreed'],
    ],
  },
  {
    name: 'release of a milestone + final release',
    from: 'FUNDED',
    terms: CONTRACT,
    calls: [{ move: 'releasePosition', milestone: 1, all: true }, release()],
    orders: [
      [RELEASED, RELEASED, 'RELEASED', '0.00', '98.00', '0.00', '0.00', '2.00', 'terms 1', '0 agreed'],
      [ILLEGAL, RELEASED, 'RELEASED', '0.00', '98.00', '0.00', '0.00', '2.00', 'terms 1', '0 agreed'],
    ],
  },
  {
    name: 'release + refund of more than one milestone has',
    from: 'FUNDED',
    terms: CONTRACT,
    calls: [
      { move: 'releasePosition', milestone: 2, amount: '40.00' },
      { move: 'refundPosition', milestone: 2, amount: '50.00' },
    ],
    orders: [
      [RELEASED, INVALID, 'PARTIALLY_RELEASED', '64.00', '35.20', '0.00', '4.00', '0.80', 'terms 1', '0 agreed'],
      [INVALID, REFUNDED, 'FUNDED', '50.00', '0.00', '50.00', ...NOTHING_LEFT],
    ],
  },
  {
    name: 'release + refund of everything',
    from: 'FUNDED',
    calls: [release('60.00'), { move: 'refundPosition', all: true }],
    orders: [
      [RELEASED, REFUNDED, 'CANCELLED', '0.00', '60.00', '40.00'],
      [ILLEGAL, REFUNDED, 'CANCELLED', '0.00', '0.00', '100.00'],
    ],
  },
  {
    name: 'fund + fund of more than is due',
    from: 'CREATED',
    calls: [fund('60.00'), fund('50.00')],
    orders: [
      [FUNDED, INVALID, 'PARTIALLY_FUNDED', '60.00', '0.00', '0.00'],
      [INVALID, FUNDED, 'PARTIALLY_FUNDED', '50.00', '0.00', '0.00'],
    ],
  },
  {
    name: 'fund of a part + fund of everything due',
    from: 'CREATED',
    calls: [fund('60.00'), fund()],
    orders: [
      [FUNDED, FUNDED, 'FUNDED', '100.00', '0.00', '0.00'],
      [ILLEGAL, FUNDED, 'FUNDED', '100.00', '0.00', '0.00'],
    ],
  },
  {
    name: 'agree + amend',
    from: 'CREATED',
    terms: CONTRACT,
    calls: [{ move: 'agreeToPosition', partyReference: 'payer', termsVersion: 1 }, AMENDMENT],
    orders: [
      [AGREED, AMENDED, 'CREATED', '0.00', '0.00', '0.00', '0.00', '0.00', 'terms 2', '0 agreed'],
      ['StaleVersionError', AMENDED, 'CREATED', '0.00', '0.00', '0.00', '0.00', '0.00', 'terms 2', '0 agreed'],
    ],
  },
  {
    name: 'amend + fund',
    from: 'CREATED',
    terms: CONTRACT,
    calls: [AMENDMENT, fund('10.00')],
    orders: [
      [AMENDED, FUNDED, 'PARTIALLY_FUNDED', '10.00', '0.00', '0.00', '0.00', '0.00', 'terms 2', '0 agreed'],
      ['ConflictError', FUNDED, 'PARTIALLY_FUNDED', '10.00', '0.00', '0.00', ...NOTHING_LEFT],
    ],
  },
];
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
    calls: [fund(), { move: 'cancelPosition' }],
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
  it.each([...RACES, ...WITH_TERMS])('$name: the outcome is that of one of the two orders', async (race) => {
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
