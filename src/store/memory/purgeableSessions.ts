import type { ChatSession } from '../../domain/chatSession.ts';
import type { Id } from '../../domain/ids.ts';
import { isTerminal } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import type { Instant } from '../../domain/time.ts';
import type { Key, Page } from '../store.ts';
import { firstOf } from '../window.ts';
import type { Kept } from './unitOfWork.ts';
import type { Table } from './table.ts';

/** The first sessions that may be removed for good, in the order of their deletion. */
export function purgeableSessions(
  { chatSessions, positions }: Kept,
  tenant: Id | null,
  deletedBefore: Instant,
  limit: number,
): readonly ChatSession[] {
  const sessions = chatSessions as unknown as Table<ChatSession>;
  const first = firstOf<ChatSession>({
    where: { deleted: { in: [true] }, deletedAt: { range: { lt: deletedBefore } } },
    order: { by: ['deletedAt'], direction: 'ASC' },
    limit,
  });
  const isPurgeable = ({ positionId }: ChatSession): boolean => {
    const [position] = positionId === null ? [] : (positions as unknown as Table<Position>).byIds([positionId], tenant);
    return position === undefined || isTerminal(position.state);
  };
  const found: ChatSession[] = [];
  let page: Page<ChatSession>;
  let after: Key | null = null;
  do {
    page = sessions.page({ ...first, after }, tenant);
    found.push(...page.rows.filter(isPurgeable));
    const last = page.rows.at(-1);
    after = last ? [last.deletedAt, last.id] : null;
  } while (page.more && found.length < limit);
  return found.slice(0, limit);
}
