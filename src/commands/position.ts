import type { MutationName } from '../domain/auditEvent.ts';
import type { Id } from '../domain/ids.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import type { PositionState } from '../domain/lifecycle.ts';
import { magnitudeOfDecimal } from '../domain/money.ts';
import {
  advance,
  checkMove,
  checkReleaseAmount,
  MOVED_FIELDS,
  type Move,
  type MoveInput,
  type ReleaseInput,
  type Remark,
} from '../domain/move.ts';
import {
  assertReferenceFree,
  checkPosition,
  newPosition,
  type Position,
  type PositionDraft,
  type PositionInput,
} from '../domain/position.ts';
import { StaleVersion } from '../domain/refusals.ts';
import type { Instant } from '../domain/time.ts';
import type { PositionRules } from '../store/store.ts';
import { type CommandContext, found, mustBeOf, ownInstitution } from './context.ts';
import { type Command, type Keyed, perform, type Replayable } from './perform.ts';
import {
  checkFunding,
  type Ground,
  groundsOf,
  obeyGround,
  type PositionChanged,
  recallChanges,
  recordChange,
  rememberChange,
} from './positionChange.ts';
import { loadTakenReferences, type TakenReferences } from './uniqueReference.ts';

export interface CreatePosition extends PositionInput, Keyed {
  readonly institutionId?: Maybe<Id>;
  readonly assetId: Id;
}
export type CheckedCreate = PositionDraft & { readonly assetId: Id; readonly institutionId: Maybe<Id> };

const recallOne: Command<Keyed, never, never, PositionChanged>['recall'] = async (tx, remembered) =>
  (await recallChanges(tx, [remembered]))[0] as PositionChanged;

interface CreateGround {
  readonly ground: Ground | undefined;
  readonly taken: TakenReferences;
}

const create: Command<CreatePosition, CheckedCreate, CreateGround, PositionChanged> = {
  name: 'createPosition',
  check: (input, issues, { clock }) => {
    return checkedCreate(input, clock(), issues);
  },
  request: requestOfCreate,
  load: async (tx, { assetId, uniqueReference }) => {
    const [ground] = await groundsOf(tx, [assetId]);
    return { ground, taken: await loadTakenReferences(tx, ground?.asset.institutionId, [uniqueReference]) };
  },
  owner: ({ ground }) => ground?.asset.institutionId,
  act: (tx, { ground, taken }, checked, context) => {
    const position = openPosition(ground, taken, checked, context);
    tx.positions.insert(position);
    return recordChange(tx, context, null, position);
  },
  resource: (payload) => payload && { type: 'Position', id: payload.position.id },
  remember: rememberChange,
  recall: recallOne,
};

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

/** Opens a position. Throws NotFound, PolicyViolation or Conflict. */
export function openPosition(
  loaded: Ground | undefined,
  taken: TakenReferences,
  checked: CheckedCreate,
  { viewer, newId, clock }: CommandContext,
): Position {
  mustBeOf(ownInstitution(viewer), checked.institutionId);
  const ground = found(loaded, 'asset', 'assetId', checked.assetId);
  mustBeOf(ground.asset.institutionId, checked.institutionId);
  const now = clock();
  obeyGround(checked, ground, now);
  assertReferenceFree(checked.uniqueReference, taken);
  return newPosition(checked, ground.asset, ground.template, newId('pos'), now);
}

/** Throws Forbidden, ValidationFailed, IdempotencyConflict, NotFound, PolicyViolation, Conflict or CapacityExceeded. */
export const createPosition = (context: CommandContext, input: CreatePosition): Promise<Replayable<PositionChanged>> =>
  perform(create, context, input);

/** The common fields of the inputs of all moves. */
export interface MovePosition extends MoveInput, Keyed {
  readonly positionId: Id;
  readonly expectedVersion?: Maybe<number>;
}
export interface CheckedMove extends Move, Remark {
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

/** Defines a mutation that moves one position. The mutation or its input specifies the state. */
const moving = <I extends MovePosition>(
  name: MutationName,
  target: (input: I) => Move['toState'],
  checkInput: (input: I, issues: Issues) => void = () => {},
): Command<I, CheckedMove, LoadedMove, PositionChanged> => ({
  name,
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
    const before = found(loaded.position, 'position', 'positionId', checked.positionId);
    const { position, moved } = moveFrom(before, checked, loaded.rules, context);
    tx.positions.replace(position, MOVED_FIELDS);
    return recordChange(tx, context, before, position, moved, checked);
  },
  resource: (_payload, { positionId }) => ({ type: 'Position', id: positionId }),
  remember: rememberChange,
  recall: recallOne,
});

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
 * Returns the position after the move. Throws StaleVersion, IllegalTransition, ValidationFailed, InsufficientFunds or,
 * where the move funds the position, PolicyViolation.
 */
export function moveFrom(
  before: Position,
  checked: CheckedMove,
  rules: PositionRules,
  { clock }: CommandContext,
): ReturnType<typeof advance> {
  const { expectedVersion } = checked;
  if (typeof expectedVersion === 'number' && expectedVersion !== before.version) {
    throw new StaleVersion(expectedVersion, before.version);
  }
  const advanced = advance(before, checked, clock());
  if (advanced.position.state === 'FUNDED') checkFunding(before, rules);
  return advanced;
}

type Moved = Promise<Replayable<PositionChanged>>;
export interface TransitionPosition extends MovePosition {
  readonly toState: PositionState;
}

const transition = moving<TransitionPosition>('transitionPosition', ({ toState }) => toState);
/** Throws the errors of every other move. */
export const transitionPosition = (context: CommandContext, input: TransitionPosition): Moved =>
  perform(transition, context, input);

const fund = moving('fundPosition', () => 'FUNDED');
/**
 * Throws Forbidden, ValidationFailed, IdempotencyConflict, NotFound, StaleVersion, IllegalTransition or
 * PolicyViolation.
 */
export const fundPosition = (context: CommandContext, input: MovePosition): Moved => perform(fund, context, input);

export interface ReleasePosition extends MovePosition, ReleaseInput {}

const release = moving<ReleasePosition>('releasePosition', () => 'BY_AMOUNT', checkReleaseAmount);
/**
 * Throws Forbidden, ValidationFailed, IdempotencyConflict, NotFound, StaleVersion, IllegalTransition or
 * InsufficientFunds.
 */
export const releasePosition = (context: CommandContext, input: ReleasePosition): Moved =>
  perform(release, context, input);

const cancel = moving('cancelPosition', () => 'CANCELLED');
/** Throws Forbidden, ValidationFailed, IdempotencyConflict, NotFound, StaleVersion or IllegalTransition. */
export const cancelPosition = (context: CommandContext, input: MovePosition): Moved => perform(cancel, context, input);

const expire = moving('expirePosition', () => 'EXPIRED');
/** Throws Forbidden, ValidationFailed, IdempotencyConflict, NotFound, StaleVersion or IllegalTransition. */
export const expirePosition = (context: CommandContext, input: MovePosition): Moved => perform(expire, context, input);
