import type { Id } from '../domain/ids.ts';
import type { Maybe } from '../domain/issues.ts';
import { LIMITS } from '../domain/limits.ts';
import { WRITERS } from '../domain/rights.ts';
import { ConflictError, NotFoundError } from '../domain/userErrors.ts';
import { queueOfDelivery, REDELIVERED_FIELDS, redelivered, type WebhookDelivery } from '../domain/webhookDelivery.ts';
import type { WebhookEndpoint } from '../domain/webhookEndpoint.ts';
import type { Writers } from '../store/store.ts';
import { firstOf } from '../store/window.ts';
import { orNotFound } from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command } from './perform.ts';
import { busyQueues } from './webhookQueues.ts';
import { ENDPOINT, type EndpointRef, lockEndpoint, resourceOf } from './webhooks.ts';

/** The maximum number of deliveries that one call repeats. */
export const REDELIVERED_AT_ONCE = 1_000;

/** Input for redeliverWebhooks: either `after` or `webhookDeliveryIds`. */
export interface RedeliverWebhooks extends EndpointRef {
  /** The id of a delivery. */
  readonly after?: Maybe<Id>;
  readonly webhookDeliveryIds?: Maybe<readonly Id[]>;
  readonly onlyFailed?: Maybe<boolean>;
}
/** Result of redeliverWebhooks. */
export interface WebhooksRedelivered {
  /** Null in a replayed result if the endpoint was deleted since. */
  readonly webhookEndpoint: WebhookEndpoint | null;
  readonly redeliveredCount: number;
  /** The delivery of the last change that was considered, with which the next call continues. */
  readonly lastDeliveryId: Id | null;
  readonly hasMore: boolean;
}

interface Checked {
  readonly webhookEndpointId: Id;
  readonly after: Id | null;
  readonly ids: readonly Id[] | null;
  readonly onlyFailed: boolean;
}
interface Loaded {
  readonly endpoint: WebhookEndpoint | undefined;
  /** The deliveries to repeat, locked, by sequence, and whether there are more. */
  readonly deliveries: readonly WebhookDelivery[];
  readonly hasMore: boolean;
  /** An id of the input that is not that of a delivery of the endpoint. */
  readonly unknownId: Id | null;
  /** The queues that have a pending delivery. */
  readonly busy: ReadonlySet<string>;
}
type Chosen = Pick<Loaded, 'deliveries' | 'hasMore' | 'unknownId'>;

/** Loads the deliveries with these ids. */
async function withIds(tx: Writers, endpoint: WebhookEndpoint, ids: readonly Id[]): Promise<Chosen> {
  const rows = await tx.webhookDeliveries.byIds(ids);
  const unknownId = ids.find((_id, index) => rows[index]?.webhookEndpointId !== endpoint.id) ?? null;
  const deliveries = rows.flatMap((row) => (row ? [row] : [])).toSorted((a, b) => a.sequence - b.sequence);
  return { deliveries, hasMore: false, unknownId };
}

/** Loads the first deliveries of later changes than that of a delivery. */
async function following(tx: Writers, endpoint: WebhookEndpoint, { after, onlyFailed }: Checked): Promise<Chosen> {
  const [start] = after === null ? [] : await tx.webhookDeliveries.byIds([after]);
  if (start?.webhookEndpointId !== endpoint.id) return { deliveries: [], hasMore: false, unknownId: after };
  const states = onlyFailed ? (['FAILED'] as const) : (['DELIVERED', 'FAILED'] as const);
  const [page] = await tx.webhookDeliveries.pages([
    firstOf<WebhookDelivery>({
      parent: { field: 'webhookEndpointId', id: endpoint.id },
      where: { state: { in: states }, sequence: { range: { gt: start.sequence } } },
      order: { by: ['sequence'], direction: 'ASC' },
      limit: REDELIVERED_AT_ONCE,
    }),
  ]);
  return { deliveries: page?.rows ?? [], hasMore: page?.more ?? false, unknownId: null };
}

const redeliver: Command<RedeliverWebhooks, Checked, Loaded, WebhooksRedelivered> = {
  name: 'redeliverWebhooks',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'IDEMPOTENCY_CONFLICT'],
  check: ({ webhookEndpointId, after, webhookDeliveryIds, onlyFailed }, issues) => {
    const ids = webhookDeliveryIds ? [...new Set(webhookDeliveryIds)] : null;
    if ((ids === null) === (typeof after !== 'string')) {
      issues.add(['after'], 'is required unless `webhookDeliveryIds` is set. Set only one of them.');
    }
    if (ids && (ids.length === 0 || ids.length > LIMITS.listValues)) {
      issues.add(['webhookDeliveryIds'], `must have 1 to ${LIMITS.listValues} values.`);
    }
    issues.throwIfAny();
    return { webhookEndpointId, after: after ?? null, ids, onlyFailed: onlyFailed ?? false };
  },
  load: async (tx, checked) => {
    // Everything that adds to the queues of an endpoint locks the endpoint first.
    const endpoint = await lockEndpoint(tx, checked);
    if (!endpoint) return { endpoint, deliveries: [], hasMore: false, unknownId: null, busy: new Set() };
    const chosen = checked.ids ? await withIds(tx, endpoint, checked.ids) : await following(tx, endpoint, checked);
    const ids = chosen.deliveries.map(({ id }) => id);
    const [locked, busy] = await Promise.all([
      tx.webhookDeliveries.lock(ids),
      busyQueues(tx, chosen.deliveries.map(queueOfDelivery)),
    ]);
    return { ...chosen, endpoint, deliveries: locked.flatMap((row) => (row ? [row] : [])), busy };
  },
  owner: ({ endpoint }) => endpoint?.institutionId,
  act: (tx, loaded, { webhookEndpointId, after, ids, onlyFailed }, { clock }) => {
    const endpoint = orNotFound(loaded.endpoint, ENDPOINT, 'webhookEndpointId', webhookEndpointId);
    const { deliveries, hasMore, unknownId, busy } = loaded;
    if (unknownId !== null)
      throw new NotFoundError('webhook delivery', [ids ? 'webhookDeliveryIds' : 'after'], unknownId);
    if (endpoint.state === 'DISABLED')
      throw new ConflictError('The webhook endpoint is disabled. Enable it first.', ['webhookEndpointId']);
    const again = deliveries.filter(({ state }) => state === 'FAILED' || (state === 'DELIVERED' && !onlyFailed));
    const queued = new Set(busy);
    for (const delivery of again) {
      const queue = queueOfDelivery(delivery);
      tx.webhookDeliveries.replace(redelivered(delivery, queued.has(queue), clock()), REDELIVERED_FIELDS);
      queued.add(queue);
    }
    const lastDeliveryId = deliveries.at(-1)?.id ?? after;
    return { webhookEndpoint: endpoint, redeliveredCount: again.length, lastDeliveryId, hasMore };
  },
  resource: (_payload, { webhookEndpointId }) => resourceOf(webhookEndpointId),
  storePayload: ({ webhookEndpoint, redeliveredCount, lastDeliveryId, hasMore }) => ({
    id: webhookEndpoint?.id ?? null,
    redeliveredCount,
    lastDeliveryId,
    hasMore,
  }),
  loadPayload: async (tx, { id, redeliveredCount, lastDeliveryId, hasMore }) => ({
    webhookEndpoint: (await tx.webhookEndpoints.byIds([id as Id]))[0] ?? null,
    redeliveredCount: redeliveredCount as number,
    lastDeliveryId: lastDeliveryId as Id | null,
    hasMore: hasMore as boolean,
  }),
};

export const redeliverWebhooks = mutationOf(redeliver);
