import { REDELIVERED_AT_ONCE, redeliverWebhooks } from '../commands/redeliverWebhooks.ts';
import { LIMITS } from '../domain/limits.ts';
import { EVERYONE } from '../domain/rights.ts';
import { typeOf, type WebhookDelivery as WebhookDeliveryRow } from '../domain/webhookDelivery.ts';
import { builder } from './builder.ts';
import { createdAtField, reference } from './entityFields.ts';
import { equals, withinTimes } from './filter.ts';
import { ownerField } from './institution.ts';
import { listable } from './list.ts';
import { mutation } from './mutation.ts';
import { Node } from './node.ts';
import { WebhookEndpoint } from './webhookEndpoint.ts';

const WebhookDeliveryState = builder.enumType('WebhookDeliveryState', {
  description: 'The state of a delivery.',
  values: {
    PENDING: { description: 'The delivery waits for its next attempt, or for an earlier change of the same object.' },
    DELIVERED: { description: 'The endpoint has answered with a status 2xx.' },
    FAILED: { description: 'The last attempt has failed.' },
  },
});

const WebhookDeliveryError = builder.enumType('WebhookDeliveryError', {
  description: 'Why an attempt has failed. The enum is open: keep a default branch.',
  values: {
    STATUS: { description: 'The endpoint has answered with a status other than 2xx. Redirects are not followed.' },
    TIMEOUT: { description: 'The endpoint has not answered in time.' },
    ADDRESS_NOT_ALLOWED: { description: 'The host of the URL has an address that is not public.' },
    DNS: { description: 'The host of the URL was not found.' },
    CONNECTION: { description: 'The connection was refused or lost.' },
    TLS: { description: 'The certificate is not valid, or no encrypted connection was possible.' },
    INVALID_RESPONSE: { description: 'The answer was not valid HTTP, or its headers were too large.' },
    SECRET_UNAVAILABLE: { description: 'The server has no key that decrypts the secret of the endpoint.' },
  },
});

const WebhookDelivery = builder.objectRef<WebhookDeliveryRow>('WebhookDelivery').implement({
  description:
    'One change that is sent to one webhook endpoint. The deliveries of an object are sent in the order of its changes. The log is kept for 30 days.',
  interfaces: [Node],
  fields: (t) => ({
    institution: ownerField(t, 'delivery'),
    webhookEndpoint: reference(
      t,
      WebhookEndpoint,
      'webhookEndpointId',
      'The webhook endpoint, or null if it was deleted.',
    ),
    type: t.field({
      type: 'String',
      description: 'The type of the change, such as position.created. It is the `type` of the body.',
      extensions: { reads: ['topic', 'kind'] },
      resolve: typeOf,
    }),
    objectId: t.exposeID('objectId', { description: 'The id of the object that has changed.' }),
    state: t.expose('state', { type: WebhookDeliveryState, description: 'The state of the delivery.' }),
    attemptCount: t.int({
      description: 'The number of attempts, since the delivery was last repeated.',
      extensions: { reads: ['attempts'] },
      resolve: ({ attempts }) => attempts,
    }),
    nextAttemptAt: t.expose('nextAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the next attempt is due, or null if there is none or the delivery waits for an earlier one of the same object.',
    }),
    lastAttemptAt: t.expose('lastAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last attempt began, or null if there was none.',
    }),
    lastStatus: t.exposeInt('lastStatus', {
      nullable: true,
      description: 'The HTTP status of the last answer, or null if the last attempt had none.',
    }),
    lastError: t.expose('lastError', {
      type: WebhookDeliveryError,
      nullable: true,
      description: 'Why the last attempt has failed, or null if it has not.',
    }),
    deliveredAt: t.expose('deliveredAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the delivery last succeeded, or null if it never did.',
    }),
    body: t.exposeString('body', {
      nullable: true,
      description: 'The body, as every attempt sends it, or null before the first attempt.',
    }),
    ...createdAtField(t, 'When the delivery was created, directly after its change.'),
  }),
});

listable(WebhookDelivery, {
  prefix: 'whd',
  table: 'webhookDeliveries',
  roles: EVERYONE,
  all: { description: 'log of the deliveries of webhooks, newest first' },
  filter: {
    institutionId: equals('institutionId', 'ID', 'Only deliveries of this institution.'),
    webhookEndpointId: equals('webhookEndpointId', 'ID', 'Only deliveries to this webhook endpoint.'),
    objectId: equals('objectId', 'ID', 'Only deliveries of changes of the object with this id.'),
    state: equals('state', WebhookDeliveryState, 'Only deliveries in this state.'),
    createdAt: withinTimes('createdAt', 'Only deliveries created within these bounds.'),
  },
  order: { by: ['createdAt'], direction: 'DESC' },
  edges: [
    {
      on: WebhookEndpoint,
      field: 'webhookEndpointId',
      description: 'The deliveries to the webhook endpoint, newest first.',
    },
  ],
});

mutation(
  redeliverWebhooks,
  'Repeats deliveries that have succeeded or failed, with the same ids and bodies, in the order of their changes.',
  {
    input: (t) => ({
      webhookEndpointId: t.id({ required: true, description: 'The webhook endpoint. It must be enabled.' }),
      after: t.id({
        description: `Repeats the deliveries of all changes after that of this delivery: send the \`webhook-id\` of the last one that you have processed. At most ${REDELIVERED_AT_ONCE} per call. Required unless \`webhookDeliveryIds\` is set.`,
      }),
      webhookDeliveryIds: t.idList({
        description: `Repeats only these deliveries. At most ${LIMITS.listValues}. Required unless \`after\` is set.`,
      }),
      onlyFailed: t.boolean({ description: 'Whether deliveries that have succeeded are left out. Defaults to false.' }),
    }),
    payload: (t) => ({
      webhookEndpoint: t.expose('webhookEndpoint', {
        type: WebhookEndpoint,
        nullable: true,
        description: 'The webhook endpoint, or null in a replayed result if it was deleted since.',
      }),
      redeliveredCount: t.exposeInt('redeliveredCount', {
        description: 'The number of deliveries that are repeated. Those that are still pending are not counted.',
      }),
      lastDeliveryId: t.exposeID('lastDeliveryId', {
        nullable: true,
        description: 'The last delivery that was considered, to pass as `after` if there are more.',
      }),
      hasMore: t.exposeBoolean('hasMore', { description: 'Whether there are more deliveries to repeat.' }),
    }),
  },
);
