import type { WebhookDelivery } from '../domain/webhookDelivery.ts';
import type { Page, Writers } from '../store/store.ts';
import { firstOf } from '../store/window.ts';

/** Returns the queues among these that have a pending delivery. Their endpoints must be locked. */
export async function busyQueues(tx: Writers, queues: readonly string[]): Promise<ReadonlySet<string>> {
  const distinct = [...new Set(queues)];
  const pages = await firstPending(tx, distinct, 1);
  return new Set(distinct.filter((_queue, index) => pages[index]?.rows.length));
}

/** Returns the first pending deliveries of each queue. */
export async function firstPending(
  tx: Writers,
  queues: readonly string[],
  limit: number,
): Promise<readonly Page<WebhookDelivery>[]> {
  if (queues.length === 0) return [];
  return tx.webhookDeliveries.pages(
    queues.map((queue) =>
      firstOf<WebhookDelivery>({
        parent: { field: 'queue', id: queue },
        order: { by: ['sequence'], direction: 'ASC' },
        limit,
      }),
    ),
  );
}
