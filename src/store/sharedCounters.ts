import type { Instant } from '../domain/time.ts';

/** Counters shared by all servers on one store: short-lived, of no institution, and lost if the database crashes. */
export interface SharedCounters {
  /**
   * Adds to the counters of the window that starts then; returns their sums over all servers, at most 2^53 - 1 each.
   */
  add(window: Instant, counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>>;
  /** Deletes the counters of the windows before the time, and returns their number. */
  deleteBefore(before: Instant): Promise<number>;
}
