import type { CommandContext } from '../commands/context.ts';
import type { ChatSession } from '../domain/chatSession.ts';

/** The maximum number of sessions that one transaction removes, with all their messages. */
const BATCH = 20;
/** The number of messages after which a transaction removes no further session. */
const MESSAGES = 5_000;

/**
 * Purges the sessions that were deleted before the time, oldest first, and returns their number. A session of a
 * position that is not terminal is kept, because it is evidence of a deal in progress.
 */
export async function purgeDeletedSessions({ store }: CommandContext, before: number): Promise<number> {
  for (let purged = 0; ; ) {
    const { removed, isLast } = await store.transact('ALL', async (tx) => {
      const sessions = await tx.lockPurgeable(before, BATCH);
      const few = firstWithFewMessages(sessions);
      for (const session of few) tx.chatSessions.remove(session);
      return { removed: few.length, isLast: few.length === sessions.length && sessions.length < BATCH };
    });
    purged += removed;
    if (isLast) return purged;
  }
}

/** Returns the first sessions, at least one, up to the one with which they have many messages. */
function firstWithFewMessages(sessions: readonly ChatSession[]): readonly ChatSession[] {
  let messages = 0;
  const last = sessions.findIndex(({ messageCount }) => (messages += messageCount) > MESSAGES);
  return last < 0 ? sessions : sessions.slice(0, last + 1);
}
