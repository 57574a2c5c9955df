import type { CommandContext } from '../commands/context.ts';

/** The most sessions that one transaction removes, with all their messages. */
const BATCH = 20;

/**
 * Removes the sessions for good that were deleted before the time, oldest first, and returns how many. A session of a
 * position that is not terminal stays: it is evidence of a deal that is not over.
 */
export async function removeDeletedSessions({ store }: CommandContext, before: number): Promise<number> {
  for (let removed = 0; ; ) {
    const batch = await store.transact('ALL', async (tx) => {
      const sessions = await tx.lockPurgeable(before, BATCH);
      for (const session of sessions) tx.chatSessions.remove(session);
      return sessions.length;
    });
    removed += batch;
    if (batch < BATCH) return removed;
  }
}
