import { describe, expect, test } from 'vitest';
import { canLead, OPEN_STATES, POSITION_STATES, type PositionState } from '../../src/domain/lifecycle.ts';
import type { Move } from '../../src/domain/move.ts';
import { amountsOf } from '../../src/domain/positionAmounts.ts';
import { type Contract, contract, inState, moved, plain, through } from './contracts.ts';
import { DEADLINE, faultsOf, moveTo, NOW, refusalOf } from './fixtures.ts';

const RETAINAGE = { retainagePercentage: '10' };
const KINDS: readonly (readonly [name: string, born: () => Contract])[] = [
  ['without terms', () => plain()],
  ['with terms', () => contract()],
];

/** The rows of the transition table: the state before, the move, and the state after it. */
const ROWS: readonly (readonly [PositionState, Move, PositionState, string])[] = [
  ['CREATED', moveTo('FUND', '400'), 'PARTIALLY_FUNDED', 'FUND of a part'],
  ['CREATED', moveTo('FUND', '1000'), 'FUNDED', 'FUND of everything'],
  ['CREATED', moveTo('FUND'), 'FUNDED', 'FUND without an amount'],
  ['CREATED', moveTo('FUNDED'), 'FUNDED', 'the state FUNDED'],
  ['PARTIALLY_FUNDED', moveTo('FUND', '599.99'), 'PARTIALLY_FUNDED', 'FUND of a part'],
  ['PARTIALLY_FUNDED', moveTo('FUND', '600'), 'FUNDED', 'FUND of what is due'],
  ['PARTIALLY_FUNDED', moveTo('FUND'), 'FUNDED', 'FUND without an amount'],
  ['PARTIALLY_FUNDED', moveTo('FUNDED'), 'FUNDED', 'the state FUNDED'],
  ['FUNDED', moveTo('BY_AMOUNT', '999.99'), 'PARTIALLY_RELEASED', 'RELEASE of a part'],
  ['FUNDED', moveTo('PARTIALLY_RELEASED', '1'), 'PARTIALLY_RELEASED', 'the state PARTIALLY_RELEASED'],
  ['FUNDED', moveTo('BY_AMOUNT', '1000'), 'RELEASED', 'RELEASE of everything'],
  ['FUNDED', moveTo('BY_AMOUNT'), 'RELEASED', 'RELEASE without an amount'],
  ['FUNDED', moveTo('RELEASED'), 'RELEASED', 'the state RELEASED'],
  ['PARTIALLY_RELEASED', moveTo('BY_AMOUNT', '749.99'), 'PARTIALLY_RELEASED', 'RELEASE of a part'],
  ['PARTIALLY_RELEASED', moveTo('BY_AMOUNT', '750'), 'RELEASED', 'RELEASE of everything'],
  ['PARTIALLY_RELEASED', moveTo('RELEASED', '750'), 'RELEASED', 'the state RELEASED with the held amount'],
  ...(['PARTIALLY_FUNDED', 'FUNDED', 'PARTIALLY_RELEASED'] as const).flatMap((from) => [
    [from, moveTo('REFUND', '0.01'), from, 'REFUND of a part'] as const,
    [from, moveTo('REFUND'), 'CANCELLED', 'REFUND of everything'] as const,
  ]),
  ['PARTIALLY_FUNDED', moveTo('REFUND', '400'), 'CANCELLED', 'REFUND of the available amount'],
  ['FUNDED', moveTo('REFUND', '1000'), 'CANCELLED', 'REFUND of the available amount'],
  ['PARTIALLY_RELEASED', moveTo('REFUND', '750'), 'CANCELLED', 'REFUND of the available amount'],
  ...OPEN_STATES.flatMap((from) => [
    [from, moveTo('CANCELLED'), 'CANCELLED', 'CANCEL'] as const,
    [from, moveTo('EXPIRED'), 'EXPIRED', 'EXPIRE'] as const,
  ]),
];

