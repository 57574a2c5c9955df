import type { Id } from '../domain/ids.ts';
import type { Maybe } from '../domain/issues.ts';
import type { PositionState } from '../domain/lifecycle.ts';
import { type LifecycleEvent, newLifecycleEvent } from '../domain/lifecycleEvent.ts';
import { advance, checkMove, type Move, type MoveInput } from '../domain/move.ts';
import { checkPosition, type NewPosition, newPosition, obeyTerms, type Position } from '../domain/position.ts';
import { StaleVersion } from '../domain/refusals.ts';
import { termsOf } from '../domain/templateKinds.ts';
import { actorOf, mustWrite, scopeOf } from '../domain/viewer.ts';
import { type CommandContext, found, mustBeOf, mustBeOwn } from './context.ts';

export interface CreatePosition extends NewPosition {
  readonly institutionId?: Maybe<Id>;
  readonly assetId: Id;
}

/** A position with the event that made it what it is. */
export interface PositionChanged {
  readonly position: Position;
  readonly event: LifecycleEvent;
}

const NO_REMARK = { reason: null, metadata: {} };

/** Refuses with Forbidden, ValidationFailed, NotFound or PolicyViolation. */
export async function createPosition(
  { viewer, store, clock, newId }: CommandContext,
  input: CreatePosition,
): Promise<PositionChanged> {
  mustWrite(viewer);
  const draft = checkPosition(input, clock());
  mustBeOwn(viewer, input.institutionId);
  return store.transact(scopeOf(viewer), async (tx) => {
    const asset = found(await tx.assets.byIds([input.assetId]), 'asset', 'assetId', input.assetId);
    mustBeOf(asset.institutionId, input.institutionId);
    const template = found(
      await tx.assetTemplates.byIds([asset.templateId]),
      'asset template',
      'assetId',
      input.assetId,
    );
    const now = clock();
    obeyTerms(draft, termsOf(template.config), now);
    const position = newPosition(draft, asset, newId('pos'), now);
    const event = newLifecycleEvent(newId('evt'), null, position, 0n, NO_REMARK, actorOf(viewer));
    tx.positions.insert(position);
    tx.lifecycleEvents.insert(event);
    return { position, event };
  });
}

/** What every move names. */
export interface MovePosition extends MoveInput {
  readonly positionId: Id;
  readonly expectedVersion?: Maybe<number>;
}

/** Refuses with Forbidden, ValidationFailed, NotFound, StaleVersion, IllegalTransition or InsufficientFunds. */
export const transitionPosition = (
  context: CommandContext,
  { toState, ...input }: MovePosition & { readonly toState: PositionState },
): Promise<PositionChanged> => move(context, toState, input);

/** Refuses with Forbidden, ValidationFailed, NotFound, StaleVersion or IllegalTransition. */
export const fundPosition = (context: CommandContext, input: MovePosition): Promise<PositionChanged> =>
  move(context, 'FUNDED', input);

/** Refuses with Forbidden, ValidationFailed, NotFound, StaleVersion, IllegalTransition or InsufficientFunds. */
export const releasePosition = (context: CommandContext, input: MovePosition): Promise<PositionChanged> =>
  move(context, 'BY_AMOUNT', input);

/** Refuses with Forbidden, ValidationFailed, NotFound, StaleVersion or IllegalTransition. */
export const cancelPosition = (context: CommandContext, input: MovePosition): Promise<PositionChanged> =>
  move(context, 'CANCELLED', input);

/** Refuses with Forbidden, ValidationFailed, NotFound, StaleVersion or IllegalTransition. */
export const expirePosition = (context: CommandContext, input: MovePosition): Promise<PositionChanged> =>
  move(context, 'EXPIRED', input);

async function move(context: CommandContext, toState: Move['toState'], input: MovePosition): Promise<PositionChanged> {
  const { viewer, store, clock, newId } = context;
  mustWrite(viewer);
  const checked = checkMove(toState, input);
  const { positionId, expectedVersion } = input;
  return store.transact(scopeOf(viewer), async (tx) => {
    const before = found(await tx.positions.lock([positionId]), 'position', 'positionId', positionId);
    if (typeof expectedVersion === 'number' && expectedVersion !== before.version) {
      throw new StaleVersion(expectedVersion, before.version);
    }
    const { position, moved } = advance(before, checked, clock());
    const event = newLifecycleEvent(newId('evt'), before, position, moved, checked, actorOf(viewer));
    tx.positions.replace(position);
    tx.lifecycleEvents.insert(event);
    return { position, event };
  });
}
