import { Issues, type Maybe } from './issues.ts';
import type { JsonObject } from './json.ts';
import { allowedTransitions, isTerminal, type PositionState } from './lifecycle.ts';
import { LIMITS } from './limits.ts';
import { type Decimal, toMinorUnits } from './money.ts';
import type { Position } from './position.ts';
import { type Instant, notBefore } from './time.ts';
import { IllegalTransitionError, InsufficientFundsError, ValidationError } from './userErrors.ts';

/**
 * A transition as it is requested. A release without a state becomes PARTIALLY_RELEASED or RELEASED depending on its
 * amount.
 */
export interface Move {
  readonly toState: PositionState | 'BY_AMOUNT';
  readonly amount: Decimal | null;
}

/** The client's note on a move, stored with its event. */
export interface EventNote {
  readonly reason: string | null;
  readonly metadata: JsonObject;
}

/** The properties that a client chooses for a move. */
export interface MoveInput {
  readonly amount?: Maybe<string>;
  readonly reason?: Maybe<string>;
  readonly metadata?: Maybe<JsonObject>;
}

/** The properties that a client chooses for a release. */
export interface ReleaseInput extends MoveInput {
  /** Whether to release everything that is held. */
  readonly all?: Maybe<boolean>;
}

/**
 * Adds an issue unless the input has exactly one of `amount` and `all: true`; null and `all: false` count as absent.
 */
export function checkReleaseAmount({ amount, all }: ReleaseInput, issues: Issues): void {
  const hasAmount = amount !== null && amount !== undefined;
  if (hasAmount !== (all === true)) return;
  issues.add(
    ['amount'],
    'is required, or set `all: true` to release everything that is held; set exactly one of them.',
  );
}

/** Validates the input without reading the store. Throws ValidationError. */
export function checkMove(toState: Move['toState'], input: MoveInput, issues = new Issues()): Move & EventNote {
  const { amount } = input;
  const decimal = amount === null || amount === undefined ? null : issues.positive(['amount'], amount);
  const reason = issues.note(['reason'], input.reason, LIMITS.reasonCharacters);
  const metadata = issues.json(['metadata'], input.metadata);
  issues.throwIfAny();
  return { toState, amount: decimal, reason, metadata };
}

/** The fields of a position after a move, and the amount that moved, in minor units. */
export interface Advance {
  readonly position: Position;
  readonly moved: bigint;
}

/** The fields that `advance` changes, besides the version. */
export const MOVED_FIELDS = [
  'state',
  'held',
  'released',
  'refunded',
  'fundedAt',
  'closedAt',
  'sequence',
  'updatedAt',
] as const satisfies readonly (keyof Position)[];

/**
 * Computes a move. This pure function is the only place where the money of a position changes. Throws
 * IllegalTransitionError, ValidationError (an amount that is missing, not allowed or has too many digits for the
 * currency) or InsufficientFundsError, checked in this order.
 */
export function advance(position: Position, move: Move, now: Instant): Advance {
  const toState = targetOf(position, move);
  const allowed = allowedTransitions(position, now);
  if (!allowed.includes(toState)) throw new IllegalTransitionError(position.state, toState, allowed);
  const { moved, ...money } = moneyAfter(position, toState, move.amount);
  const movedAt = notBefore(position.updatedAt, now);
  const next: Position = Object.freeze({
    ...position,
    ...money,
    state: toState,
    fundedAt: toState === 'FUNDED' ? movedAt : position.fundedAt,
    closedAt: isTerminal(toState) ? movedAt : null,
    sequence: position.sequence + 1,
    version: position.version + 1,
    updatedAt: movedAt,
  });
  return { position: next, moved };
}

function targetOf({ held, currency }: Position, { toState, amount }: Move): PositionState {
  if (toState !== 'BY_AMOUNT') return toState;
  return amount === null || toMinorUnits(amount, currency) === held ? 'RELEASED' : 'PARTIALLY_RELEASED';
}

type MoneyAfter = Pick<Position, 'held' | 'released' | 'refunded'> & Pick<Advance, 'moved'>;

/** Returns the amount that moves into the state, and where the money of the position is then. */
function moneyAfter(position: Position, toState: PositionState, amount: Decimal | null): MoneyAfter {
  const { held, released, refunded } = position;
  switch (toState) {
    case 'CREATED':
      throw new Error('No transition leads to CREATED.');
    case 'FUNDED':
      assertNoAmount(toState, amount);
      return { moved: position.amount, held: position.amount, released, refunded };
    case 'PARTIALLY_RELEASED':
    case 'RELEASED': {
      const moved = amountToRelease(position, toState, amount);
      return { moved, held: held - moved, released: released + moved, refunded };
    }
    case 'CANCELLED':
    case 'EXPIRED':
      assertNoAmount(toState, amount);
      return { moved: held, held: 0n, released, refunded: refunded + held };
  }
}

function assertNoAmount(toState: PositionState, amount: Decimal | null): void {
  if (amount !== null) throw badAmount(`is not allowed here; ${toState} always moves the whole amount.`);
}

function amountToRelease(
  { held, currency }: Position,
  toState: 'PARTIALLY_RELEASED' | 'RELEASED',
  amount: Decimal | null,
): bigint {
  if (amount === null) {
    if (toState === 'RELEASED') return held;
    throw badAmount('is required: the amount to release.');
  }
  const requested = toMinorUnits(amount, currency);
  if (typeof requested === 'string') throw badAmount(requested);
  if (requested <= 0n) throw badAmount('must be greater than zero.');
  if (requested > held)
    throw new InsufficientFundsError({ minorUnits: held, currency }, { minorUnits: requested, currency });
  if (toState === 'RELEASED' && requested < held)
    throw badAmount('must be the whole held amount; omit it to release everything.');
  if (toState === 'PARTIALLY_RELEASED' && requested === held)
    throw badAmount('must be less than the held amount; release everything with RELEASED.');
  return requested;
}

const badAmount = (message: string): ValidationError => new ValidationError([{ path: ['amount'], message }]);
