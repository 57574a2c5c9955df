import type { Id } from '../domain/ids.ts';
import type { Maybe } from '../domain/issues.ts';
import { changedFields, givenFields, nextVersion } from '../domain/patch.ts';
import { WRITERS } from '../domain/rights.ts';
import {
  type CheckedEndpoint,
  enabling,
  type SelectedChanges,
  type WebhookEndpoint,
} from '../domain/webhookEndpoint.ts';
import type { Field } from '../store/store.ts';
import { assertVersion, type DocumentIssue, orNotFound } from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command } from './perform.ts';
import { UPDATE_ERRORS, type UpdateInput } from './update.ts';
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

/** Input for updateWebhookEndpoint. */
export interface UpdateWebhookEndpoint extends EndpointInput, EndpointRef, UpdateInput {
  readonly isEnabled?: Maybe<boolean>;
}
/** Result of updateWebhookEndpoint. */
export interface WebhookEndpointUpdated {
  readonly webhookEndpoint: WebhookEndpoint;
}
interface CheckedUpdate extends EndpointRef {
  readonly expectedVersion: number | null;
  readonly patch: Partial<CheckedEndpoint>;
  readonly isEnabled: boolean | null;
}
interface LoadedEndpoint {
  readonly before: WebhookEndpoint | undefined;
  /** The changes that the new document selects, or why it cannot be used; absent if the input has neither part of it. */
  readonly selected?: SelectedChanges | DocumentIssue;
  readonly isKnown: boolean;
}

const update: Command<UpdateWebhookEndpoint, CheckedUpdate, LoadedEndpoint, WebhookEndpointUpdated> = {
  name: 'updateWebhookEndpoint',
  roles: WRITERS,
  errors: [...UPDATE_ERRORS, 'CONFLICT'],
  check: (input, issues, context) => {
    const webhooks = requireWebhooks(context);
    const { url, description, document, variables, isEnabled } = input;
    const given = givenFields(issues, { url, description, document, variables, isEnabled });
    const patch = checkFields(given, issues, webhooks);
    issues.throwIfAny();
    const { webhookEndpointId, expectedVersion = null } = input;
    return { webhookEndpointId, expectedVersion, patch, isEnabled: given.isEnabled ?? null };
  },
  load: async (tx, checked, context) => {
    const before = await lockEndpoint(tx, checked);
    const { document, variables } = checked.patch;
    if (!before || (document === undefined && variables === undefined)) return { before, isKnown: true };
    const { institutionId } = before;
    const { select } = requireWebhooks(context);
    const selected = select(document ?? before.document, variables ?? before.variables, institutionId);
    // The object of a document that stays as it is may have been purged since.
    const isNew = variables !== undefined || document !== before.document;
    const isKnown = !isNew || 'issue' in selected || (await hasObject(tx, selected, institutionId));
    return { before, selected, isKnown };
  },
  owner: ({ before }) => before?.institutionId,
  act: (tx, loaded, { webhookEndpointId, expectedVersion, patch, isEnabled }, context) => {
    const before = orNotFound(loaded.before, ENDPOINT, 'webhookEndpointId', webhookEndpointId);
    assertVersion(expectedVersion, before.version);
    const now = context.clock();
    const chosen = loaded.selected && assertUsable(loaded.selected);
    if (chosen) assertObject(chosen, loaded.isKnown);
    const switched = isEnabled === null ? {} : enabling(before, isEnabled, now);
    const changes = { ...changedFields(before, { ...patch, ...chosen }), ...switched };
    const fields = Object.keys(changes) as Field<WebhookEndpoint>[];
    if (fields.length === 0) return { webhookEndpoint: before };
    const webhookEndpoint = nextVersion(before, changes, now);
    tx.webhookEndpoints.replace(webhookEndpoint, [...fields, 'updatedAt']);
    return { webhookEndpoint };
  },
  resource: (_payload, { webhookEndpointId }) => resourceOf(webhookEndpointId),
  storePayload: ({ webhookEndpoint }) => ({ id: webhookEndpoint.id }),
  loadPayload: async (tx, { id }) => ({
    webhookEndpoint: (await tx.webhookEndpoints.byIds([id as Id]))[0] as WebhookEndpoint,
  }),
};

export const updateWebhookEndpoint = mutationOf(update);
