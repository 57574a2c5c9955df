import type { ChangeFilter, SequencedChange, StreamPosition } from '../domain/change.ts';
import type { Instant } from '../domain/time.ts';

/** The changes after a position, up to the requested limit. */
export interface StreamPage {
  /**
   * Whether the position is one of this stream, and no change after it has been deleted. If not, the changes after it
   * are unknown and `changes` is empty.
   */
  readonly isKnown: boolean;
  readonly changes: readonly SequencedChange[];
  /** The position of the last change of the stream. */
  readonly last: StreamPosition;
}

/** All published changes in the order of their commits, numbered without gaps; kept for a limited time. */
export interface ChangeFeed {
  /** The 32-byte key of the cursors, the same for all servers on one database. Never log it. */
  cursorKey(): Promise<Uint8Array>;
  /** Returns once every change that was committed before the call has a sequence. */
  assignSequences(): Promise<void>;
  /**
   * Returns at most `limit` changes after the position that have a sequence and that the filter selects, in order.
   * Returns only the end of the stream if the position is null. Takes no lock.
   */
  read(after: StreamPosition | null, limit: number, filter?: ChangeFilter): Promise<StreamPage>;
  /**
   * Calls `wake` whenever there may be more changes to read, committed here or on another server. While there is a
   * listener, the changes committed here get their sequences soon. Returns a function that removes the listener.
   */
  onChanges(wake: () => void): () => void;
  /** Deletes the changes before the time from the start of the stream, and returns their number. */
  deleteBefore(before: Instant): Promise<number>;
}
