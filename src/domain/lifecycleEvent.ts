import type { CurrencyCode } from './currencies.ts';
import type { Id } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { PositionState } from './lifecycle.ts';
import type { EventNote } from './move.ts';
import type { Position } from './position.ts';
import type { Instant } from './time.ts';
import type { Actor } from './viewer.ts';

/**
 * The record of one move of a position: the states before and after it, and who caused it. Never changed once written.
 */
export interface LifecycleEvent extends Actor {
  readonly id: Id;
  readonly institutionId: Id;
  readonly positionId: Id;
  /** Gapless within a position; 1 is the creation. */
  readonly sequence: number;
  readonly fromState: PositionState | null;
  readonly toState: PositionState;
  /** The amount that moved in minor units, or null if no money moved. */
  readonly moved: bigint | null;
  readonly currency: CurrencyCode;
  readonly reason: string | null;
  readonly metadata: JsonObject;
  readonly createdAt: Instant;
}

/** Returns the event of a position's creation (`from` is null) or of a move. */
export const newLifecycleEvent = (
  id: Id,
  from: Position | null,
  to: Position,
  moved: bigint,
  { reason, metadata }: EventNote,
  { actorKind, apiKeyId }: Actor,
): LifecycleEvent =>
  Object.freeze({
    id,
    institutionId: to.institutionId,
    positionId: to.id,
    sequence: to.sequence,
    fromState: from?.state ?? null,
    toState: to.state,
    moved: moved === 0n ? null : moved,
    currency: to.currency,
    reason,
    metadata,
    actorKind,
    apiKeyId,
    createdAt: to.updatedAt,
  });
