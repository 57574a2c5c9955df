import type { Id } from './ids.ts';
import type { Instant } from './time.ts';

export type ChangeKind = 'CREATED' | 'UPDATED' | 'DELETED';
export type ChangeTopic = 'POSITION' | 'CHAT_SESSION' | 'CHAT_MESSAGE';

/** A change as subscribers hear of it: what has changed, not how; they read the object as it is now. */
export interface Change {
  readonly topic: ChangeTopic;
  readonly kind: ChangeKind;
  readonly institutionId: Id;
  readonly objectId: Id;
  /** The position's lifecycle event; the message's session. */
  readonly detailId: Id | null;
  readonly createdAt: Instant;
}

/** A change with its place among all of them: in the order of their commits, without a gap. */
export interface PlacedChange extends Change {
  readonly place: number;
}
