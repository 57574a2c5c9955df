import { type ChangeKind, type ChangeTopic, matchesFilter, type SequencedChange } from './change.ts';
import type { Id } from './ids.ts';
import { formatInstant, type Instant } from './time.ts';
import { filterOf, type WebhookEndpoint } from './webhookEndpoint.ts';

export const DELIVERY_STATES = ['PENDING', 'DELIVERED', 'FAILED'] as const;
/** PENDING until an attempt succeeds or the last one has failed. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export const DELIVERY_ERRORS = [
  'STATUS',
  'TIMEOUT',
  'ADDRESS_NOT_ALLOWED',
  'DNS',
  'CONNECTION',
  'TLS',
  'INVALID_RESPONSE',
  'SECRET_UNAVAILABLE',
] as const;
/** Why an attempt has failed. STATUS is any status of a response but 2xx. */
export type DeliveryError = (typeof DELIVERY_ERRORS)[number];

/** One change that is sent to one endpoint. */
export interface WebhookDelivery {
  readonly id: Id;
  readonly institutionId: Id;
  readonly webhookEndpointId: Id;
  readonly topic: ChangeTopic;
  readonly kind: ChangeKind;
  readonly objectId: Id;
  readonly detailId: Id | null;
  /** The place of the change in the stream of all changes. */
  readonly sequence: number;
  readonly changeId: string;
  readonly changedAt: Instant;
  /**
   * The endpoint and the object of a pending delivery. The deliveries of a queue are sent one after another: only one of
   * them has a time of its next attempt. Null once the delivery is no longer pending.
   */
  readonly queue: string | null;
  readonly state: DeliveryState;
  /** The number of attempts that have begun. */
  readonly attempts: number;
  /** When the next attempt is due; during an attempt, when it counts as lost. Null while it waits for its queue. */
  readonly nextAttemptAt: Instant | null;
  readonly lastAttemptAt: Instant | null;
  /** The status of the last response, or null if there was none. */
  readonly lastStatus: number | null;
  readonly lastError: DeliveryError | null;
  readonly deliveredAt: Instant | null;
  /** The body as it is sent, which the first attempt makes. Null before it. */
  readonly body: string | null;
  readonly version: number;
  readonly createdAt: Instant;
}

/** Whether the endpoint receives the change. */
export const receives = (endpoint: WebhookEndpoint, change: SequencedChange): boolean =>
  endpoint.state === 'ENABLED' && change.createdAt >= endpoint.enabledAt && matchesFilter(change, filterOf(endpoint));

const queueOf = (webhookEndpointId: Id, objectId: Id): string => `${webhookEndpointId}:${objectId}`;
/** Returns the queue of a delivery, also of one that is no longer pending. */
export const queueOfDelivery = ({ webhookEndpointId, objectId }: WebhookDelivery): string =>
  queueOf(webhookEndpointId, objectId);
/** Returns the queue of the change for the endpoint. */
export const queueOfChange = ({ id }: WebhookEndpoint, { objectId }: SequencedChange): string => queueOf(id, objectId);

/** Returns a new delivery, which is due unless another one of its queue is pending. */
export const newDelivery = (
  endpoint: WebhookEndpoint,
  change: SequencedChange,
  isWaiting: boolean,
  id: Id,
  now: Instant,
): WebhookDelivery =>
  Object.freeze({
    id,
    institutionId: endpoint.institutionId,
    webhookEndpointId: endpoint.id,
    topic: change.topic,
    kind: change.kind,
    objectId: change.objectId,
    detailId: change.detailId,
    sequence: change.sequence,
    changeId: change.id,
    changedAt: change.createdAt,
    queue: queueOfChange(endpoint, change),
    state: 'PENDING',
    attempts: 0,
    nextAttemptAt: isWaiting ? null : now,
    lastAttemptAt: null,
    lastStatus: null,
    lastError: null,
    deliveredAt: null,
    body: null,
    version: 1,
    createdAt: now,
  });