describe.each(KINDS)('the transition table %s', (_kind, born) => {
  test.each(ROWS.map(([from, move, to, what]) => ({ from, move, to, what })))(
    '$what leads from $from to $to',
    ({ from, move, to }) => {
      const { position, done } = moved(inState(from, born()), move);
      expect(position.state).toBe(to);
      expect(canLead(done.move, from, to)).toBe(true);
    },
  );

  test.each(
    (
      [
        [moveTo('FUND', '1'), 'FUNDED', ['FUNDED', 'PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED']],
        [moveTo('FUNDED'), 'FUNDED', ['FUNDED', 'PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED']],
        [moveTo('PARTIALLY_FUNDED', '1'), 'PARTIALLY_FUNDED', POSITION_STATES],
        [moveTo('CREATED'), 'CREATED', POSITION_STATES],
        [moveTo('BY_AMOUNT'), 'RELEASED', ['CREATED', 'PARTIALLY_FUNDED', 'RELEASED', 'CANCELLED', 'EXPIRED']],
        [
          moveTo('BY_AMOUNT', '1'),
          'PARTIALLY_RELEASED',
          ['CREATED', 'PARTIALLY_FUNDED', 'RELEASED', 'CANCELLED', 'EXPIRED'],
        ],
        [moveTo('REFUND'), 'CANCELLED', ['RELEASED', 'CANCELLED', 'EXPIRED']],
        [moveTo('REFUND', '1'), 'CANCELLED', ['RELEASED', 'CANCELLED', 'EXPIRED']],
        [moveTo('CANCELLED'), 'CANCELLED', ['RELEASED', 'CANCELLED', 'EXPIRED']],
        [moveTo('EXPIRED'), 'EXPIRED', ['RELEASED', 'CANCELLED', 'EXPIRED']],
      ] as const
    ).flatMap(([move, to, states]) => states.map((from) => ({ move, to, from, target: move.toState }))),
  )('$target is an IllegalTransitionError in state $from', ({ move, to, from }) => {
    expect(refusalOf(() => moved(inState(from, born()), move))).toMatchObject({ code: 'ILLEGAL_TRANSITION', from, to });
  });

  test.each(OPEN_STATES)('from the expiry on, %s allows only EXPIRE', (state) => {
    const before = inState(state, born());
    for (const target of ['FUND', 'BY_AMOUNT', 'REFUND', 'CANCELLED'] as const) {
      const to = { FUND: 'FUNDED', BY_AMOUNT: 'RELEASED', REFUND: 'CANCELLED', CANCELLED: 'CANCELLED' }[target];
      const facts = { code: 'ILLEGAL_TRANSITION', to, allowedTransitions: ['EXPIRED'] };
      expect(refusalOf(() => moved(before, moveTo(target), DEADLINE))).toMatchObject(facts);
    }
    expect(moved(before, moveTo('EXPIRED'), DEADLINE).position.state).toBe('EXPIRED');
  });
});

test.each(POSITION_STATES.flatMap((from) => POSITION_STATES.map((to) => ({ from, to }))))(
  'a refund leads from $from to $to only if the state is unchanged or CANCELLED',
  ({ from, to }) => {
    const open = ['PARTIALLY_FUNDED', 'FUNDED', 'PARTIALLY_RELEASED'].includes(from);
    expect(canLead('REFUND', from, to)).toBe(open && (to === from || to === 'CANCELLED'));
    expect(canLead('AMEND', from, to)).toBe(from === 'CREATED' && to === 'CREATED');
    expect(canLead('AGREE', from, to)).toBe(from === 'CREATED' && to === 'CREATED');
    expect(canLead('CREATE', from, to)).toBe(false);
    expect(canLead('CREATE', null, to)).toBe(to === 'CREATED');
  },
);

