/** The time after which a result is of no use. */
export interface Deadline {
  /** Returns the remaining ms; zero or less once the deadline has passed. */
  remainingMs(): number;
  /** The number of statements that were sent to a database before the deadline. */
  statements?: number;
}

/** Counts a statement that is sent before the deadline. */
export function countStatement(until: Deadline | undefined): void {
  if (until) until.statements = (until.statements ?? 0) + 1;
}

/** Returns a deadline that is `ms` milliseconds from now. */
export function deadlineIn(ms: number): Deadline {
  const endsAt = performance.now() + ms;
  return { remainingMs: () => endsAt - performance.now(), statements: 0 };
}
