import { bytesBefore, type Lsn } from './lsn.ts';

/** The time after which a result is of no use, and what the store notes about the calls before it. */
export interface Deadline {
  /** Returns the remaining ms; zero or less once the deadline has passed. */
  remainingMs(): number;
  /** The number of statements that were sent to a database before the deadline. */
  statements?: number;
  /** The LSN that a replica must have replayed to serve reads; absent if only the primary may serve them. */
  minLsn?: Lsn;
  /** The LSN of a state that contains all that was read and written; absent if the store has noted none. */
  lsn?: Lsn;
}

/** Counts a statement that is sent before the deadline. */
export function countStatement(until: Deadline | undefined): void {
  if (until) until.statements = (until.statements ?? 0) + 1;
}

/** Notes the LSN of a read or of a commit. */
export function noteLsn(until: Deadline | undefined, lsn: Lsn): void {
  if (until && (until.lsn === undefined || bytesBefore(lsn) > bytesBefore(until.lsn))) until.lsn = lsn;
}

/** Returns a deadline that is `ms` milliseconds from now. */
export function deadlineIn(ms: number): Deadline {
  const endsAt = performance.now() + ms;
  return { remainingMs: () => endsAt - performance.now(), statements: 0 };
}
