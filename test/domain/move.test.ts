import { describe, expect, test } from 'vitest';
import type { PositionState } from '../../src/domain/lifecycle.ts';
import { newLifecycleEvent } from '../../src/domain/lifecycleEvent.ts';
import { advance, checkMove, type Move } from '../../src/domain/move.ts';
import { fundedOf, type Position } from '../../src/domain/position.ts';
import { actorOf } from '../../src/domain/viewer.ts';
import { after, agreed, currency, DEADLINE, faultsOf, IN, moveTo, NOW, refusalOf } from './fixtures.ts';

const { FUNDED, PARTIALLY_RELEASED } = IN;
const usd = currency('USD');

/** The held, released and refunded cents of a position. */
const money = ({ held, released, refunded }: Position) => [held, released, refunded];

const release = (from: Position, amount?: string) => {
  const { position, moved } = advance(from, moveTo('BY_AMOUNT', amount), NOW);
  return [position.state, moved, position.held];
};

const leftOut = (to: PositionState) => `amount: is not allowed here; ${to} always moves the whole amount.`;

const codeOf = (position: Position, move: Move, now = NOW) => refusalOf(() => advance(position, move, now)).code;

describe('the amounts that a move changes', () => {
  test('FUNDED moves the whole amount into escrow', () => {
    const { position, moved } = advance(agreed('100.00'), moveTo('FUNDED'), NOW);
    expect([moved, ...money(position)]).toEqual([10_000n, 10_000n, 0n, 0n]);
  });

  test.each(['CANCELLED', 'EXPIRED'] as const)('%s refunds the held amount, and nothing that was released', (to) => {
    expect(money(advance(IN.CREATED, moveTo(to), NOW).position)).toEqual([0n, 0n, 0n]);
    expect(money(advance(FUNDED, moveTo(to), NOW).position)).toEqual([0n, 0n, 10_000n]);
    expect(money(advance(PARTIALLY_RELEASED, moveTo(to), NOW).position)).toEqual([0n, 4_000n, 6_000n]);
  });

  test('a move changes only state, amounts, sequence, version and updatedAt, and not its argument', () => {
    const before = structuredClone(FUNDED);
    const { position } = advance(FUNDED, moveTo('PARTIALLY_RELEASED', '0.01'), NOW + 5);
    const changed = { held: 9_999n, released: 1n, sequence: 3, version: 3, updatedAt: NOW + 5 };
    expect(position).toEqual({ ...before, state: 'PARTIALLY_RELEASED', ...changed });
    expect(FUNDED).toEqual(before);
    expect(Object.isFrozen(position)).toBe(true);
  });
});

describe('a release by its amount', () => {
  test.each([
    ['no amount', undefined, 'RELEASED', 6_000n, 0n],
    ['a part', '59.99', 'PARTIALLY_RELEASED', 5_999n, 1n],
    ['exactly what is held', '60.00', 'RELEASED', 6_000n, 0n],
    ['the same with fewer digits', '60', 'RELEASED', 6_000n, 0n],
    ['the least amount', '0.01', 'PARTIALLY_RELEASED', 1n, 5_999n],
  ])('a release with %s of 60.00 held results in %s %s', (_what, amount, state, moved, held) => {
    expect(release(PARTIALLY_RELEASED, amount)).toEqual([state, moved, held]);
  });

  test('a release of more than is held is an InsufficientFundsError with the held and the requested amount', () => {
    expect(refusalOf(() => release(PARTIALLY_RELEASED, '60.01'))).toEqual({
      code: 'INSUFFICIENT_FUNDS',
      message: 'The requested amount exceeds what the position holds. Request at most `held`.',
      path: ['amount'],
      held: { minorUnits: 6_000n, currency: usd },
      available: { minorUnits: 6_000n, currency: usd },
      requested: { minorUnits: 6_001n, currency: usd },
    });
  });

  test.each([undefined, '1'])(
    'a release of a position that was never funded is an IllegalTransitionError (amount %s)',
    (amount) => {
      expect(refusalOf(() => release(IN.CREATED, amount))).toMatchObject({
        code: 'ILLEGAL_TRANSITION',
        from: 'CREATED',
      });
    },
  );
});

describe('amounts that a move does not accept', () => {
  test.each([
    ['FUNDED with the amount of the position', IN.CREATED, moveTo('FUNDED', '100.00'), leftOut('FUNDED')],
    ['CANCELLED with the held amount', FUNDED, moveTo('CANCELLED', '100.00'), leftOut('CANCELLED')],
    ['EXPIRED with a part of the held amount', FUNDED, moveTo('EXPIRED', '1'), leftOut('EXPIRED')],
    [
      'PARTIALLY_RELEASED without an amount',
      FUNDED,
      moveTo('PARTIALLY_RELEASED'),
      'amount: is required: the amount to release.',
    ],
    [
      'PARTIALLY_RELEASED with the whole held amount',
      FUNDED,
      moveTo('PARTIALLY_RELEASED', '100'),
      'amount: must be less than the held amount; release everything with RELEASED.',
    ],
    [
      'RELEASED with a part of the held amount',
      FUNDED,
      moveTo('RELEASED', '99.99'),
      'amount: must be the whole held amount; omit it to release everything.',
    ],
    [
      'an amount with too many decimals',
      FUNDED,
      moveTo('BY_AMOUNT', '1.000'),
      'amount: must have at most 2 decimals in USD.',
    ],
  ])('%s is a ValidationError', (_what, position, move, fault) => {
    expect(faultsOf(() => advance(position, move, NOW))).toEqual([fault]);
  });

  test('RELEASED accepts exactly the held amount', () => {
    expect(advance(FUNDED, moveTo('RELEASED', '100'), NOW).moved).toBe(10_000n);
  });
});

