import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIFECYCLE, POSITION_STATES } from '../../src/domain/lifecycle.ts';
import { newLifecycleEvent } from '../../src/domain/lifecycleEvent.ts';
import { type Advance, advance, type Move } from '../../src/domain/move.ts';
import { fundedOf, type Position } from '../../src/domain/position.ts';
import type { Instant } from '../../src/domain/time.ts';
import { IllegalTransitionError, UserError } from '../../src/domain/userErrors.ts';
import { actorOf, SYSTEM } from '../../src/domain/viewer.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { agreed, DEADLINE, decimal, NOW } from './fixtures.ts';

/**
 * One attempt. A number as `to` is an index of the allowed transitions, and as `amount` thousandths of the held amount.
 */
interface Try {
  readonly to: Move['toState'] | number;
  readonly amount: 'as it fits' | 'none' | 'too fine' | number;
  readonly late: boolean;
}

const tries: fc.Arbitrary<Try> = fc.record({
  to: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(0, 0, 0, 1, 2, 3) },
    { weight: 2, arbitrary: fc.constantFrom(...POSITION_STATES) },
    { weight: 2, arbitrary: fc.constant('BY_AMOUNT') },
  ),
  amount: fc.oneof(
    { weight: 6, arbitrary: fc.constant('as it fits') },
    { weight: 1, arbitrary: fc.constantFrom('none', 'too fine') },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 900 }) },
    { weight: 2, arbitrary: fc.constantFrom(1_000, 1_001, 5_000) },
  ),
  late: fc.nat(30).map((n) => n === 0),
});

const DIGITS: Readonly<Record<string, number>> = { USD: 2, JPY: 0, KWD: 3, CLF: 4 };

const positions = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 24n - 1n }), fc.constantFrom(...Object.keys(DIGITS)))
  .map(([units, code]) => agreed(units.toString(), code));

function moveOf({ to, amount }: Try, { state, held, currency }: Position): Move {
  const allowed = LIFECYCLE[state];
  const toState = typeof to === 'number' ? (allowed[to % allowed.length] ?? 'FUNDED') : to;
  if (amount === 'too fine') return { toState, amount: { units: 1n, scale: 5 } };
  const releases = toState === 'PARTIALLY_RELEASED' || toState === 'BY_AMOUNT';
  if (amount === 'none' || (amount === 'as it fits' && !releases)) return { toState, amount: null };
  const share = (held * BigInt(amount === 'as it fits' ? 300 : amount) + 999n) / 1_000n;
  return { toState, amount: { units: share > 0n ? share : 1n, scale: DIGITS[currency] ?? 0 } };
}

/** Returns the position after the move, or the user error. */
function answerOf(position: Position, move: Move, now: Instant): Advance | UserError {
  try {
    return advance(position, move, now);
  } catch (thrown) {
    if (thrown instanceof UserError) return thrown;
    throw thrown;
  }
}

/** An independent ledger: every move is a transfer between three accounts that depends only on the states. */
class Ledger {
  payer = 0n;
  escrow = 0n;
  payee = 0n;
  post({ position, moved }: Advance): void {
    if (position.state === 'FUNDED') {
      this.payer -= moved;
      this.escrow += moved;
      return;
    }
    this.escrow -= moved;
    if (position.state === 'RELEASED' || position.state === 'PARTIALLY_RELEASED') this.payee += moved;
    else this.payer += moved;
  }
}

function mustHold(before: Position, { position: next, moved }: Advance, ledger: Ledger): void {
  const { held, released, refunded, amount } = next;
  expect([held >= 0n, released >= 0n, refunded >= 0n, moved >= 0n]).toEqual([true, true, true, true]);
  expect(fundedOf(next)).toBe(next.state === 'FUNDED' ? amount : fundedOf(before));
  expect([0n, amount]).toContain(fundedOf(next));
  expect([next.sequence, next.version]).toEqual([before.sequence + 1, before.version + 1]);
  expect([held, released, refunded]).toEqual([ledger.escrow, ledger.payee, ledger.payer + fundedOf(next)]);
  expect(ledger.payer + ledger.escrow + ledger.payee).toBe(0n);
  expect(held > 0n).toBe(next.state === 'FUNDED' || next.state === 'PARTIALLY_RELEASED');
  expect(moved > 0n).toBe(next.state === 'FUNDED' || before.held > 0n);
}

