import type { Id } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';
import { SYSTEM } from '../domain/viewer.ts';
import {
  ATTEMPTED_FIELDS,
  attempted,
  type DeliveryFailure,
  delivered,
  due,
  ENDED_FIELDS,
  failed,
  newDelivery,
  queueOfChange,
  queueOfDelivery,
  receives,
  type WebhookDelivery,
  withBody,
} from '../domain/webhookDelivery.ts';
import { disabled, type WebhookEndpoint } from '../domain/webhookEndpoint.ts';
import type { DueDeliveries, Writers } from '../store/store.ts';
import { firstOf } from '../store/window.ts';
import { auditEventOf } from './audit.ts';
import type { CommandContext } from './context.ts';
import { busyQueues, firstPending } from './webhookQueues.ts';

/** The maximum number of changes for which one transaction creates deliveries. */
const CHANGES_AT_ONCE = 500;

/**
 * Creates the deliveries of the next changes, and returns whether there may be more. One server at a time does so: the
 * others find no changes meanwhile.
 */
export const createDeliveries = (context: CommandContext): Promise<boolean> =>
  context.store.transact('ALL', async (tx) => {
    const changes = await tx.takeChanges(CHANGES_AT_ONCE);
    const candidates = await endpointsOf(tx, [...new Set(changes.map(({ institutionId }) => institutionId))]);
    const matched = candidates.filter((endpoint) => changes.some((change) => receives(endpoint, change)));
    const endpoints = (await lockEndpoints(tx, matched)).values();
    const pairs = [...endpoints].flatMap((endpoint) =>
      changes.filter((change) => receives(endpoint, change)).map((change) => ({ endpoint, change })),
    );
    const queued = new Set(
      await busyQueues(
        tx,
        pairs.map(({ endpoint, change }) => queueOfChange(endpoint, change)),
      ),
    );
    pairs.sort((a, b) => a.change.sequence - b.change.sequence);
    for (const { endpoint, change } of pairs) {
      const queue = queueOfChange(endpoint, change);
      const now = context.clock();
      tx.webhookDeliveries.insert(newDelivery(endpoint, change, queued.has(queue), context.newId('whd'), now));
      queued.add(queue);
    }
    return changes.length === CHANGES_AT_ONCE;
  });

/** Returns the enabled endpoints of the institutions. */
async function endpointsOf(tx: Writers, institutionIds: readonly Id[]): Promise<readonly WebhookEndpoint[]> {
  if (institutionIds.length === 0) return [];
  const pages = await tx.webhookEndpoints.pages(
    institutionIds.map((id) =>
      firstOf<WebhookEndpoint>({
        parent: { field: 'institutionId', id },
        order: { by: ['createdAt'], direction: 'ASC' },
        limit: MAX_ENDPOINTS,
      }),
    ),
  );
  return pages.flatMap(({ rows }) => rows.filter(({ state }) => state === 'ENABLED'));
}

/** The maximum number of endpoints of one institution that are read. It exceeds every limit of their number. */
const MAX_ENDPOINTS = 1_000;

/** Locks the endpoints, and returns them by id as they are now, without those that were deleted. */
async function lockEndpoints(
  tx: Writers,
  endpoints: readonly Pick<WebhookEndpoint, 'id'>[],
): Promise<ReadonlyMap<Id, WebhookEndpoint>> {
  const ids = [...new Set(endpoints.map(({ id }) => id))];
  const rows = ids.length === 0 ? [] : await tx.webhookEndpoints.lock(ids);
  return new Map(rows.flatMap((row) => (row ? [[row.id, row]] : [])));
}

/** A delivery whose attempt begins, with its endpoint. */
export interface BegunAttempt {
  readonly delivery: WebhookDelivery;
  readonly endpoint: WebhookEndpoint;
}

/** Begins attempts of due deliveries. No other server begins them until `leaseMs` have passed. */
export const beginAttempts = (
  { store, clock }: CommandContext,
  { leaseMs, ...which }: Omit<DueDeliveries, 'now'> & { readonly leaseMs: number },
): Promise<readonly BegunAttempt[]> =>
  store.transact('ALL', async (tx) => {
    const now = clock();
    const deliveries = await tx.lockDueDeliveries({ ...which, now });
    const ids = [...new Set(deliveries.map(({ webhookEndpointId }) => webhookEndpointId))];
    const endpoints = ids.length === 0 ? [] : await tx.webhookEndpoints.byIds(ids);
    return deliveries.flatMap((locked) => {
      const endpoint = endpoints[ids.indexOf(locked.webhookEndpointId)];
      if (!endpoint) return [];
      const delivery = attempted(locked, now, leaseMs);
      tx.webhookDeliveries.replace(delivery, ATTEMPTED_FIELDS);
      return [{ delivery, endpoint }];
    });
  });

/** Stores the bodies of first attempts, and returns the deliveries with them. Leaves out those that changed meanwhile. */
export const storeBodies = (
  { store }: CommandContext,
  bodies: readonly { readonly delivery: WebhookDelivery; readonly body: string }[],
): Promise<ReadonlyMap<Id, WebhookDelivery>> =>
  store.transact('ALL', async (tx) => {
    const current = await lockCurrent(
      tx,
      bodies.map(({ delivery }) => delivery),
    );
    const stored = bodies.flatMap(({ delivery, body }) => (current.has(delivery.id) ? [withBody(delivery, body)] : []));
    for (const delivery of stored) tx.webhookDeliveries.replace(delivery, ['body']);
    return new Map(stored.map((delivery) => [delivery.id, delivery]));
  });

