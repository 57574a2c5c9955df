import type { CommandContext } from '../commands/context.ts';
import { firstPending } from '../commands/webhookQueues.ts';
import type { Instant } from '../domain/time.ts';
import { due, type WebhookDelivery } from '../domain/webhookDelivery.ts';
import type { Window, Writers } from '../store/store.ts';
import { firstOf } from '../store/window.ts';

/** The maximum number of deliveries that one transaction deletes. */
const BATCH = 500;

type Context = Pick<CommandContext, 'store' | 'clock'>;

/**
 * Deletes the deliveries of webhooks that were created before the time, oldest first, and returns their number. Pending
 * ones too: those of an endpoint that has been disabled for so long.
 */
export async function deleteOldDeliveries(context: Context, before: Instant): Promise<number> {
  for (let deleted = 0; ; ) {
    const batch = await deleteBatch(context, before);
    deleted += batch;
    if (batch < BATCH) return deleted;
  }
}

const deleteBatch = ({ store, clock }: Context, before: Instant): Promise<number> =>
  store.transact('ALL', async (tx) => {
    const [page] = await tx.webhookDeliveries.pages([deliveriesBefore(before)]);
    const old = page?.rows ?? [];
    const pending = old.filter(({ queue }) => queue !== null);
    // Everything that adds to the queues of an endpoint locks the endpoint first.
    if (pending.length > 0)
      await tx.webhookEndpoints.lock([...new Set(pending.map(({ webhookEndpointId }) => webhookEndpointId))]);
    const rows = old.length === 0 ? [] : await tx.webhookDeliveries.lock(old.map(({ id }) => id));
    // Another server may run this at the same time; deliveries that it has deleted are not found by `lock`.
    const left = rows.flatMap((row) => (row ? [row] : []));
    for (const row of left) tx.webhookDeliveries.remove(row);
    for (const next of await nextOfQueues(tx, left))
      tx.webhookDeliveries.replace(due(next, clock()), ['nextAttemptAt']);
    return old.length;
  });

/** Returns the deliveries, locked, that become the first of their queues when these are deleted. */
async function nextOfQueues(tx: Writers, deleted: readonly WebhookDelivery[]): Promise<readonly WebhookDelivery[]> {
  const ids = new Set(deleted.map(({ id }) => id));
  const queues = deleted.flatMap(({ queue, nextAttemptAt }) => (queue !== null && nextAttemptAt !== null ? queue : []));
  // The transaction does not see its own writes, so each deleted delivery is still in its queue.
  const pages = await firstPending(tx, queues, largestShare(deleted) + 1);
  const next = pages.flatMap(({ rows }) => rows.find(({ id }) => !ids.has(id)) ?? []);
  const locked = next.length === 0 ? [] : await tx.webhookDeliveries.lock(next.map(({ id }) => id));
  return locked.flatMap((row) => (row?.queue && row.nextAttemptAt === null ? [row] : []));
}

/** Returns the maximum number of the deliveries that are of one queue. */
function largestShare(deliveries: readonly WebhookDelivery[]): number {
  const counts = new Map<string, number>();
  for (const { queue } of deliveries) if (queue !== null) counts.set(queue, (counts.get(queue) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

const deliveriesBefore = (before: Instant): Window<WebhookDelivery> =>
  firstOf({
    where: { createdAt: { range: { lt: before } } },
    order: { by: ['createdAt'], direction: 'ASC' },
    limit: BATCH,
  });
