import type { CommandContext } from '../commands/context.ts';
import type { ChatSession } from '../domain/chatSession.ts';
import type { Window } from '../store/store.ts';
import { firstOf } from '../store/window.ts';

/** The most sessions that one transaction takes out, with all their messages. */
const BATCH = 20;

/** Removes for good the sessions that were deleted before the time, oldest first, and answers how many. */
export async function removeDeletedSessions({ store }: CommandContext, before: number): Promise<number> {
  for (let removed = 0; ; ) {
    const batch = await store.transact('ALL', async (tx) => {
      const [page] = await tx.chatSessions.pages([deletedBefore(before)]);
      const rows = await tx.chatSessions.lock(page?.rows.map(({ id }) => id) ?? []);
      // Restored, or removed by another server, since it was looked for.
      const due = rows.filter((row) => row?.deletedAt && row.deletedAt < before);
      for (const row of due) if (row) tx.chatSessions.remove(row);
      return due.length;
    });
    removed += batch;
    if (batch < BATCH) return removed;
  }
}

const deletedBefore = (before: number): Window<ChatSession> =>
  firstOf<ChatSession>({
    where: { deleted: { in: [true] }, deletedAt: { range: { lt: before } } },
    order: { by: ['deletedAt'], direction: 'ASC' },
    limit: BATCH,
  });
