import type { Size } from './data.ts';

/** How much a run measures. */
export interface Plan {
  readonly size: Size;
  /** The part of the requests of a full round that a round has. */
  readonly part: number;
  /** The part of the positions that the store is filled with to measure its memory. */
  readonly store: number;
  /** The part of a million requests over which the heap is measured. */
  readonly heap: number;
}

/** The time of the first row: a day ago, so that nothing has expired or is in the future. */
const startMs = Date.now() - 24 * 60 * 60 * 1_000;

export const FULL: Plan = {
  size: { startMs, positions: 10_000, sessions: 1_000, messagesPerSession: 20 },
  part: 1,
  store: 1,
  heap: 1,
};

/** For the subset that finishes in 3 minutes. */
export const QUICK: Plan = {
  size: { ...FULL.size, positions: 2_000, sessions: 200 },
  part: 0.4,
  store: 0.1,
  heap: 0.02,
};
