import type { MutationName } from '../domain/auditEvent.ts';
import type { Id } from '../domain/ids.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import type { PositionState } from '../domain/lifecycle.ts';
import { magnitudeOfDecimal } from '../domain/money.ts';
import {
  advance,
  checkMove,
  checkReleaseAmount,
  type EventNote,
  MOVED_FIELDS,
  type Move,
  type MoveInput,
  type ReleaseInput,
} from '../domain/move.ts';
import {
  assertReferenceFree,
  checkPosition,
  newPosition,
  type Position,
  type PositionDraft,
  type PositionInput,
} from '../domain/position.ts';
import { WRITERS } from '../domain/rights.ts';
import type { Instant } from '../domain/time.ts';
import { type ErrorCode, StaleVersionError } from '../domain/userErrors.ts';
import type { PositionRules } from '../store/store.ts';
import { assertInstitution, type CommandContext, orNotFound, ownInstitution } from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import {
  changeOf,
  checkFunding,
  checkTemplateAndPolicy,
  loadChanges,
  loadPositionContexts,
  type PositionChanged,
  type PositionContext,
  storedChange,
  writeChange,
} from './positionChange.ts';
import { loadTakenReferences, type TakenReferences } from './uniqueReference.ts';

/** Input for createPosition. */
export interface CreatePosition extends PositionInput, Idempotent {
  readonly institutionId?: Maybe<Id>;
  readonly assetId: Id;
}
/** The validated input for createPosition. */
export type CheckedCreate = PositionDraft & { readonly assetId: Id; readonly institutionId: Maybe<Id> };

const loadChange: Command<Idempotent, never, never, PositionChanged>['loadPayload'] = async (tx, stored) =>
  (await loadChanges(tx, [stored]))[0] as PositionChanged;

interface LoadedCreate {
  readonly positionContext: PositionContext | undefined;
  readonly taken: TakenReferences;
}

const create: Command<CreatePosition, CheckedCreate, LoadedCreate, PositionChanged> = {
  name: 'createPosition',
  roles: WRITERS,
  errors: [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'NOT_FOUND',
    'POLICY_VIOLATION',
    'CONFLICT',
    'CAPACITY_EXCEEDED',
    'IDEMPOTENCY_CONFLICT',
  ],
  check: (input, issues, { clock }) => checkedCreate(input, clock(), issues),
  request: requestOfCreate,
  load: async (tx, { assetId, uniqueReference }) => {
    const [positionContext] = await loadPositionContexts(tx, [assetId]);
    return {
      positionContext,
      taken: await loadTakenReferences(tx, positionContext?.asset.institutionId, [uniqueReference]),
    };
  },
  owner: ({ positionContext }) => positionContext?.asset.institutionId,
  act: (tx, loaded, checked, context) => {
    const position = openPosition(loaded.positionContext, loaded.taken, checked, context);
    tx.positions.insert(position);
    return writeChange(tx, changeOf(context, { before: null, position }));
  },
  resource: (payload) => payload && { type: 'Position', id: payload.position.id },
  storePayload: storedChange,
  loadPayload: loadChange,
};

/** Validates the input without reading the store. Throws ValidationError. */
export function checkedCreate(input: CreatePosition, now: Instant, issues: Issues): CheckedCreate {
  const { assetId, institutionId } = input;
  return { ...checkPosition(input, now, issues), assetId, institutionId };
}

/**
 * Leaves out the institution, which the asset implies, and a `uniqueReference` at its default, so that idempotency keys
 * from before the field existed still replay.
 */
export function requestOfCreate({ institutionId: _implied, uniqueReference, ...rest }: CheckedCreate): unknown {
  return uniqueReference === null ? rest : { ...rest, uniqueReference };
}

