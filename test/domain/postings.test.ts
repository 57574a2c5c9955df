import { describe, expect, test } from 'vitest';
import { legsOf, newLedgerEvent, postingsOf } from '../../src/domain/ledgerEvent.ts';
import type { PositionState } from '../../src/domain/lifecycle.ts';
import { moveOf, newLifecycleEvent } from '../../src/domain/lifecycleEvent.ts';
import type { Move } from '../../src/domain/move.ts';
import { SYSTEM } from '../../src/domain/viewer.ts';
import { amounts, contract, inState, legs, moved, plain, through } from './contracts.ts';
import { moveTo, NOW } from './fixtures.ts';

const FEES = [
  { name: 'platform', bearer: 'PAYER', percentage: '1.5' },
  { name: 'bank', bearer: 'PAYEE', percentage: '2', fixed: '3' },
] as const;

/** 1000.00 USD with 10 % retainage, 1.5 % of the payer, and 2 % and 3.00 of the payee. */
const built = (state: PositionState) => inState(state, contract({ retainagePercentage: '10', fees: FEES }));

describe('the postings of each move with terms', () => {
  test.each<readonly [string, PositionState, Move, ReturnType<typeof legs>]>([
    [
      'FUND x with payer fee f: PAYER -(x+f), ESCROW +x, FEE +f',
      'CREATED',
      moveTo('FUND', '400'),
      [
        ['PAYER', -40_600n],
        ['ESCROW', 40_000n],
        ['FEE', 600n],
      ],
    ],
    [
      'RELEASE g with payee fee f, retainage r: ESCROW -g, PAYEE +(g-f-r), FEE +f, RETAINAGE +r',
      'FUNDED',
      moveTo('BY_AMOUNT', '250'),
      [
        ['ESCROW', -25_000n],
        ['RETAINAGE', 2_500n],
        ['PAYEE', 21_700n],
        ['FEE', 800n],
      ],
    ],
    [
      'final RELEASE of available a, retained R, fee f: ESCROW -a, RETAINAGE -R, PAYEE +(a+R-f), FEE +f',
      'PARTIALLY_RELEASED',
      moveTo('BY_AMOUNT'),
      [
        ['ESCROW', -75_000n],
        ['RETAINAGE', -2_500n],
        ['PAYEE', 76_000n],
        ['FEE', 1_500n],
      ],
    ],
    [
      'REFUND y: ESCROW -y, PAYER +y',
      'PARTIALLY_RELEASED',
      moveTo('REFUND', '1'),
      [
        ['ESCROW', -100n],
        ['PAYER', 100n],
      ],
    ],
    [
      'CANCEL: ESCROW -y, PAYER +y',
      'PARTIALLY_FUNDED',
      moveTo('CANCELLED'),
      [
        ['ESCROW', -40_000n],
        ['PAYER', 40_000n],
      ],
    ],
    [
      'EXPIRE: ESCROW -a, PAYER +a, RETAINAGE -R, PAYEE +R',
      'PARTIALLY_RELEASED',
      moveTo('EXPIRED'),
      [
        ['ESCROW', -75_000n],
        ['PAYER', 75_000n],
        ['RETAINAGE', -2_500n],
        ['PAYEE', 2_500n],
      ],
    ],
    ['CANCEL of a position that was never funded: none', 'CREATED', moveTo('CANCELLED'), []],
    ['EXPIRE of a position that was never funded: none', 'CREATED', moveTo('EXPIRED'), []],
  ])('%s', (_what, state, move, expected) => {
    expect(legs(built(state), move)).toEqual(expected);
  });
});