/** Locks the deliveries, and returns the ids of those that have the version at which they were read. */
async function lockCurrent(tx: Writers, deliveries: readonly WebhookDelivery[]): Promise<ReadonlySet<Id>> {
  const rows = deliveries.length === 0 ? [] : await tx.webhookDeliveries.lock(deliveries.map(({ id }) => id));
  return new Set(deliveries.filter(({ version }, index) => rows[index]?.version === version).map(({ id }) => id));
}

/** How an attempt has ended. INTERRUPTED: by the server, which stops. */
export type AttemptOutcome =
  | 'INTERRUPTED'
  | { readonly deliveredWith: number }
  | (DeliveryFailure & { readonly nextAttemptAt: Instant | null });

/** The end of an attempt. */
export interface EndedAttempt {
  readonly delivery: WebhookDelivery;
  readonly outcome: AttemptOutcome;
}

/** Returns the delivery after the attempt. */
function afterAttempt({ delivery, outcome }: EndedAttempt, now: Instant): WebhookDelivery {
  if (outcome === 'INTERRUPTED') return due(delivery, now);
  return 'deliveredWith' in outcome
    ? delivered(delivery, outcome.deliveredWith, now)
    : failed(delivery, outcome, outcome.nextAttemptAt);
}

/**
 * Records the ends of attempts: a delivery that succeeded or failed for the last time makes the next one of its queue
 * due. Disables endpoints that have answered 410, or have failed for longer than `maxFailingMs`. Ignores deliveries that
 * were changed meanwhile.
 */
export const recordAttempts = (
  context: CommandContext,
  attempts: readonly EndedAttempt[],
  maxFailingMs: number,
): Promise<void> =>
  context.store.transact('ALL', async (tx) => {
    const now = context.clock();
    const endpoints = await lockEndpoints(
      tx,
      attempts.map(({ delivery }) => ({ id: delivery.webhookEndpointId })),
    );
    const current = await lockCurrent(
      tx,
      attempts.map(({ delivery }) => delivery),
    );
    const recorded = attempts.filter(({ delivery }) => current.has(delivery.id));
    const after = recorded.map((attempt) => afterAttempt(attempt, now));
    for (const delivery of after) tx.webhookDeliveries.replace(delivery, ENDED_FIELDS);
    const closed = after.filter(({ queue }) => queue === null);
    for (const delivery of await nextOfQueues(tx, closed))
      tx.webhookDeliveries.replace(due(delivery, now), ['nextAttemptAt']);
    const answered = after.filter((_delivery, index) => recorded[index]?.outcome !== 'INTERRUPTED');
    for (const endpoint of endpoints.values()) {
      const ofEndpoint = answered.filter(({ webhookEndpointId }) => webhookEndpointId === endpoint.id);
      if (ofEndpoint.length > 0) noteHealth(tx, context, endpoint, ofEndpoint, maxFailingMs);
    }
  });

/** Returns the first waiting delivery of the queue of each of these deliveries, locked. */
async function nextOfQueues(tx: Writers, closed: readonly WebhookDelivery[]): Promise<readonly WebhookDelivery[]> {
  const ids = new Set(closed.map(({ id }) => id));
  // The transaction does not see its own writes, so each closed delivery is still in its queue.
  const pages = await firstPending(tx, closed.map(queueOfDelivery), 2);
  const next = pages.flatMap(
    ({ rows }) => rows.find(({ id, nextAttemptAt }) => !ids.has(id) && nextAttemptAt === null) ?? [],
  );
  const locked = next.length === 0 ? [] : await tx.webhookDeliveries.lock(next.map(({ id }) => id));
  return locked.flatMap((row) => (row ? [row] : []));
}

const GONE = 410;

/** Notes since when an endpoint has been failing, and disables one that must no longer be called. */
function noteHealth(
  tx: Writers,
  context: CommandContext,
  endpoint: WebhookEndpoint,
  ended: readonly WebhookDelivery[],
  maxFailingMs: number,
): void {
  const now = context.clock();
  const hasSuccess = ended.some(({ state }) => state === 'DELIVERED');
  const failingSince = hasSuccess ? null : (endpoint.failingSince ?? now);
  const isGone = ended.some(({ lastStatus }) => lastStatus === GONE);
  const isFailing = failingSince !== null && now - failingSince >= maxFailingMs;
  const noted = { ...endpoint, failingSince };
  if (endpoint.state === 'ENABLED' && (isGone || isFailing)) {
    const reason = isGone ? 'GONE' : 'FAILING';
    tx.webhookEndpoints.replace(disabled(noted, reason, now));
    tx.auditEvents.insert(
      auditEventOf(context, {
        mutation: 'disableWebhookEndpoint',
        institutionId: endpoint.institutionId,
        resource: { type: 'WebhookEndpoint', id: endpoint.id },
        errorCode: null,
        input: { reason },
        actor: SYSTEM,
      }),
    );
  } else if (failingSince !== endpoint.failingSince) {
    tx.webhookEndpoints.replace({ ...noted, version: endpoint.version + 1 }, ['failingSince']);
  }
}