test('after any moves, funded = held + released + refunded, none is negative, changes are counted and postings balance', async () => {
  const paths = new Set<string>();
  const refusals = new Set<string>();
  const lives = fc.array(tries, { minLength: 6, maxLength: COUNTS.movesPerLife, size: 'max' });
  await checked(
    COUNTS.lives,
    fc.property(positions, lives, (born, life) => {
      const ledger = new Ledger();
      let position = born;
      for (const each of life) {
        const before = { ...position };
        const answer = answerOf(position, moveOf(each, position), each.late ? DEADLINE : NOW);
        expect(position).toEqual(before);
        if (answer instanceof UserError) {
          refusals.add(answer.constructor.name);
          continue;
        }
        ledger.post(answer);
        mustHold(before, answer, ledger);
        paths.add(`${before.state} -> ${answer.position.state}`);
        position = answer.position;
      }
    }),
  );
  // The random moves covered every transition and every user error, and no other. Only an amount leads to
  // PARTIALLY_FUNDED, which randomContracts.test.ts covers.
  const states = POSITION_STATES.filter((state) => state !== 'PARTIALLY_FUNDED');
  expect([...paths].toSorted()).toEqual(
    states.flatMap((from) => LIFECYCLE[from].map((to) => `${from} -> ${to}`)).toSorted(),
  );
  expect([...refusals].toSorted()).toEqual(['IllegalTransitionError', 'InsufficientFundsError', 'ValidationError']);
});

test('a position in a terminal state accepts no move at any time', () =>
  checked(
    COUNTS.lives,
    fc.property(positions, tries, fc.constantFrom('RELEASED', 'CANCELLED', 'EXPIRED'), (born, attempt, end) => {
      const funded = advance(born, { toState: 'FUNDED', amount: null }, NOW).position;
      const { position } = advance(funded, { toState: end, amount: null }, NOW);
      const answer = answerOf(position, moveOf(attempt, position), attempt.late ? DEADLINE : NOW);
      expect(answer).toBeInstanceOf(IllegalTransitionError);
      expect(answer).toMatchObject({ from: end, allowedTransitions: [] });
    }),
  ));

test('partial releases that add up to the whole amount leave nothing held, in any number and order', () =>
  checked(
    COUNTS.lives,
    fc.property(fc.array(fc.bigInt({ min: 1n, max: 10n ** 20n }), { minLength: 1, maxLength: 20 }), (parts) => {
      const whole = parts.reduce((sum, part) => sum + part, 0n);
      let position = advance(agreed(whole.toString(), 'JPY'), { toState: 'FUNDED', amount: null }, NOW).position;
      for (const part of parts) {
        expect(position.state).not.toBe('RELEASED');
        position = advance(position, { toState: 'BY_AMOUNT', amount: decimal(part.toString()) }, NOW).position;
      }
      const { state, held, released, sequence } = position;
      expect([state, held, released, sequence]).toEqual(['RELEASED', 0n, whole, 2 + parts.length]);
    }),
  ));

test('the events of a position start with creation as event 1, and moves without money have null', () => {
  const remark = { reason: 'why', metadata: { a: 1 } };
  const born = agreed('1', 'JPY');
  const first = newLifecycleEvent('evt_1', null, born, { move: 'CREATE' }, remark, actorOf({ role: 'ROOT' }));
  const cancelled = advance(born, { toState: 'CANCELLED', amount: null }, NOW + 1);
  const second = newLifecycleEvent('evt_2', born, cancelled.position, cancelled, remark, SYSTEM);
  const both = {
    institutionId: 'inst_1',
    positionId: 'pos_1',
    apiKeyId: null,
    moved: null,
    fee: null,
    retained: null,
    milestoneId: null,
    paymentReference: null,
    partyReference: null,
    currency: 'JPY',
    ...remark,
  };
  const creation = {
    id: 'evt_1',
    move: 'CREATE',
    sequence: 1,
    fromState: null,
    toState: 'CREATED',
    actorKind: 'ROOT',
    createdAt: NOW,
  };
  expect(first).toEqual({ ...both, ...creation });
  const cancel = {
    id: 'evt_2',
    move: 'CANCEL',
    sequence: 2,
    fromState: 'CREATED',
    toState: 'CANCELLED',
    actorKind: 'SYSTEM',
  };
  expect(second).toEqual({ ...both, ...cancel, createdAt: NOW + 1 });
  expect([first, second].every(Object.isFrozen)).toBe(true);
});
