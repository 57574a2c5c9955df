import { checkOverlap } from '../domain/apiKey.ts';
import type { Id } from '../domain/ids.ts';
import type { Maybe } from '../domain/issues.ts';
import { nextVersion } from '../domain/patch.ts';
import { WRITERS } from '../domain/rights.ts';
import { CapacityExceededError } from '../domain/userErrors.ts';
import {
  type CheckedEndpoint,
  newEndpoint,
  type SelectedChanges,
  type WebhookEndpoint,
} from '../domain/webhookEndpoint.ts';
import { assertVersion, institutionFor, orNotFound } from './context.ts';
import { type CountedInstitution, countedInstitution } from './countedInstitution.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import {
  assertObject,
  assertUsable,
  checkFields,
  ENDPOINT,
  type EndpointInput,
  type EndpointRef,
  hasObject,
  lockEndpoint,
  requireWebhooks,
  resourceOf,
} from './webhooks.ts';

/** Input for createWebhookEndpoint. */
export interface CreateWebhookEndpoint extends EndpointInput, Idempotent {
  readonly institutionId?: Maybe<Id>;
  readonly url: string;
  readonly document: string;
}
/** Result of createWebhookEndpoint, with the secret, which is returned only once. */
export interface WebhookEndpointCreated {
  readonly webhookEndpoint: WebhookEndpoint;
  readonly secret: string;
}
type CheckedCreate = CheckedEndpoint & SelectedChanges & { readonly institutionId: Id };
interface LoadedInstitution extends CountedInstitution {
  readonly isKnown: boolean;
}

// The secret is returned once and cannot be read again, so this mutation stores no payload and takes no idempotency key.
const create: Command<CreateWebhookEndpoint, CheckedCreate, LoadedInstitution, WebhookEndpointCreated> = {
  name: 'createWebhookEndpoint',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'CAPACITY_EXCEEDED'],
  check: (input, issues, context) => {
    const webhooks = requireWebhooks(context);
    const institutionId = institutionFor(context.viewer, input.institutionId, issues);
    const checked = checkFields(input, issues, webhooks);
    issues.throwIfAny();
    const { url, document, variables = {} } = { ...input, ...checked };
    const description = checked.description ?? null;
    const selected = assertUsable(webhooks.select(document, variables ?? {}, institutionId));
    return { url, description, document, variables: variables ?? {}, ...selected, institutionId };
  },
  load: async (tx, checked) => {
    const { institutionId } = checked;
    const [counted, isKnown] = await Promise.all([
      countedInstitution(tx, 'webhookEndpoints', `webhooks of ${institutionId}`, institutionId),
      hasObject(tx, checked, institutionId),
    ]);
    return { ...counted, isKnown };
  },
  owner: ({ institution }) => institution?.id,
  act: (tx, { institution, count, isKnown }, checked, context) => {
    const webhooks = requireWebhooks(context);
    const { id: institutionId } = orNotFound(institution, 'institution', 'institutionId', checked.institutionId);
    assertObject(checked, isKnown);
    if (count >= webhooks.endpointsPerInstitution) {
      throw new CapacityExceededError('webhook endpoints per institution', webhooks.endpointsPerInstitution);
    }
    const id = context.newId('whe');
    const secret = webhooks.newSecret();
    const endpoint = newEndpoint(checked, webhooks.seal(secret, id), { id, institutionId }, context.clock());
    tx.webhookEndpoints.insert(endpoint);
    return { webhookEndpoint: endpoint, secret };
  },
  resource: (payload) => payload && resourceOf(payload.webhookEndpoint.id),
};

export const createWebhookEndpoint = mutationOf(create);

/** Input for deleteWebhookEndpoint. */
export interface DeleteWebhookEndpoint extends EndpointRef {
  readonly expectedVersion?: Maybe<number>;
}
/** Result of deleteWebhookEndpoint. */
export interface WebhookEndpointDeleted {
  readonly deletedWebhookEndpointId: Id;
}

const remove: Command<
  DeleteWebhookEndpoint,
  DeleteWebhookEndpoint,
  WebhookEndpoint | undefined,
  WebhookEndpointDeleted
> = {
  name: 'deleteWebhookEndpoint',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'STALE_VERSION', 'IDEMPOTENCY_CONFLICT'],
  check: ({ webhookEndpointId, expectedVersion = null }, issues) => {
    issues.throwIfAny();
    return { webhookEndpointId, expectedVersion };
  },
  load: lockEndpoint,
  owner: (endpoint) => endpoint?.institutionId,
  act: (tx, loaded, { webhookEndpointId, expectedVersion }) => {
    const endpoint = orNotFound(loaded, ENDPOINT, 'webhookEndpointId', webhookEndpointId);
    assertVersion(expectedVersion, endpoint.version);
    tx.webhookEndpoints.remove(endpoint);
    return { deletedWebhookEndpointId: endpoint.id };
  },
  resource: (_payload, { webhookEndpointId }) => resourceOf(webhookEndpointId),
  storePayload: ({ deletedWebhookEndpointId }) => ({ id: deletedWebhookEndpointId }),
  loadPayload: async (_tx, { id }) => ({ deletedWebhookEndpointId: id as Id }),
};

/** Its deliveries stay in the log until their retention ends, and are no longer attempted. */
export const deleteWebhookEndpoint = mutationOf(remove);

/** Input for rotateWebhookSecret. */
export interface RotateWebhookSecret extends EndpointRef {
  /** The time during which both secrets sign, in seconds. */
  readonly overlapSeconds?: Maybe<number>;
}
/** Result of rotateWebhookSecret, with the secret, which is returned only once. */
export type WebhookSecretRotated = WebhookEndpointCreated;
type CheckedRotation = EndpointRef & { readonly overlap: number };

const rotation: Command<RotateWebhookSecret, CheckedRotation, WebhookEndpoint | undefined, WebhookSecretRotated> = {
  name: 'rotateWebhookSecret',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT'],
  check: ({ webhookEndpointId, overlapSeconds }, issues, context) => {
    requireWebhooks(context);
    const overlap = checkOverlap(overlapSeconds, issues);
    issues.throwIfAny();
    return { webhookEndpointId, overlap };
  },
  load: lockEndpoint,
  owner: (endpoint) => endpoint?.institutionId,
  act: (tx, loaded, { webhookEndpointId, overlap }, context) => {
    const webhooks = requireWebhooks(context);
    const before = orNotFound(loaded, ENDPOINT, 'webhookEndpointId', webhookEndpointId);
    const now = context.clock();
    const secret = webhooks.newSecret();
    const changes = {
      secret: webhooks.seal(secret, before.id),
      previousSecret: before.secret,
      previousSecretExpiresAt: now + overlap * 1_000,
    };
    const webhookEndpoint = nextVersion(before, changes, now);
    tx.webhookEndpoints.replace(webhookEndpoint, [...(Object.keys(changes) as (keyof typeof changes)[]), 'updatedAt']);
    return { webhookEndpoint, secret };
  },
  resource: (_payload, { webhookEndpointId }) => resourceOf(webhookEndpointId),
};

export const rotateWebhookSecret = mutationOf(rotation);
