import { auditEventOf } from '../commands/audit.ts';
import type { CommandContext } from '../commands/context.ts';
import { loadCurrentTerms } from '../commands/currentTerms.ts';
import { recordsOf, writeMilestones, writeMove } from '../commands/positionChange.ts';
import { advance, MOVED_FIELDS } from '../domain/move.ts';
import { SYSTEM } from '../domain/viewer.ts';

/**
 * The maximum number of positions that one transaction expires. It writes all of their milestones, and must fit the time
 * limit of a statement even if each has as many as it can have: otherwise it would fail again and again.
 */
const BATCH = 50;

/**
 * Expires every open position whose expiry has passed, earliest first, in batches, and returns their number. Any number
 * of servers may do so at the same time: each position is expired once, by one of them.
 */
export async function expireDuePositions(context: CommandContext): Promise<number> {
  for (let expired = 0; ; ) {
    const batch = await expireBatch(context);
    expired += batch;
    if (batch < BATCH) return expired;
  }
}

const expireBatch = (context: CommandContext): Promise<number> =>
  context.store.transact('ALL', async (tx) => {
    const now = context.clock();
    const due = await tx.lockDue(now, BATCH);
    const terms = await loadCurrentTerms(tx, due);
    for (const before of due) {
      const advanced = advance(before, { toState: 'EXPIRED', amount: null }, now, terms.get(before.id));
      tx.positions.replace(advanced.position, MOVED_FIELDS);
      writeMilestones(tx, advanced.milestones);
      writeMove(tx, recordsOf(context, { effects: advanced, before, position: advanced.position, actor: SYSTEM }));
      const resource = { type: 'Position', id: before.id } as const;
      const { institutionId } = before;
      const attempt = { mutation: 'expirePosition', institutionId, resource, errorCode: null, input: {} } as const;
      tx.auditEvents.insert(auditEventOf(context, { ...attempt, actor: SYSTEM }));
    }
    return due.length;
  });