describe('the postings of each move without terms', () => {
  test.each<readonly [string, PositionState, Move, ReturnType<typeof legs>]>([
    [
      'FUND of a part',
      'CREATED',
      moveTo('FUND', '400'),
      [
        ['PAYER', -40_000n],
        ['ESCROW', 40_000n],
      ],
    ],
    [
      'FUND of the rest',
      'PARTIALLY_FUNDED',
      moveTo('FUNDED'),
      [
        ['PAYER', -60_000n],
        ['ESCROW', 60_000n],
      ],
    ],
    [
      'RELEASE',
      'FUNDED',
      moveTo('BY_AMOUNT', '250'),
      [
        ['ESCROW', -25_000n],
        ['PAYEE', 25_000n],
      ],
    ],
    [
      'final RELEASE',
      'PARTIALLY_RELEASED',
      moveTo('RELEASED'),
      [
        ['ESCROW', -75_000n],
        ['PAYEE', 75_000n],
      ],
    ],
    ...(['REFUND', 'CANCELLED', 'EXPIRED'] as const).map(
      (target) =>
        [
          target,
          'PARTIALLY_RELEASED',
          moveTo(target),
          [
            ['ESCROW', -75_000n],
            ['PAYER', 75_000n],
          ],
        ] as const,
    ),
    ['CANCEL of a position that was never funded', 'CREATED', moveTo('CANCELLED'), []],
  ])('%s', (_what, state, move, expected) => {
    expect(legs(inState(state, plain()), move)).toEqual(expected);
  });
});

describe('the event of a move', () => {
  const note = { reason: null, metadata: {} };
  const eventOf = (state: PositionState, move: Move) => {
    const before = built(state);
    return newLifecycleEvent(
      'evt_1',
      before.position,
      moved(before, move).position,
      moved(before, move).done,
      note,
      SYSTEM,
    );
  };

  test.each<readonly [PositionState, Move, object]>([
    ['CREATED', moveTo('FUND', '400'), { move: 'FUND', moved: 40_600n, fee: 600n, retained: null }],
    ['FUNDED', moveTo('BY_AMOUNT', '250'), { move: 'RELEASE', moved: 21_700n, fee: 800n, retained: 2_500n }],
    ['PARTIALLY_RELEASED', moveTo('RELEASED'), { move: 'RELEASE', moved: 76_000n, fee: 1_500n, retained: -2_500n }],
    ['PARTIALLY_RELEASED', moveTo('REFUND'), { move: 'REFUND', moved: 75_000n, fee: null, retained: null }],
    ['PARTIALLY_FUNDED', moveTo('CANCELLED'), { move: 'CANCEL', moved: 40_000n, fee: null, retained: null }],
    ['PARTIALLY_RELEASED', moveTo('EXPIRED'), { move: 'EXPIRE', moved: 77_500n, fee: null, retained: -2_500n }],
    ['CREATED', moveTo('EXPIRED'), { move: 'EXPIRE', moved: null, fee: null, retained: null }],
  ])('in state %s has the amounts of the move', (state, move, facts) => {
    expect(eventOf(state, move)).toMatchObject(facts);
  });

  test.each<readonly [PositionState, Move, bigint]>([
    ['FUNDED', moveTo('BY_AMOUNT', '250'), 25_000n],
    ['PARTIALLY_RELEASED', moveTo('RELEASED'), 75_000n],
  ])('a release in state %s has the gross amount as its sum', (state, move, gross) => {
    const { moved: paid, fee, retained } = eventOf(state, move);
    expect((paid ?? 0n) + (fee ?? 0n) + (retained ?? 0n)).toBe(gross);
  });

  test('has the milestone and the reference of the payment', () => {
    const born = contract({
      milestones: [
        { title: 'a', amount: '400' },
        { title: 'b', amount: '600' },
      ],
    });
    const funded = moved(born, { ...moveTo('FUND'), paymentReference: 'wire 1' });
    expect(funded.done).toMatchObject({ move: 'FUND', paymentReference: 'wire 1' });
    const paid = moved(funded, { ...moveTo('BY_AMOUNT', '10', 'mil_2'), paymentReference: 'wire 2' });
    const event = newLifecycleEvent('evt_3', funded.position, paid.position, paid.done, note, SYSTEM);
    expect(event).toMatchObject({ milestoneId: 'mil_2', paymentReference: 'wire 2', partyReference: null, fee: null });
  });

  test('has a ledger event of the kind of the change', () => {
    const kind = (state: PositionState, move: Move) => newLedgerEvent('led_1', eventOf(state, move)).kind;
    expect(kind('CREATED', moveTo('FUND', '1'))).toBe('POSITION_STATE_CHANGED');
    expect(kind('PARTIALLY_FUNDED', moveTo('FUND', '1'))).toBe('POSITION_CHANGED');
    expect(kind('PARTIALLY_RELEASED', moveTo('BY_AMOUNT', '1'))).toBe('POSITION_STATE_CHANGED');
    expect(kind('FUNDED', moveTo('REFUND', '1'))).toBe('POSITION_CHANGED');
    expect(kind('FUNDED', moveTo('REFUND'))).toBe('POSITION_STATE_CHANGED');
    const born = contract().position;
    const created = newLifecycleEvent('evt_1', null, born, { move: 'CREATE' }, note, SYSTEM);
    expect(newLedgerEvent('led_1', created).kind).toBe('POSITION_CREATED');
    const agreed = newLifecycleEvent('evt_2', born, born, { move: 'AGREE', partyReference: 'owner' }, note, SYSTEM);
    expect(newLedgerEvent('led_2', agreed).kind).toBe('POSITION_CHANGED');
    expect(agreed).toMatchObject({ partyReference: 'owner', moved: null });
  });

  test('an event of CREATE, AGREE or AMEND has no postings, and a posting has the number of its leg', () => {
    const none = { toState: 'CREATED', moved: null, fee: null, retained: null } as const;
    for (const move of ['CREATE', 'AGREE', 'AMEND'] as const) expect(legsOf({ ...none, move })).toEqual([]);
    const event = eventOf('CREATED', moveTo('FUND', '400'));
    const postings = postingsOf(newLedgerEvent('led_1', event), event);
    expect(postings.map(({ id, ordinal, currency }) => [id, ordinal, currency])).toEqual([
      ['led_1_1', 1, 'USD'],
      ['led_1_2', 2, 'USD'],
      ['led_1_3', 3, 'USD'],
    ]);
  });

  test('the kind of an event that was stored before kinds existed follows from its state', () => {
    const kinds = (['CREATED', 'FUNDED', 'PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED'] as const).map(
      (toState) => moveOf({ move: null, toState }),
    );
    expect(kinds).toEqual(['CREATE', 'FUND', 'RELEASE', 'RELEASE', 'CANCEL', 'EXPIRE']);
    expect(legsOf({ move: null, toState: 'CANCELLED', moved: 5n, fee: null, retained: null })).toEqual([
      ['ESCROW', -5n],
      ['PAYER', 5n],
    ]);
  });
});

