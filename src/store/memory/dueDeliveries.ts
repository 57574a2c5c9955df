import type { Id } from '../../domain/ids.ts';
import type { WebhookDelivery } from '../../domain/webhookDelivery.ts';
import type { WebhookEndpoint } from '../../domain/webhookEndpoint.ts';
import type { DueDeliveries } from '../store.ts';
import { firstOf } from '../window.ts';
import type { Table } from './table.ts';

export interface WebhookTables {
  readonly webhookEndpoints: Table<WebhookEndpoint>;
  readonly webhookDeliveries: Table<WebhookDelivery>;
}

/** Returns the first due deliveries of each enabled endpoint, those of the endpoint that is due longest first. */
export function dueDeliveries(
  { webhookEndpoints, webhookDeliveries }: WebhookTables,
  tenant: Id | null,
  { now, limit, perEndpoint, except }: DueDeliveries,
): readonly WebhookDelivery[] {
  const dueOf = ({ id }: WebhookEndpoint): readonly WebhookDelivery[] => {
    const first = firstOf<WebhookDelivery>({
      parent: { field: 'webhookEndpointId', id },
      where: { state: { in: ['PENDING'] } },
      order: { by: ['nextAttemptAt', 'sequence'], direction: 'ASC' },
      limit: perEndpoint,
    });
    // Without a condition on the time, the rows are the first of one group. Those that wait have no time and come last.
    return webhookDeliveries.page(first, tenant).rows.filter((row) => timeOf(row) <= now);
  };
  const enabled = [...webhookEndpoints.matches({ where: { state: { in: ['ENABLED'] } } }, tenant)];
  return enabled
    .filter(({ id }) => !except.includes(id))
    .map(dueOf)
    .filter((rows) => rows.length > 0)
    .toSorted(([a], [b]) =>
      a && b ? timeOf(a) - timeOf(b) || (a.webhookEndpointId < b.webhookEndpointId ? -1 : 1) : 0,
    )
    .flat()
    .slice(0, limit);
}

const timeOf = ({ nextAttemptAt }: WebhookDelivery): number => nextAttemptAt ?? Infinity;
