import type { CurrencyCode } from './currencies.ts';
import type { Id } from './ids.ts';
import type { JsonObject } from './json.ts';
import { moveInto, type PositionMove, type PositionState } from './lifecycle.ts';
import type { EventNote } from './moveInput.ts';
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
  /** The kind of the change; null if it was stored before kinds existed. Use `moveOf`. */
  readonly move: PositionMove | null;
  /**
   * The amount that left or entered the system in minor units, or null if none did: what the payer paid with its fees,
   * what the payee received, or what was refunded.
   */
  readonly moved: bigint | null;
  /** The fees charged, in minor units, or null if there were none. */
  readonly fee: bigint | null;
  /** The change of the retained amount in minor units, negative if it was paid out, or null if it did not change. */
  readonly retained: bigint | null;
  /** The only milestone that the change is about, or null. */
  readonly milestoneId: Id | null;
  /** The bank's reference of the payment, or null. */
  readonly paymentReference: string | null;
  /** The party that agreed, or null if the change is no agreement. */
  readonly partyReference: string | null;
  readonly currency: CurrencyCode;
  readonly reason: string | null;
  readonly metadata: JsonObject;
  readonly createdAt: Instant;
}

/** Returns the kind of the change that the event records. */
export const moveOf = ({ move, toState }: Pick<LifecycleEvent, 'move' | 'toState'>): PositionMove =>
  move ?? moveInto(toState);

/** The amounts of an event in minor units; zero where it has none. */
export interface EventAmounts {
  readonly moved: bigint;
  readonly fee: bigint;
  readonly retained: bigint;
}

/** Returns the amounts of an event. */
export const eventAmountsOf = ({
  moved,
  fee,
  retained,
}: Pick<LifecycleEvent, 'moved' | 'fee' | 'retained'>): EventAmounts => ({
  moved: moved ?? 0n,
  fee: fee ?? 0n,
  retained: retained ?? 0n,
});

/** Whether the event records that a position was created or moved, and not only that its terms were agreed to or changed. */
export function isTransition(event: Pick<LifecycleEvent, 'move' | 'toState'>): boolean {
  const move = moveOf(event);
  return move !== 'AGREE' && move !== 'AMEND';
}

/** What a change does besides changing the position, in minor units. An absent amount is zero. */
export interface Effects {
  readonly move: PositionMove;
  readonly moved?: bigint;
  readonly fee?: bigint;
  readonly retained?: bigint;
  readonly milestoneId?: Id | null;
  readonly paymentReference?: string | null;
  readonly partyReference?: string | null;
}

/** Returns the event of a position's creation (`from` is null) or of another change. */
export const newLifecycleEvent = (
  id: Id,
  from: Position | null,
  to: Position,
  {
    move,
    moved = 0n,
    fee = 0n,
    retained = 0n,
    milestoneId = null,
    paymentReference = null,
    partyReference = null,
  }: Effects,
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
    move,
    moved: moved || null,
    fee: fee || null,
    retained: retained || null,
    milestoneId,
    paymentReference,
    partyReference,
    currency: to.currency,
    reason,
    metadata,
    actorKind,
    apiKeyId,
    createdAt: to.updatedAt,
  });
