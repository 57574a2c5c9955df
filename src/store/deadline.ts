/** The time after which a result is of no use. */
export interface Deadline {
  /** Returns the remaining ms; zero or less once the deadline has passed. */
  remainingMs(): number;
}

/** Returns a deadline that is `ms` milliseconds from now. */
export function deadlineIn(ms: number): Deadline {
  const endsAt = performance.now() + ms;
  return { remainingMs: () => endsAt - performance.now() };
}
