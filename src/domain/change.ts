import type { Id } from './ids.ts';
import type { Instant } from './time.ts';

/** The kind of a change. */
export type ChangeKind = 'CREATED' | 'UPDATED' | 'DELETED';
/** The type of the object of a change. */
export type ChangeTopic = 'POSITION' | 'CHAT_SESSION' | 'CHAT_MESSAGE';

/**
 * A change as it is published to subscribers: which object has changed, not how. Subscribers read its current state.
 */
export interface Change {
  readonly topic: ChangeTopic;
  readonly kind: ChangeKind;
  readonly institutionId: Id;
  readonly objectId: Id;
  /** The id of the position's lifecycle event, or of the message's session. */
  readonly detailId: Id | null;
  readonly createdAt: Instant;
}

/** A position in the stream of all changes: directly after the change that it names. */
export interface StreamPosition {
  /** The number of the change in commit order, without gaps; 0 is the position before the first change. */
  readonly sequence: number;
  /**
   * The random UUID of the change with that sequence. A database that was restored assigns the same sequences again,
   * but never the same UUIDs.
   */
  readonly id: string;
}

/** A committed change with its position in the stream. */
export interface SequencedChange extends Change, StreamPosition {}

/** Selects the changes of one topic of one institution, and of these only one object or detail if it is set. */
export interface ChangeFilter {
  readonly institutionId: Id;
  readonly topic: ChangeTopic;
  readonly objectId?: Id | undefined;
  readonly detailId?: Id | undefined;
}

/** Returns whether the filter selects the change. */
export const matchesFilter = (change: Change, filter: ChangeFilter): boolean =>
  change.institutionId === filter.institutionId &&
  change.topic === filter.topic &&
  (filter.objectId === undefined || change.objectId === filter.objectId) &&
  (filter.detailId === undefined || change.detailId === filter.detailId);
