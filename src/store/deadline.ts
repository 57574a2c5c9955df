/** Until when an answer is of use. */
export interface Deadline {
  /** How many ms are left; none once it has passed. */
  remainingMs(): number;
}

/** Returns a deadline that many ms from now. */
export function deadlineIn(ms: number): Deadline {
  const endsAt = performance.now() + ms;
  return { remainingMs: () => endsAt - performance.now() };
}
