import type { Deadline } from './store.ts';

/** Returns a deadline that many ms from now. */
export function deadlineIn(ms: number): Deadline {
  const endsAt = performance.now() + ms;
  return { remainingMs: () => endsAt - performance.now() };
}
