import { beforeAll, expect, test } from 'vitest';
import type { Position } from '../../src/domain/position.ts';
import { AlreadyExistsError } from '../../src/store/errors.ts';
import type { Store, Writers } from '../../src/store/store.ts';
import { openPostgres } from '../support/stores.ts';
import { aDeal, anEvent, anInstitution, aPosition, type Deal, funded, keep, keepDeal } from './rows.ts';

// The domain checks these rules before a write. PostgreSQL checks them again, for any other writer.
let store: Store;
let deal: Deal & { readonly positions: readonly [Position] };

beforeAll(async () => {
  store = await openPostgres();
  deal = await keepDeal(store, ({ asset }) => [aPosition(asset)] as const);
  await keep(store, { lifecycleEvents: [anEvent(deal.positions[0])] });
});

const position = (over: object) => (tx: Writers) => tx.positions.insert(aPosition(deal.asset, over));

test.each<[string, (tx: Writers) => void]>([
  ['an amount of zero', position({ amount: 0n, magnitude: 1n })],
  ['a negative amount', position({ amount: -1n, magnitude: 1n })],
  ['an amount of 29 digits', position({ amount: 10n ** 28n })],
  ['a currency in lower case', position({ currency: 'usd', magnitude: 1n })],
  ['an unknown state', position({ state: 'LOST' })],
  ['CREATED with money held', position({ held: 100n })],
  ['FUNDED with a part of the amount', position({ state: 'FUNDED', held: 99n })],
  ['FUNDED with more than the amount', position({ state: 'FUNDED', held: 101n })],
  ['PARTIALLY_RELEASED with nothing released', position({ state: 'PARTIALLY_RELEASED', held: 100n })],
  ['PARTIALLY_RELEASED with nothing held', position({ state: 'PARTIALLY_RELEASED', released: 100n })],
  ['PARTIALLY_RELEASED with a cent too many', position({ state: 'PARTIALLY_RELEASED', held: 50n, released: 51n })],
  ['RELEASED with a part of the amount', position({ state: 'RELEASED', released: 99n })],
  ['RELEASED with money held', position({ state: 'RELEASED', released: 100n, held: 100n })],
  ['CANCELLED with a part of the amount missing', position({ state: 'CANCELLED', refunded: 99n })],
  ['EXPIRED with money held', position({ state: 'EXPIRED', held: 100n })],
  ['a negative part of the amount', position({ state: 'CANCELLED', refunded: 101n, released: -1n })],
  ['a version of 0', position({ version: 0 })],
  ['a template version of 0', position({ templateVersion: 0 })],
  [
    'a unique reference that differs from the external reference',
    position({ externalReference: 'a', uniqueReference: 'b' }),
  ],
  ['a unique reference without an external reference', position({ uniqueReference: 'b' })],
  ['a repeated sequence', (tx) => tx.lifecycleEvents.insert(anEvent(deal.positions[0]))],
  [
    'a first event with a previous state',
    (tx) => tx.lifecycleEvents.insert(anEvent(deal.positions[0], { fromState: 'CREATED' })),
  ],
  [
    'a later event without a previous state',
    (tx) => tx.lifecycleEvents.insert(anEvent({ ...deal.positions[0], sequence: 2 }, { fromState: null })),
  ],
  [
    'an event that moves an amount of zero',
    (tx) => tx.lifecycleEvents.insert(anEvent({ ...deal.positions[0], sequence: 2 }, { moved: 0n })),
  ],
  ['an institution without regions', (tx) => tx.institutions.insert(anInstitution({ regions: [] }))],
  ['an institution without verticals', (tx) => tx.institutions.insert(anInstitution({ verticals: [] }))],
])('the database rejects %s, with the whole transaction', async (_name, breach) => {
  const beside = aDeal();
  const work = store.transact('ALL', async (tx) => {
    tx.institutions.insert(beside.institution);
    tx.positions.replace(funded(deal.positions[0]));
    breach(tx);
  });
  const fault: Error = await work.then(
    () => expect.unreachable('it was written'),
    (error: Error) => error,
  );
  const databaseError = fault instanceof AlreadyExistsError ? fault.cause : fault;
  expect(databaseError).toMatchObject({ code: expect.stringMatching(/^23|^22003$/) });
  expect(await store.read('ALL').institutions.byIds([beside.institution.id])).toEqual([undefined]);
  expect(await store.read('ALL').positions.byIds([deal.positions[0].id])).toEqual(deal.positions);
});
