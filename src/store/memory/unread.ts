import { type ChatMessage, type ReadMark, readMarkId } from '../../domain/chatMessage.ts';
import type { Id } from '../../domain/ids.ts';
import type { UnreadOf } from '../store.ts';
import type { Table } from './table.ts';

/** Counts the messages above the participant's mark that are neither the participant's own nor deleted. */
export function unreadCount(
  messages: Table<ChatMessage>,
  marks: Table<ReadMark>,
  { sessionId, participantReference }: UnreadOf,
  tenant: Id | null,
): number {
  const [mark] = marks.byIds([readMarkId(sessionId, participantReference)], tenant);
  const where = { sequence: { range: { gt: mark?.sequence ?? 0 } } };
  let count = 0;
  for (const message of messages.matches({ parent: { field: 'sessionId', id: sessionId }, where }, tenant)) {
    if (message.deletedAt === null && message.authorReference !== participantReference) count += 1;
  }
  return count;
}