describe('the order of user errors of a move', () => {
  test.each([
    [
      'a released position and an amount with too many decimals that exceeds the funds',
      IN.RELEASED,
      moveTo('BY_AMOUNT', '999.999'),
      NOW,
    ],
    ['a cancelled position and an amount that EXPIRED does not accept', IN.CANCELLED, moveTo('EXPIRED', '999'), NOW],
    ['a position that was never funded, and no amount', IN.CREATED, moveTo('PARTIALLY_RELEASED'), NOW],
    [
      'a position that was never funded, and an amount that exceeds the funds',
      IN.CREATED,
      moveTo('RELEASED', '999'),
      NOW,
    ],
    ['a position after its expiry, and an amount that exceeds the funds', FUNDED, moveTo('BY_AMOUNT', '999'), DEADLINE],
    ['a position after its expiry, and no amount', FUNDED, moveTo('PARTIALLY_RELEASED'), DEADLINE],
    ['a position after its expiry, and an unexpected amount', FUNDED, moveTo('CANCELLED', '1'), DEADLINE],
  ])('state and expiry are checked before the amount: %s', (_what, position, move, now) => {
    expect(codeOf(position, move, now)).toBe('ILLEGAL_TRANSITION');
  });

  test.each([
    ['has too many decimals', moveTo('BY_AMOUNT', '999.999')],
    ['is not allowed', moveTo('CANCELLED', '999')],
    ['is not allowed for EXPIRED', moveTo('EXPIRED', '999')],
  ])('an amount that %s is rejected before the held amount is compared', (_what, move) => {
    expect(codeOf(FUNDED, move)).toBe('VALIDATION_FAILED');
  });

  test.each(['RELEASED', 'PARTIALLY_RELEASED', 'BY_AMOUNT'] as const)('the held amount is compared last: %s', (to) => {
    expect(codeOf(FUNDED, moveTo(to, '100.01'))).toBe('INSUFFICIENT_FUNDS');
  });
});

describe('the expiry of a position', () => {
  test('all moves are allowed until the millisecond before the expiry, and then only EXPIRED, with a refund', () => {
    expect(advance(FUNDED, moveTo('RELEASED'), DEADLINE - 1).moved).toBe(10_000n);
    expect(refusalOf(() => advance(FUNDED, moveTo('RELEASED'), DEADLINE))).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      allowedTransitions: ['EXPIRED'],
    });
    expect(money(advance(PARTIALLY_RELEASED, moveTo('EXPIRED'), DEADLINE).position)).toEqual([0n, 4_000n, 6_000n]);
  });

  test('EXPIRED is allowed before the expiry, and without one', () => {
    const never = after(agreed('5', 'USD', null), moveTo('FUNDED'));
    expect(advance(never, moveTo('EXPIRED'), NOW).position.refunded).toBe(500n);
    expect(advance(FUNDED, moveTo('EXPIRED'), NOW).position.refunded).toBe(10_000n);
  });
});

describe('validation of the input of a move', () => {
  test('all validation issues are returned at once', () => {
    const input = { amount: '0.00', reason: 'x'.repeat(1_001), metadata: { note: '\u0000' } };
    expect(faultsOf(() => checkMove('BY_AMOUNT', input))).toEqual([
      'amount: must be greater than zero.',
      'reason: must be at most 1000 characters long.',
      'metadata: must not contain control characters except tabs and line breaks.',
    ]);
  });

  test('omitted or null fields are no amount, no reason and empty metadata', () => {
    const empty = { toState: 'FUNDED', amount: null, reason: null, metadata: {} };
    expect(checkMove('FUNDED', {})).toEqual(empty);
    expect(checkMove('FUNDED', { amount: null, reason: null, metadata: null })).toEqual(empty);
  });

  test('a reason may be blank and have 1,000 characters, and a negative amount is rejected', () => {
    expect(checkMove('FUNDED', { reason: '' }).reason).toBe('');
    expect(checkMove('FUNDED', { reason: '😀'.repeat(1_000) }).reason).toHaveLength(2_000);
    expect(refusalOf(() => checkMove('BY_AMOUNT', { amount: '-1' }))).toMatchObject({ path: ['amount'] });
  });
});

describe('predecessor mistakes', () => {
  test('predecessor mistake 2: a second partial release was ignored because the state did not change', () => {
    const part = moveTo('PARTIALLY_RELEASED', '40');
    const first = advance(FUNDED, part, NOW);
    const second = advance(first.position, part, NOW);
    expect([first.moved, second.moved]).toEqual([4_000n, 4_000n]);
    expect(money(second.position)).toEqual([2_000n, 8_000n, 0n]);
    expect([first.position.sequence, second.position.sequence]).toEqual([3, 4]);
    const remark = { reason: null, metadata: {} };
    const KEY = actorOf({ role: 'ADMIN', institutionId: 'inst_1', apiKeyId: 'key_1' });
    const event = newLifecycleEvent('evt_2', first.position, second.position, second, remark, KEY);
    const twice = { fromState: 'PARTIALLY_RELEASED', toState: 'PARTIALLY_RELEASED', moved: 4_000n };
    expect(event).toMatchObject({ ...twice, sequence: 4, actorKind: 'API_KEY', apiKeyId: 'key_1' });
  });

  test('predecessor mistake 3: releases had no amounts, and the held amount was unknown', () => {
    const { position, moved } = advance(FUNDED, moveTo('PARTIALLY_RELEASED', '12.34'), NOW);
    expect([moved, position.held, position.released]).toEqual([1_234n, 8_766n, 1_234n]);
    expect(fundedOf(position)).toBe(10_000n);
    expect(faultsOf(() => advance(FUNDED, moveTo('PARTIALLY_RELEASED'), NOW))).toHaveLength(1);
  });
});
