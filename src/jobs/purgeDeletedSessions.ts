import type { CommandContext } from '../commands/context.ts';

/** The maximum number of sessions that one transaction removes, with all their messages. */
const BATCH = 20;

/**
 * Purges the sessions that were deleted before the time, oldest first, and returns their number. A session of a
 * position that is not terminal is kept, because it is evidence of a deal in progress.
 */
export async function purgeDeletedSessions({ store }: CommandContext, before: number): Promise<number> {
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