/** Opens a position. Throws NotFoundError, PolicyViolationError or ConflictError. */
export function openPosition(
  loaded: PositionContext | undefined,
  taken: TakenReferences,
  checked: CheckedCreate,
  { viewer, newId, clock }: CommandContext,
): Position {
  assertInstitution(ownInstitution(viewer), checked.institutionId);
  const context = orNotFound(loaded, 'asset', 'assetId', checked.assetId);
  assertInstitution(context.asset.institutionId, checked.institutionId);
  const now = clock();
  checkTemplateAndPolicy(checked, context, now);
  assertReferenceFree(checked.uniqueReference, taken);
  return newPosition(checked, context.asset, context.template, newId('pos'), now);
}

export const createPosition = mutationOf(create);

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
}

/** Returns the positions that the moves fund: only for these are the rules checked again. */
export const fundedBy = (moves: readonly CheckedMove[]): readonly Id[] =>
  moves.filter(({ toState }) => toState === 'FUNDED').map(({ positionId }) => positionId);

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
): Command<I, CheckedMove, LoadedMove, PositionChanged> => ({
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
    return { position: positions[0], rules };
  },
  owner: ({ position }) => position?.institutionId,
  act: (tx, loaded, checked, context) => {
    const before = orNotFound(loaded.position, 'position', 'positionId', checked.positionId);
    const { position, moved } = moveFrom(before, checked, loaded.rules, context);
    tx.positions.replace(position, MOVED_FIELDS);
    return writeChange(tx, changeOf(context, { before, position, moved, note: checked }));
  },
  resource: (_payload, { positionId }) => ({ type: 'Position', id: positionId }),
  storePayload: storedChange,
  loadPayload: loadChange,
});

/** Validates the input without reading the store. Throws ValidationError. */
export function checkedMove(toState: Move['toState'], input: MovePosition, issues: Issues): CheckedMove {
  const { positionId, expectedVersion } = input;
  return { ...checkMove(toState, input, issues), positionId, expectedVersion: expectedVersion ?? null };
}

/**
 * Reduces the amount to its value, so that "100.0" and "100.00" are the same. A release of everything has no amount,
 * and has the same request as before `all` existed.
 */
export const requestOfMove = ({ amount, ...rest }: CheckedMove): unknown => ({
  ...rest,
  amount: amount && magnitudeOfDecimal(amount),
});

/**
 * Returns the position after the move. Throws StaleVersionError, IllegalTransitionError, ValidationError,
 * InsufficientFundsError or, where the move funds the position, PolicyViolationError.
 */
export function moveFrom(
  before: Position,
  checked: CheckedMove,
  rules: PositionRules,
  { clock }: CommandContext,
): ReturnType<typeof advance> {
  const { expectedVersion } = checked;
  if (typeof expectedVersion === 'number' && expectedVersion !== before.version) {
    throw new StaleVersionError(expectedVersion, before.version);
  }
  const advanced = advance(before, checked, clock());
  if (advanced.position.state === 'FUNDED') checkFunding(before, rules);
  return advanced;
}

/** Input for transitionPosition. */
export interface TransitionPosition extends MovePosition {
  readonly toState: PositionState;
}

const transition = moving<TransitionPosition>(
  'transitionPosition',
  [...MOVE_ERRORS, 'INSUFFICIENT_FUNDS', 'POLICY_VIOLATION'],
  ({ toState }) => toState,
);
export const transitionPosition = mutationOf(transition);

export const fundPosition = mutationOf(moving('fundPosition', [...MOVE_ERRORS, 'POLICY_VIOLATION'], () => 'FUNDED'));

/** Input for releasePosition. */
export interface ReleasePosition extends MovePosition, ReleaseInput {}

const release = moving<ReleasePosition>(
  'releasePosition',
  [...MOVE_ERRORS, 'INSUFFICIENT_FUNDS'],
  () => 'BY_AMOUNT',
  checkReleaseAmount,
);
export const releasePosition = mutationOf(release);

export const cancelPosition = mutationOf(moving('cancelPosition', MOVE_ERRORS, () => 'CANCELLED'));

export const expirePosition = mutationOf(moving('expirePosition', MOVE_ERRORS, () => 'EXPIRED'));
