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
import { assertVersion, orNotFound } from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command } from './perform.ts';
import { UPDATE_ERRORS, type UpdateInput } from './update.ts';
import {
  assertDocument,
  assertObject,
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
  /** What the changed document selects; undefined if it is not changed. */
  readonly selected?: SelectedChanges;
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
    const { document = before?.document, variables = before?.variables } = checked.patch;
    if (!before || document === undefined || variables === undefined) return { before, isKnown: true };
    if (document === before.document && !checked.patch.variables) return { before, isKnown: true };
    const selected = requireWebhooks(context).select(document, variables, before.institutionId);
    if ('issue' in selected) return { before, isKnown: true };
    return { before, selected, isKnown: await hasObject(tx, selected, before.institutionId) };
  },
  owner: ({ before }) => before?.institutionId,
  act: (
    tx,
    { before: loaded, selected, isKnown },
    { webhookEndpointId, expectedVersion, patch, isEnabled },
    context,
  ) => {
    const before = orNotFound(loaded, ENDPOINT, 'webhookEndpointId', webhookEndpointId);
    assertVersion(expectedVersion, before.version);
    const now = context.clock();
    const { document = before.document, variables = before.variables } = patch;
    if (patch.document !== undefined || patch.variables !== undefined)
      assertDocument(requireWebhooks(context), document, variables, before.institutionId);
    if (selected) assertObject(selected, isKnown);
    const switched = isEnabled === null ? {} : enabling(before, isEnabled, now);
    const changes = { ...changedFields(before, { ...patch, ...selected }), ...switched };
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
