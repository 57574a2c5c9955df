import type { Tables } from '../store.ts';
import { changing, type DeclaredLayout, fixed, STAMPS } from './layout.ts';

type WebhookTable = 'webhookEndpoints' | 'webhookDeliveries';

export const WEBHOOK_LAYOUTS: { readonly [T in WebhookTable]: DeclaredLayout<Tables[T]> } = {
  webhookEndpoints: {
    table: 'webhook_endpoints',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      url: changing('text'),
      description: changing('text'),
      document: changing('text'),
      variables: changing('json'),
      topic: changing('text'),
      objectId: changing('text'),
      detailId: changing('text'),
      state: changing('text'),
      disabledReason: changing('text'),
      enabledAt: changing('timestamptz'),
      failingSince: changing('timestamptz'),
      secret: changing('text'),
      previousSecret: changing('text'),
      previousSecretExpiresAt: changing('timestamptz'),
      ...STAMPS,
    },
    sort: {},
    leads: { createdAt: ['institutionId'], updatedAt: ['institutionId'] },
    owned: [],
  },
  webhookDeliveries: {
    table: 'webhook_deliveries',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      webhookEndpointId: fixed('text'),
      topic: fixed('text'),
      kind: fixed('text'),
      objectId: fixed('text'),
      detailId: fixed('text'),
      sequence: fixed('bigint'),
      changeId: fixed('uuid'),
      changedAt: fixed('timestamptz'),
      queue: changing('text'),
      state: changing('text'),
      attempts: changing('int'),
      nextAttemptAt: changing('timestamptz'),
      lastAttemptAt: changing('timestamptz'),
      lastStatus: changing('int'),
      lastError: changing('text'),
      deliveredAt: changing('timestamptz'),
      body: changing('text'),
      version: changing('int'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    // No index begins with the state: nearly all deliveries have succeeded. Partial indexes have only the others.
    leads: { createdAt: ['objectId', 'webhookEndpointId', 'institutionId'], sequence: ['queue', 'webhookEndpointId'] },
    byInstitution: ['createdAt'],
    owned: ['objectId', 'webhookEndpointId', 'queue'],
  },
};
