import { beforeAll, expect, test } from 'vitest';
import type { Position } from '../../src/domain/position.ts';
import { AlreadyExistsError } from '../../src/store/errors.ts';
import type { Store, Writers } from '../../src/store/store.ts';
import { openPostgres } from '../support/stores.ts';
import {
  aDeal,
  anEvent,
  anInstitution,
  aPosition,
  type Deal,
  funded,
  insertAll,
  keep,
  keepDeal,
  nextId,
} from './rows.ts';
import { aMilestone, aParty, someTerms } from './termsRows.ts';

// The domain checks these rules before a write. PostgreSQL checks them again, for any other writer.
let store: Store;
let deal: Deal & { readonly positions: readonly [Position] };

beforeAll(async () => {
  store = await openPostgres();
  deal = await keepDeal(store, ({ asset }) => [aPosition(asset)] as const);
  await keep(store, { lifecycleEvents: [anEvent(deal.positions[0])] });
});

const position = (over: object) => (tx: Writers) => tx.positions.insert(aPosition(deal.asset, over));

const withTerms = (over: object) => position({ termsVersion: 1, ...over });
const RELEASED_IN_PART = { state: 'PARTIALLY_RELEASED', principal: 100n, held: 60n, released: 40n } as const;
const event = (over: object) => (tx: Writers) =>
  tx.lifecycleEvents.insert(anEvent({ ...deal.positions[0], sequence: 2 }, over));
/** Inserts terms of the position with a party and a milestone. */
const terms =
  (over: { readonly terms?: object; readonly party?: object; readonly milestone?: object }) =>
  (tx: Writers): void => {
    const own = someTerms(deal.positions[0], over.terms);
    insertAll(tx, {
      positionTerms: [own],
      parties: [aParty(own, 1, over.party)],
      milestones: [aMilestone(own, deal.positions[0], 1, over.milestone)],
    });
  };

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
  ['RELEASED with nothing earned', position({ state: 'RELEASED', refunded: 100n })],
  ['CANCELLED with money held', position({ state: 'CANCELLED', held: 1n })],
  ['CANCELLED with more than the amount', position({ state: 'CANCELLED', refunded: 101n })],
  ['EXPIRED with money held', position({ state: 'EXPIRED', held: 100n })],
  ['PARTIALLY_FUNDED with nothing held', position({ state: 'PARTIALLY_FUNDED', refunded: 1n })],
  ['PARTIALLY_FUNDED with the whole amount', position({ state: 'PARTIALLY_FUNDED', held: 99n, refunded: 1n })],
  ['PARTIALLY_FUNDED with money released', position({ state: 'PARTIALLY_FUNDED', held: 50n, released: 1n })],
  ['FUNDED with everything refunded', position({ state: 'FUNDED', refunded: 100n })],
  ['a principal without terms', position({ principal: 1n })],
  ['a principal without terms that fits the amounts', position({ state: 'FUNDED', held: 100n, principal: 100n })],
  ['retained money without terms', position({ state: 'FUNDED', held: 100n, retained: 1n })],
  ['fees without terms', position({ state: 'FUNDED', held: 100n, fees: 1n })],
  ['terms of version 0', position({ termsVersion: 0 })],
  ['CREATED with a fee', withTerms({ fees: 1n })],
  ['CREATED with a principal', withTerms({ principal: 1n, fees: 1n })],
  ['a principal above the amount', withTerms({ state: 'FUNDED', principal: 101n, held: 101n })],
  ['a principal below what is held', withTerms({ state: 'PARTIALLY_FUNDED', principal: 49n, held: 50n, fees: 2n })],
  ['a principal above what was paid', withTerms({ state: 'PARTIALLY_FUNDED', principal: 51n, held: 50n })],
  ['more retained than held', withTerms({ ...RELEASED_IN_PART, held: 5n, retained: 6n })],
  ['a negative retained amount', withTerms({ ...RELEASED_IN_PART, retained: -1n })],
  ['a negative fee', withTerms({ state: 'FUNDED', principal: 100n, held: 101n, fees: -1n })],
  ['FUNDED with something retained', withTerms({ state: 'FUNDED', principal: 100n, held: 100n, retained: 1n })],
  ['FUNDED with a fee of the payee', withTerms({ state: 'FUNDED', principal: 100n, held: 99n, fees: 1n })],
  [
    'PARTIALLY_RELEASED with nothing earned',
    withTerms({ ...RELEASED_IN_PART, held: 60n, released: 0n, refunded: 40n }),
  ],
  ['RELEASED with retained money', withTerms({ state: 'RELEASED', principal: 100n, released: 100n, retained: 1n })],
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
  ['an event with an unknown state', event({ toState: 'LOST' })],
  ['an event with an unknown move', event({ move: 'STEAL' })],
  ['an event with a fee of zero', event({ move: 'FUND', moved: 5n, fee: 0n })],
  ['an event that changes the retained amount by zero', event({ move: 'RELEASE', retained: 0n })],
  ['a creation with a previous state', event({ move: 'CREATE' })],
  ['an agreement without a party', event({ move: 'AGREE' })],
  ['a party of another move', event({ move: 'FUND', partyReference: 'ann' })],
  ['an event without a move that has a fee', event({ fee: 1n })],
  ['an event without a move that has a payment reference', event({ paymentReference: 'x' })],
  ['a milestone that does not exist', event({ move: 'RELEASE', milestoneId: nextId('mil') })],
  ['terms with a percentage above 100', terms({ terms: { retainagePercentage: '100.1' } })],
  ['terms with a percentage with needless zeros', terms({ terms: { retainagePercentage: '5.10' } })],
  ['a party with an unknown role', terms({ party: { role: 'JUDGE' } })],
  ['an observer that agrees', terms({ party: { role: 'OBSERVER', agreedAt: 1 } })],
  ['a milestone of zero', terms({ milestone: { amount: 0n } })],
  [
    'a milestone with more earned than its amount',
    terms({ milestone: { earned: 60n, refunded: 41n, state: 'CLOSED' } }),
  ],
  ['an open milestone with nothing left', terms({ milestone: { earned: 60n, refunded: 40n } })],
  ['a replaced milestone with money earned', terms({ milestone: { earned: 1n, state: 'REPLACED' } })],
  ['a milestone with a negative refund', terms({ milestone: { refunded: -1n } })],
  ['a milestone in an unknown state', terms({ milestone: { state: 'LATE' } })],
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

test.each<[string, (tx: Writers) => void]>([
  [
    'a position that is funded in part and refunded in part, without terms',
    position({ state: 'PARTIALLY_FUNDED', held: 9n, refunded: 1n }),
  ],
  [
    'a position that is funded and refunded in part, without terms',
    position({ state: 'FUNDED', held: 9n, refunded: 91n }),
  ],
  ['a position that was funded in part and cancelled', position({ state: 'CANCELLED', refunded: 5n })],
  [
    'a position with fees of both parties and retained money',
    withTerms({ ...RELEASED_IN_PART, released: 30n, fees: 15n, retained: 4n }),
  ],
  ['a position whose fees took all of the release', withTerms({ state: 'RELEASED', principal: 100n, fees: 103n })],
  ['terms with a percentage of 4 decimals', terms({ terms: { retainagePercentage: '0.0001' } })],
])('the database accepts %s', async (_name, write) => {
  await expect(store.transact('ALL', async (tx) => write(tx))).resolves.toBeUndefined();
});
