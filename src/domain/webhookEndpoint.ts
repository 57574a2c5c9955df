import type { ChangeFilter, ChangeTopic } from './change.ts';
import type { Id } from './ids.ts';
import type { JsonObject } from './json.ts';
import { nextVersion } from './patch.ts';
import type { Instant } from './time.ts';

export const ENDPOINT_STATES = ['ENABLED', 'DISABLED'] as const;
/** Whether changes are delivered to the endpoint. */
export type EndpointState = (typeof ENDPOINT_STATES)[number];

export const DISABLED_REASONS = ['REQUESTED', 'GONE', 'FAILING'] as const;
/** Why an endpoint is disabled: by a mutation, by its answer 410, or after days without any success. */
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** A URL of an institution that receives changes, and the document that selects their fields. */
export interface WebhookEndpoint extends SelectedChanges {
  readonly id: Id;
  readonly institutionId: Id;
  readonly url: string;
  readonly description: string | null;
  /** A subscription of the API, with its variables. */
  readonly document: string;
  readonly variables: JsonObject;
  readonly state: EndpointState;
  /** Null if the endpoint is enabled. */
  readonly disabledReason: DisabledReason | null;
  /** Only changes from this time on are delivered. */
  readonly enabledAt: Instant;
  /** When the first attempt failed since the last success, or null if the last attempts have succeeded. */
  readonly failingSince: Instant | null;
  /** The secret that signs deliveries, sealed with the key of the server. */
  readonly secret: string;
  /** The secret before the last rotation, sealed, which signs too until it expires; null if there is none. */
  readonly previousSecret: string | null;
  readonly previousSecretExpiresAt: Instant | null;
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** The changes that a document selects: of one topic, and of these only one object or detail if it is not null. */
export interface SelectedChanges {
  readonly topic: ChangeTopic;
  readonly objectId: Id | null;
  readonly detailId: Id | null;
}

/** The properties of a new endpoint. */
export type CheckedEndpoint = Pick<WebhookEndpoint, 'url' | 'description' | 'document' | 'variables'>;

/** Returns a new endpoint with its sealed secret. */
export const newEndpoint = (
  checked: CheckedEndpoint & SelectedChanges,
  secret: string,
  { id, institutionId }: Pick<WebhookEndpoint, 'id' | 'institutionId'>,
  now: Instant,
): WebhookEndpoint =>
  Object.freeze({
    id,
    institutionId,
    url: checked.url,
    description: checked.description,
    document: checked.document,
    variables: checked.variables,
    topic: checked.topic,
    objectId: checked.objectId,
    detailId: checked.detailId,
    state: 'ENABLED',
    disabledReason: null,
    enabledAt: now,
    failingSince: null,
    secret,
    previousSecret: null,
    previousSecretExpiresAt: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  });

/** Returns the changes that enable or disable an endpoint; none if it is in that state. */
export function enabling(endpoint: WebhookEndpoint, isEnabled: boolean, now: Instant): Partial<WebhookEndpoint> {
  if (isEnabled === (endpoint.state === 'ENABLED')) return {};
  return isEnabled
    ? { state: 'ENABLED', disabledReason: null, enabledAt: now, failingSince: null }
    : { state: 'DISABLED', disabledReason: 'REQUESTED' };
}

/** Returns the endpoint as disabled by the server. */
export const disabled = (endpoint: WebhookEndpoint, disabledReason: DisabledReason, now: Instant): WebhookEndpoint =>
  nextVersion(endpoint, { state: 'DISABLED', disabledReason }, now);

/** Returns the filter of the changes that an endpoint receives. */
export const filterOf = ({ institutionId, topic, objectId, detailId }: WebhookEndpoint): ChangeFilter => ({
  institutionId,
  topic,
  ...(objectId !== null && { objectId }),
  ...(detailId !== null && { detailId }),
});

/** Returns the sealed secrets that sign a delivery at `now`, the current one first. */
export const secretsAt = (endpoint: WebhookEndpoint, now: Instant): readonly string[] =>
  endpoint.previousSecret !== null && now < (endpoint.previousSecretExpiresAt ?? 0)
    ? [endpoint.secret, endpoint.previousSecret]
    : [endpoint.secret];