describe('a position with retained money', () => {
  const partly = () => inState('PARTIALLY_RELEASED', contract(RETAINAGE));

  test('a release of everything available keeps the retained amount, and the position stays open', () => {
    const { position } = moved(partly(), moveTo('BY_AMOUNT', '750'));
    expect(position).toMatchObject({ state: 'PARTIALLY_RELEASED', held: 10_000n, retained: 10_000n, closedAt: null });
    expect(refusalOf(() => moved(through(partly(), moveTo('BY_AMOUNT', '750')), moveTo('REFUND')))).toMatchObject({
      code: 'CONFLICT',
      message: 'Nothing is available for a refund.',
    });
  });

  test('a refund of everything leaves the retained amount, and the final release pays it', () => {
    const refunded = moved(partly(), moveTo('REFUND'));
    expect(refunded.position).toMatchObject({ state: 'PARTIALLY_RELEASED', held: 2_500n, retained: 2_500n });
    expect(moved(refunded, moveTo('RELEASED')).position).toMatchObject({
      state: 'RELEASED',
      released: 25_000n,
      refunded: 75_000n,
    });
  });

  test('a cancellation is a ConflictError', () => {
    expect(refusalOf(() => moved(partly(), moveTo('CANCELLED')))).toMatchObject({
      code: 'CONFLICT',
      message: 'The payee has earned 25.00 USD that is retained. Release the position instead.',
    });
  });

  test('the state RELEASED accepts exactly the available amount', () => {
    expect(moved(partly(), moveTo('RELEASED', '750')).position).toMatchObject({
      state: 'RELEASED',
      released: 100_000n,
    });
    expect(faultsOf(() => moved(partly(), moveTo('RELEASED', '749.99')))).toEqual([
      'amount: must be the whole available amount; omit it to release everything.',
    ]);
  });

  test.each(['RELEASED', 'BY_AMOUNT', 'REFUND', 'PARTIALLY_RELEASED'] as const)(
    '%s of more than is available is an InsufficientFundsError with both amounts',
    (target) => {
      expect(refusalOf(() => moved(partly(), moveTo(target, '750.01')))).toMatchObject({
        code: 'INSUFFICIENT_FUNDS',
        message: 'The requested amount exceeds what the position has available. Request at most `available`.',
        held: { minorUnits: 77_500n },
        available: { minorUnits: 75_000n },
        requested: { minorUnits: 75_001n },
      });
    },
  );
});

describe('the amount due', () => {
  test.each(KINDS)('funding more than is due is a ValidationError that states the amount due (%s)', (_kind, born) => {
    const partly = inState('PARTIALLY_FUNDED', born());
    expect(faultsOf(() => moved(partly, moveTo('FUND', '600.01')))).toEqual([
      'amount: must be at most the amount due, 600.00 USD.',
    ]);
    expect(faultsOf(() => moved(born(), moveTo('FUND', '1000.01')))).toEqual([
      'amount: must be at most the amount due, 1000.00 USD.',
    ]);
  });

  test.each(KINDS)('a refund does not increase the amount due (%s)', (_kind, born) => {
    const partly = through(inState('PARTIALLY_FUNDED', born()), moveTo('REFUND', '100'));
    expect(amountsOf(partly.position)).toMatchObject({ funded: 40_000n, due: 60_000n, available: 30_000n });
    const { position } = moved(partly, moveTo('FUND'));
    expect(position).toMatchObject({ state: 'FUNDED', held: 90_000n, refunded: 10_000n, fundedAt: NOW });
  });

  test('the fees of the payer are not part of what is due', () => {
    const fees = [{ name: 'platform', bearer: 'PAYER' as const, percentage: '2' }];
    const { position } = through(contract({ fees }), moveTo('FUND', '400'));
    expect(position).toMatchObject({ principal: 40_000n, held: 40_000n, fees: 800n });
    expect(amountsOf(position)).toMatchObject({ funded: 40_800n, due: 60_000n, payerFees: 800n, payeeFees: 0n });
  });
});

test('a position cannot be moved without its current terms', () => {
  const { position, terms } = contract();
  const other = terms && { ...terms, terms: { ...terms.terms, version: 2 } };
  const sentence = 'A position can only be moved with its current terms.';
  expect(() => moved({ position, terms: undefined }, moveTo('FUND'))).toThrow(sentence);
  expect(() => moved({ position, terms: other }, moveTo('FUND'))).toThrow(sentence);
  expect(() => moved({ ...plain(), terms }, moveTo('FUND'))).toThrow(sentence);
});
