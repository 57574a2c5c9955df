import type { Id } from './ids.ts';
import { Issues, type Maybe } from './issues.ts';
import type { JsonObject } from './json.ts';
import type { PositionState } from './lifecycle.ts';
import { LIMITS } from './limits.ts';
import type { Decimal } from './money.ts';

/**
 * A change of the money of a position as it is requested. The target is a state, or a move whose amount determines the
 * state: BY_AMOUNT for a release, FUND for a funding, REFUND for a refund.
 */
export interface Move {
  readonly toState: PositionState | 'BY_AMOUNT' | 'FUND' | 'REFUND';
  /** Null for everything that is due, available or left of the milestone. */
  readonly amount: Decimal | null;
  readonly milestoneId?: Id;
  readonly paymentReference?: string;
}

/** The client's note on a move, stored with its event. */
export interface EventNote {
  readonly reason: string | null;
  readonly metadata: JsonObject;
}

/** The properties that a client chooses for a move. */
export interface MoveInput {
  readonly amount?: Maybe<string>;
  readonly milestoneId?: Maybe<Id>;
  readonly paymentReference?: Maybe<string>;
  readonly reason?: Maybe<string>;
  readonly metadata?: Maybe<JsonObject>;
}

/** The properties that a client chooses for a release or a refund. */
export interface PayoutInput extends MoveInput {
  /** Whether to pay out everything that can be paid out, or is left of the milestone. */
  readonly all?: Maybe<boolean>;
}

/**
 * Adds an issue unless the input has exactly one of `amount` and `all: true`; null and `all: false` count as absent.
 */
export const checkReleaseAmount = (input: PayoutInput, issues: Issues): void =>
  checkPayoutAmount(input, issues, 'to release everything that is held');

/** The same for a refund. */
export const checkRefundAmount = (input: PayoutInput, issues: Issues): void =>
  checkPayoutAmount(input, issues, 'to refund everything that is available');

function checkPayoutAmount({ amount, all }: PayoutInput, issues: Issues, everything: string): void {
  const hasAmount = amount !== null && amount !== undefined;
  if (hasAmount !== (all === true)) return;
  issues.add(['amount'], `is required, or set \`all: true\` ${everything}; set exactly one of them.`);
}

/** Validates the input without reading the store. Throws ValidationError. */
export function checkMove(toState: Move['toState'], input: MoveInput, issues = new Issues()): Move & EventNote {
  const { amount, milestoneId, paymentReference } = input;
  const decimal = amount === null || amount === undefined ? null : issues.positive(['amount'], amount);
  const reason = issues.note(['reason'], input.reason, LIMITS.reasonCharacters);
  const metadata = issues.json(['metadata'], input.metadata);
  const payment = issues.optionalText(['paymentReference'], paymentReference);
  issues.throwIfAny();
  const move = { toState, amount: decimal, reason, metadata };
  // Absent fields are left out, because idempotency keys from before they existed must still replay.
  if (typeof milestoneId !== 'string' && payment === null) return move;
  return {
    ...move,
    ...(typeof milestoneId === 'string' && { milestoneId }),
    ...(payment !== null && { paymentReference: payment }),
  };
}