describe('amounts after each move', () => {
  test('a new position has none', () => {
    expect(amounts(contract())).toEqual([0n, 0n, 0n, 0n, 0n]);
  });

  test('1000.00 at 10 %: a release of 250.00 pays 225.00 and retains 25.00', () => {
    const partly = inState('PARTIALLY_RELEASED', contract({ retainagePercentage: '10' }));
    expect(amounts(partly)).toEqual([77_500n, 2_500n, 22_500n, 0n, 0n]);
    expect(amounts(moved(partly, moveTo('RELEASED')))).toEqual([0n, 0n, 100_000n, 0n, 0n]);
  });

  test('an expiry refunds the available money and pays the retained money to the payee', () => {
    const { position: ended } = moved(built('PARTIALLY_RELEASED'), moveTo('EXPIRED'));
    expect(ended).toMatchObject({ state: 'EXPIRED', held: 0n, retained: 0n, released: 24_200n, refunded: 75_000n });
    expect(ended).toMatchObject({ fees: 2_300n, principal: 100_000n, closedAt: NOW });
  });

  test('a refund, a cancellation and an expiry charge nothing and return no fee', () => {
    for (const target of ['REFUND', 'CANCELLED', 'EXPIRED'] as const) {
      expect(amounts(moved(built('FUNDED'), moveTo(target)))).toEqual([0n, 0n, 0n, 100_000n, 1_500n]);
    }
  });

  test.each(['PARTIALLY_FUNDED', 'FUNDED', 'PARTIALLY_RELEASED'] as const)(
    'a refund of everything in state %s',
    (state) => {
      const { position: ended } = moved(inState(state, contract()), moveTo('REFUND'));
      const released = state === 'PARTIALLY_RELEASED' ? 25_000n : 0n;
      const refunded = state === 'PARTIALLY_FUNDED' ? 40_000n : 100_000n - released;
      expect(ended).toMatchObject({ state: 'CANCELLED', held: 0n, released, refunded, closedAt: NOW });
    },
  );

  test.each([undefined, '1', '1000.01', '1.001'])(
    'a refund in state CREATED is a ConflictError (amount %s)',
    (amount) => {
      for (const born of [contract(), plain()]) {
        expect(() => through(born, moveTo('REFUND', amount))).toThrow('Nothing is available for a refund.');
      }
    },
  );
});
