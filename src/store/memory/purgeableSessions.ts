import type { ChatSession } from '../../domain/chatSession.ts';
import type { Id } from '../../domain/ids.ts';
import { isTerminal } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import type { Instant } from '../../domain/time.ts';
import type { Key, Page } from '../store.ts';
import { firstOf } from '../window.ts';
import type { Table } from './table.ts';

export interface SessionTables {
  readonly chatSessions: Table<ChatSession>;
  readonly positions: Table<Position>;
}

/** Returns the first sessions that may be purged, in the order of their deletion. */
export function purgeableSessions(
  { chatSessions, positions }: SessionTables,
  tenant: Id | null,
  deletedBefore: Instant,
  limit: number,
): readonly ChatSession[] {
  const first = firstOf<ChatSession>({
    where: { deleted: { in: [true] }, deletedAt: { range: { lt: deletedBefore } } },
    order: { by: ['deletedAt'], direction: 'ASC' },
    limit,
  });
  const isPurgeable = ({ positionId }: ChatSession): boolean => {
    const [position] = positionId === null ? [] : positions.byIds([positionId], tenant);
    return position === undefined || isTerminal(position.state);
  };
  const found: ChatSession[] = [];
  let page: Page<ChatSession>;
  let after: Key | null = null;
  do {
    page = chatSessions.page({ ...first, after }, tenant);
    found.push(...page.rows.filter(isPurgeable));
    const last = page.rows.at(-1);
    after = last ? [last.deletedAt, last.id] : null;
  } while (page.more && found.length < limit);
  return found.slice(0, limit);
}
