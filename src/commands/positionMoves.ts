import type { MutationName } from '../domain/auditEvent.ts';
import type { Id } from '../domain/ids.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import type { PositionState } from '../domain/lifecycle.ts';
import { magnitudeOfDecimal } from '../domain/money.ts';
import {
  type Advance,
  advance,
  checkMove,
  checkRefundAmount,
  checkReleaseAmount,
  type EventNote,
  MOVED_FIELDS,
  type Move,
  type MoveInput,
  type PayoutInput,
} from '../domain/move.ts';
import type { Position } from '../domain/position.ts';
import { WRITERS } from '../domain/rights.ts';
import type { CurrentTerms } from '../domain/terms.ts';
import type { ErrorCode } from '../domain/userErrors.ts';
import type { PositionRules } from '../store/store.ts';
import { assertVersion, type CommandContext, orNotFound } from './context.ts';
import { loadCurrentTerms } from './currentTerms.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import {
  checkFunding,
  loadMove,
  type MovePayload,
  recordsOf,
  storedMove,
  writeMilestones,
  writeMove,
} from './positionChange.ts';

/** The common fields of the inputs of all moves. */
export interface MovePosition extends MoveInput, Idempotent {
  readonly positionId: Id;
  readonly expectedVersion?: Maybe<number>;
}
/** The validated input of a move. */
export interface CheckedMove extends Move, EventNote {
  readonly positionId: Id;
  readonly expectedVersion: Maybe<number>;
}

interface LoadedMove {
  readonly position: Position | undefined;
  readonly rules: PositionRules;
  readonly terms: CurrentTerms | undefined;
}

/** Returns the ids of the positions that the moves fund. The rules are checked again only for these. */
export const fundedBy = (moves: readonly CheckedMove[]): readonly Id[] =>
  moves.filter(({ toState }) => toState === 'FUNDED' || toState === 'FUND').map(({ positionId }) => positionId);

const MOVE_ERRORS: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'FORBIDDEN',
  'NOT_FOUND',
  'ILLEGAL_TRANSITION',
  'STALE_VERSION',
  'IDEMPOTENCY_CONFLICT',
];

/** Defines a mutation that moves one position. The mutation or its input specifies the state. */
const moving = <I extends MovePosition>(
  name: MutationName,
  errors: readonly ErrorCode[],
  target: (input: I) => Move['toState'],
  checkInput: (input: I, issues: Issues) => void = () => {},
): Command<I, CheckedMove, LoadedMove, MovePayload> => ({
  name,
  roles: WRITERS,
  errors,
  check: (input, issues) => {
    checkInput(input, issues);
    return checkedMove(target(input), input, issues);
  },
  request: requestOfMove,
  load: async (tx, checked) => {
    const [positions, rules] = await Promise.all([
      tx.positions.lock([checked.positionId]),
      tx.rulesOf(fundedBy([checked])),
    ]);
    const terms = await loadCurrentTerms(tx, positions);
    return { position: positions[0], rules, terms: terms.get(checked.positionId) };
  },
  owner: ({ position }) => position?.institutionId,
  act: (tx, loaded, checked, context) => {
    const before = orNotFound(loaded.position, 'position', 'positionId', checked.positionId);
    const advanced = moveFrom(before, checked, loaded.rules, loaded.terms, context);
    const { position } = advanced;
    tx.positions.replace(position, MOVED_FIELDS);
    writeMilestones(tx, advanced.milestones);
    return writeMove(tx, recordsOf(context, { effects: advanced, before, position, note: checked }));
  },
  resource: (_payload, { positionId }) => ({ type: 'Position', id: positionId }),
  storePayload: storedMove,
  loadPayload: loadMove,
});

/** Validates the input without reading the store. Throws ValidationError. */
export function checkedMove(toState: Move['toState'], input: MovePosition, issues: Issues): CheckedMove {
  const { positionId, expectedVersion } = input;
  return { ...checkMove(toState, input, issues), positionId, expectedVersion: expectedVersion ?? null };
}

/**
 * Reduces the amount to its value, so that "100.0" and "100.00" are the same. `all` is not part of the request: a
 * release of everything has the hash that a release without an amount had before `all` existed.
 */
export const requestOfMove = ({ amount, ...rest }: CheckedMove): unknown => ({
  ...rest,
  amount: amount && magnitudeOfDecimal(amount),
});

/**
 * Returns the position after the move. Throws StaleVersionError, IllegalTransitionError, ConflictError, ValidationError,
 * InsufficientFundsError or, where the move funds the position, PolicyViolationError.
 */
export function moveFrom(
  before: Position,
  checked: CheckedMove,
  rules: PositionRules,
  terms: CurrentTerms | undefined,
  { clock }: CommandContext,
): Advance {
  assertVersion(checked.expectedVersion, before.version);
  const advanced = advance(before, checked, clock(), terms);
  if (advanced.move === 'FUND') checkFunding(before, rules);
  return advanced;
}

/** Input for transitionPosition. */
export interface TransitionPosition extends MovePosition {
  readonly toState: PositionState;
}

const transition = moving<TransitionPosition>(
  'transitionPosition',
  [...MOVE_ERRORS, 'INSUFFICIENT_FUNDS', 'POLICY_VIOLATION', 'CONFLICT'],
  ({ toState }) => toState,
);
export const transitionPosition = mutationOf(transition);

/** Returns the target of a funding: FUNDED unless it names an amount, as it was before amounts were possible. */
export const fundingTarget = ({ amount }: MovePosition): Move['toState'] =>
  typeof amount === 'string' ? 'FUND' : 'FUNDED';

const fund = moving('fundPosition', [...MOVE_ERRORS, 'POLICY_VIOLATION', 'CONFLICT'], fundingTarget);
export const fundPosition = mutationOf(fund);

/** Input for releasePosition and refundPosition. */
export interface PayOutPosition extends MovePosition, PayoutInput {}

const release = moving<PayOutPosition>(
  'releasePosition',
  [...MOVE_ERRORS, 'INSUFFICIENT_FUNDS'],
  () => 'BY_AMOUNT',
  checkReleaseAmount,
);
export const releasePosition = mutationOf(release);

const refund = moving<PayOutPosition>(
  'refundPosition',
  [...MOVE_ERRORS, 'INSUFFICIENT_FUNDS', 'CONFLICT'],
  () => 'REFUND',
  checkRefundAmount,
);
export const refundPosition = mutationOf(refund);

export const cancelPosition = mutationOf(moving('cancelPosition', [...MOVE_ERRORS, 'CONFLICT'], () => 'CANCELLED'));

export const expirePosition = mutationOf(moving('expirePosition', MOVE_ERRORS, () => 'EXPIRED'));
