import type { CommandContext } from '../commands/context.ts';
import type { IdempotencyRecord } from '../domain/idempotency.ts';
import type { Window } from '../store/store.ts';
import { firstOf } from '../store/window.ts';

/** The maximum number of records that one transaction deletes. */
const BATCH = 500;

/** Deletes the idempotency records from before the time, oldest first, and returns their number. */
export async function deleteExpiredIdempotencyRecords(context: CommandContext, before: number): Promise<number> {
  for (let forgotten = 0; ; ) {
    const batch = await deleteBatch(context, before);
    forgotten += batch;
    if (batch < BATCH) return forgotten;
  }
}

const deleteBatch = ({ store }: CommandContext, before: number): Promise<number> =>
  store.transact('ALL', async (tx) => {
    const [page] = await tx.idempotencyRecords.pages([recordsBefore(before)]);
    const ids = page?.rows.map(({ id }) => id) ?? [];
    // Another server may run this at the same time; records that it has deleted are not found by `lock`.
    const rows = ids.length === 0 ? [] : await tx.idempotencyRecords.lock(ids);
    const left = rows.filter((row) => row !== undefined && row.createdAt < before);
    for (const row of left) if (row) tx.idempotencyRecords.remove(row);
    return ids.length;
  });

const recordsBefore = (before: number): Window<IdempotencyRecord> =>
  firstOf({
    where: { createdAt: { range: { lt: before } } },
    order: { by: ['createdAt'], direction: 'ASC' },
    limit: BATCH,
  });
