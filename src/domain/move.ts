import { allowedTransitions, isTerminal, moveInto, type PositionMove, type PositionState } from './lifecycle.ts';
import type { Effects } from './lifecycleEvent.ts';
import type { Milestone } from './milestone.ts';
import { toMinorUnits } from './money.ts';
import { effectsOf, type Money } from './moneyMoves.ts';
import type { Move } from './moveInput.ts';
import type { Position } from './position.ts';
import { dueOf, earnedOf } from './positionAmounts.ts';
import type { CurrentTerms } from './terms.ts';
import { type Instant, notBefore } from './time.ts';
import { IllegalTransitionError } from './userErrors.ts';

export {
  checkMove,
  checkRefundAmount,
  checkReleaseAmount,
  type EventNote,
  type Move,
  type MoveInput,
  type PayoutInput,
} from './moveInput.ts';

/** A position after a move, with the effects of the move and the milestones that it changed. */
export interface Advance extends Effects {
  readonly position: Position;
  readonly moved: bigint;
  readonly milestones: readonly Milestone[];
}

/** The fields that `advance` changes, besides the version. */
export const MOVED_FIELDS = [
  'state',
  'principal',
  'held',
  'retained',
  'released',
  'refunded',
  'fees',
  'fundedAt',
  'closedAt',
  'sequence',
  'updatedAt',
] as const satisfies readonly (keyof Position)[];

/**
 * Computes a move of money. This pure function is the only place where the money of a position changes. Throws
 * IllegalTransitionError, ConflictError (an agreement is missing, money is retained, nothing is available),
 * ValidationError (an amount or a milestone that does not fit) or InsufficientFundsError, checked in this order.
 */
export function advance(position: Position, move: Move, now: Instant, terms?: CurrentTerms): Advance {
  // Without its terms, a move would charge no fee and retain nothing.
  if ((terms?.terms.version ?? null) !== position.termsVersion) {
    throw new Error('A position can only be moved with its current terms.');
  }
  const toState = requestedState(position, move);
  const allowed = allowedTransitions(position, now);
  if (!allowed.includes(toState)) throw new IllegalTransitionError(position.state, toState, allowed);
  const kind = kindOf(move);
  const { money, moved, fee, retained, milestones } = effectsOf(kind, position, move, terms);
  const state = stateAfter(kind, position, money);
  const movedAt = notBefore(position.updatedAt, now);
  // Every field is named: a second spread would cost more than the rest of the move.
  const next: Position = Object.freeze({
    ...position,
    principal: money.principal,
    held: money.held,
    retained: money.retained,
    released: money.released,
    refunded: money.refunded,
    fees: money.fees,
    state,
    fundedAt: kind === 'FUND' && state === 'FUNDED' ? movedAt : position.fundedAt,
    closedAt: isTerminal(state) ? movedAt : null,
    sequence: position.sequence + 1,
    version: position.version + 1,
    updatedAt: movedAt,
  });
  const { milestoneId = null, paymentReference = null } = move;
  return { move: kind, moved, fee, retained, milestoneId, paymentReference, position: next, milestones };
}

/** The kind of a move whose target is not a state. */
const BY_AMOUNT = { BY_AMOUNT: 'RELEASE', FUND: 'FUND', REFUND: 'REFUND' } as const;

const isByAmount = (target: Move['toState']): target is keyof typeof BY_AMOUNT => target in BY_AMOUNT;

const kindOf = ({ toState }: Move): PositionMove => (isByAmount(toState) ? BY_AMOUNT[toState] : moveInto(toState));

/** Returns the state that the lifecycle must allow for the move: the furthest that it can lead to. */
function requestedState(position: Position, { toState, amount, milestoneId }: Move): PositionState {
  if (!isByAmount(toState)) return toState;
  if (toState === 'FUND') return 'FUNDED';
  if (toState === 'REFUND') return 'CANCELLED';
  const isAll = amount === null && milestoneId === undefined;
  return isAll || (amount && toMinorUnits(amount, position.currency) === position.held)
    ? 'RELEASED'
    : 'PARTIALLY_RELEASED';
}

/** The state in which each move leaves a position that holds nothing. */
const EMPTIED: { readonly [M in PositionMove]?: PositionState } = {
  RELEASE: 'RELEASED',
  REFUND: 'CANCELLED',
  CANCEL: 'CANCELLED',
  EXPIRE: 'EXPIRED',
};

/** Returns the state that follows from the amounts after a move. */
function stateAfter(kind: PositionMove, { amount, termsVersion }: Position, money: Money): PositionState {
  const emptied = EMPTIED[kind];
  if (money.held === 0n && emptied) return emptied;
  const { principal, held, retained, released, refunded, fees } = money;
  const after = { amount, termsVersion, principal, held, retained, released, refunded, fees };
  if (dueOf(after) > 0n) return 'PARTIALLY_FUNDED';
  return earnedOf(after) > 0n ? 'PARTIALLY_RELEASED' : 'FUNDED';
}
