import type { WebhookDelivery } from '../../domain/webhookDelivery.ts';
import type { WebhookEndpoint } from '../../domain/webhookEndpoint.ts';
import type { Tables } from '../store.ts';
import { BY_CREATION, type DeclaredLayout, each, type OrderField, type Orders, owned } from './layout.ts';

type WebhookTable = 'webhookEndpoints' | 'webhookDeliveries';

const ENDPOINT_ORDERS: Orders<OrderField<WebhookEndpoint>> = [BY_CREATION, ['updatedAt']];
const BY_SEQUENCE: readonly OrderField<WebhookDelivery>[] = ['sequence'];

export const WEBHOOK_LAYOUTS: { readonly [T in WebhookTable]: DeclaredLayout<Tables[T]> } = {
  webhookEndpoints: {
    sized: { url: true, description: true, document: true, variables: true, secret: true, previousSecret: true },
    orders: ENDPOINT_ORDERS,
    groups: [{ fields: ['institutionId'], orders: ENDPOINT_ORDERS }, each('state')],
    references: { institutionId: 'institutions' },
  },
  webhookDeliveries: {
    sized: { queue: true, body: true },
    orders: [BY_CREATION],
    groups: [
      each('institutionId'),
      { fields: ['webhookEndpointId'], orders: [BY_CREATION, BY_SEQUENCE] },
      // The group whose first rows are due, null being the last time.
      { fields: ['webhookEndpointId', 'state'], orders: [BY_CREATION, ['nextAttemptAt', 'sequence']] },
      { fields: ['queue'], orders: [BY_SEQUENCE] },
      each('objectId'),
      ...owned('state'),
    ],
    // The log outlives its endpoints and objects.
    references: {},
    ofOneTenant: ['webhookEndpointId', 'queue', 'objectId'],
  },
};
