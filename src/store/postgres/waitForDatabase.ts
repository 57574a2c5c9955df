import { setTimeout as delay } from 'node:timers/promises';
import { UnusableDatabaseError } from './unusableDatabase.ts';

/** The pause before the database is tried again, in ms. */
const RETRY_MS = 500;

/**
 * Repeats the work while the database cannot be used for a reason that may pass, for about `timeoutMs` milliseconds.
 * Calls `onWait` once per reason. Throws UnusableDatabaseError.
 */
export async function waitForDatabase(
  work: () => Promise<void>,
  timeoutMs: number,
  onWait: (reason: string) => void = () => {},
): Promise<void> {
  const end = performance.now() + timeoutMs;
  let reason: string | undefined;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isTemporary = error instanceof UnusableDatabaseError && error.isTemporary;
      if (!isTemporary || performance.now() >= end) throw error;
      if (error.message !== reason) onWait(error.message);
      reason = error.message;
    }
    await delay(Math.min(RETRY_MS, Math.max(0, end - performance.now())));
  }
}
