import { updateWebhookEndpoint } from '../commands/updateWebhookEndpoint.ts';
import { createWebhookEndpoint, deleteWebhookEndpoint, rotateWebhookSecret } from '../commands/webhookEndpoint.ts';
import { LIMITS } from '../domain/limits.ts';
import { EVERYONE } from '../domain/rights.ts';
import type { WebhookEndpoint as WebhookEndpointRow } from '../domain/webhookEndpoint.ts';
import { builder } from './builder.ts';
import { versionedFields } from './entityFields.ts';
import { equals } from './filter.ts';
import { INSTITUTION_ID, Institution, ownerField } from './institution.ts';
import { BY_TIME, listable } from './list.ts';
import { EXPECTED_VERSION, mutation, PATCH, UNCHANGED } from './mutation.ts';
import { Node } from './node.ts';

const WebhookEndpointState = builder.enumType('WebhookEndpointState', {
  description: 'Whether changes are delivered to a webhook endpoint.',
  values: {
    ENABLED: { description: 'Changes are delivered.' },
    DISABLED: { description: 'No deliveries are created, and pending ones wait.' },
  },
});

const WebhookDisabledReason = builder.enumType('WebhookDisabledReason', {
  description: 'Why a webhook endpoint is disabled. The enum is open: keep a default branch.',
  values: {
    REQUESTED: { description: 'It was disabled with updateWebhookEndpoint.' },
    GONE: { description: 'It has answered with the status 410.' },
    FAILING: { description: 'No attempt has succeeded for 3 days.' },
  },
});

export const WebhookEndpoint = builder.objectRef<WebhookEndpointRow>('WebhookEndpoint').implement({
  description:
    'A URL that receives the changes of an institution, signed as Standard Webhooks specify. Each change is one POST with the JSON `{type, timestamp, data}`, whose `data` is what the document selects.',
  interfaces: [Node],
  fields: (t) => ({
    institution: ownerField(t, 'webhook endpoint'),
    url: t.exposeString('url', { description: 'The URL that changes are sent to.' }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'The purpose of the endpoint, or null if none was given.',
    }),
    document: t.exposeString('document', {
      description: 'The subscription that selects the changes and their fields.',
    }),
    variables: t.expose('variables', { type: 'JSONObject', description: 'The variables of the document.' }),
    state: t.expose('state', { type: WebhookEndpointState, description: 'Whether changes are delivered.' }),
    disabledReason: t.expose('disabledReason', {
      type: WebhookDisabledReason,
      nullable: true,
      description: 'Why the endpoint is disabled, or null if it is enabled.',
    }),
    enabledAt: t.expose('enabledAt', {
      type: 'DateTime',
      description: 'When the endpoint was last enabled. Changes from before are not delivered.',
    }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description:
        'When attempts began to fail without any success since, or null if the last ones have succeeded. After 3 days the endpoint is disabled.',
    }),
    previousSecretExpiresAt: t.expose('previousSecretExpiresAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'Until when deliveries are signed with the secret before the last rotation, too, or null if the secret was not rotated.',
    }),
    ...versionedFields(t),
  }),
});

listable(WebhookEndpoint, {
  prefix: 'whe',
  table: 'webhookEndpoints',
  roles: EVERYONE,
  one: {},
  all: {},
  filter: {
    institutionId: equals('institutionId', 'ID', 'Only webhook endpoints of this institution.'),
    state: equals('state', WebhookEndpointState, 'Only webhook endpoints in this state.'),
  },
  orders: { ...BY_TIME },
  edges: [{ on: Institution, field: 'institutionId', description: 'The webhook endpoints of the institution.' }],
});

const URL =
  'The URL. An https URL with a public host, at most 2,000 characters, without credentials and without a fragment.';
const DOCUMENT =
  'A subscription with one operation and one root field, without `after`: the same document that you would subscribe with. It is executed with the rights of a read-only API key of the institution. At most 10,000 characters.';
const VARIABLES = 'The variables of the document.';
const DESCRIPTION = 'The purpose of the endpoint. At most 1,000 characters.';
const SECRET =
  'The secret that signs deliveries, beginning with `whsec_`. It is returned only this once. Verify signatures with a library of Standard Webhooks.';

mutation(
  createWebhookEndpoint,
  'Creates a webhook endpoint. Returns its secret, only this once. Changes are delivered from now on.',
  {
    inputNote: ' There is no idempotency key: the secret cannot be read again, so a retry could not return it.',
    input: (t) => ({
      institutionId: t.id({ description: INSTITUTION_ID }),
      url: t.string({ required: true, description: URL }),
      description: t.string({ description: DESCRIPTION }),
      document: t.string({ required: true, description: DOCUMENT }),
      variables: t.field({ type: 'JSONObject', description: `${VARIABLES} Defaults to {}.` }),
    }),
    payload: (t) => ({
      webhookEndpoint: t.expose('webhookEndpoint', { type: WebhookEndpoint, description: 'The webhook endpoint.' }),
      secret: t.exposeString('secret', { description: SECRET }),
    }),
  },
);

mutation(updateWebhookEndpoint, `Updates a webhook endpoint. ${UNCHANGED}`, {
  inputNote: PATCH,
  input: (t) => ({
    webhookEndpointId: t.id({ required: true, description: 'The webhook endpoint to update.' }),
    url: t.string({ description: `${URL} Pending deliveries are sent to it, too.` }),
    description: t.string({ description: DESCRIPTION }),
    document: t.string({
      description: `${DOCUMENT} Deliveries that were attempted before keep the body that they have.`,
    }),
    variables: t.field({ type: 'JSONObject', description: `${VARIABLES} Replaces the previous ones as a whole.` }),
    isEnabled: t.boolean({
      description: 'Whether changes are delivered. Changes while the endpoint is disabled are not delivered later.',
    }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
  }),
  payload: (t) => ({
    webhookEndpoint: t.expose('webhookEndpoint', { type: WebhookEndpoint, description: 'The webhook endpoint.' }),
  }),
});

mutation(
  deleteWebhookEndpoint,
  'Deletes a webhook endpoint. Its deliveries stay in the log and are no longer attempted.',
  {
    inputNote: ' With the root key, a retry after the deletion returns NOT_FOUND.',
    input: (t) => ({
      webhookEndpointId: t.id({ required: true, description: 'The webhook endpoint to delete.' }),
      expectedVersion: t.int({ description: EXPECTED_VERSION }),
    }),
    payload: (t) => ({
      deletedWebhookEndpointId: t.exposeID('deletedWebhookEndpointId', {
        description: 'The id of the deleted webhook endpoint.',
      }),
    }),
  },
);

mutation(
  rotateWebhookSecret,
  'Replaces the secret of a webhook endpoint. Returns the new one, only this once. During the overlap deliveries have a signature of each.',
  {
    inputNote: ' There is no idempotency key, for the same reason as in `CreateWebhookEndpointInput`.',
    input: (t) => ({
      webhookEndpointId: t.id({ required: true, description: 'The webhook endpoint whose secret is replaced.' }),
      overlapSeconds: t.int({
        description: `The time in seconds during which the previous secret signs, too, so that you can deploy the new one. 0 to ${LIMITS.overlapSeconds}. Defaults to 86400 (one day).`,
      }),
    }),
    payload: (t) => ({
      webhookEndpoint: t.expose('webhookEndpoint', { type: WebhookEndpoint, description: 'The webhook endpoint.' }),
      secret: t.exposeString('secret', { description: SECRET }),
    }),
  },
);