const next = (delivery: WebhookDelivery, changes: Partial<WebhookDelivery>): WebhookDelivery =>
  Object.freeze({ ...delivery, ...changes, version: delivery.version + 1 });

/** The fields that change when an attempt begins, when it ends, and when a delivery is repeated. */
export const ATTEMPTED_FIELDS = ['attempts', 'lastAttemptAt', 'nextAttemptAt'] as const;
export const ENDED_FIELDS = ['state', 'queue', 'nextAttemptAt', 'lastStatus', 'lastError', 'deliveredAt'] as const;
export const REDELIVERED_FIELDS = ['state', 'queue', 'attempts', 'nextAttemptAt'] as const;

/** Returns the delivery with an attempt that begins. Without a report of its end, it is due again after the lease. */
export const attempted = (delivery: WebhookDelivery, now: Instant, leaseMs: number): WebhookDelivery =>
  next(delivery, { attempts: delivery.attempts + 1, lastAttemptAt: now, nextAttemptAt: now + leaseMs });

/** Returns the delivery with the body of its attempts. */
export const withBody = (delivery: WebhookDelivery, body: string): WebhookDelivery => next(delivery, { body });

/** Returns the delivery after a success. */
export const delivered = (delivery: WebhookDelivery, status: number, now: Instant): WebhookDelivery =>
  next(delivery, {
    state: 'DELIVERED',
    queue: null,
    nextAttemptAt: null,
    lastStatus: status,
    lastError: null,
    deliveredAt: now,
  });

/** How an attempt has failed. */
export interface DeliveryFailure {
  readonly error: DeliveryError;
  readonly status: number | null;
}

/** Returns the delivery after a failure; with `nextAttemptAt` null it was the last attempt. */
export const failed = (
  delivery: WebhookDelivery,
  { error, status }: DeliveryFailure,
  nextAttemptAt: Instant | null,
): WebhookDelivery =>
  next(delivery, {
    lastStatus: status,
    lastError: error,
    nextAttemptAt,
    ...(nextAttemptAt === null && { state: 'FAILED', queue: null }),
  });

/** Returns the delivery as due now: as the first one of its queue, or after an attempt that the server has ended. */
export const due = (delivery: WebhookDelivery, now: Instant): WebhookDelivery => next(delivery, { nextAttemptAt: now });

/** Returns a delivery that is no longer pending as pending again, with the same body. */
export const redelivered = (delivery: WebhookDelivery, isWaiting: boolean, now: Instant): WebhookDelivery =>
  next(delivery, {
    state: 'PENDING',
    queue: queueOfDelivery(delivery),
    attempts: 0,
    nextAttemptAt: isWaiting ? null : now,
  });

/** Returns the change of a delivery. */
export const changeOf = (delivery: WebhookDelivery): SequencedChange => ({
  topic: delivery.topic,
  kind: delivery.kind,
  institutionId: delivery.institutionId,
  objectId: delivery.objectId,
  detailId: delivery.detailId,
  createdAt: delivery.changedAt,
  sequence: delivery.sequence,
  id: delivery.changeId,
});

/** The type of a delivery as receivers read it, such as `position.created`. */
export const typeOf = ({ topic, kind }: Pick<WebhookDelivery, 'topic' | 'kind'>): string =>
  `${topic.toLowerCase()}.${kind.toLowerCase()}`;

/** The maximum size of a body, in bytes: what the guide of Standard Webhooks recommends. */
export const MAX_BODY_BYTES = 20_000;

/**
 * Returns the body of a delivery with what its document has selected. Without data, or if it would be too large, the body
 * has the id of the object in place of it.
 */
export function bodyOf(delivery: WebhookDelivery, data: unknown): string {
  const head = { type: typeOf(delivery), timestamp: formatInstant(delivery.changedAt) };
  const body = JSON.stringify({ ...head, data });
  return data !== null && Buffer.byteLength(body) <= MAX_BODY_BYTES
    ? body
    : JSON.stringify({ ...head, data: null, objectId: delivery.objectId });
}
