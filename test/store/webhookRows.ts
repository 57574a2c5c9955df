import { randomUUID } from 'node:crypto';
import type { Id } from '../../src/domain/ids.ts';
import { queueOfDelivery, type WebhookDelivery } from '../../src/domain/webhookDelivery.ts';
import type { WebhookEndpoint } from '../../src/domain/webhookEndpoint.ts';
import { nextId, START } from './rows.ts';

export const anEndpoint = (institutionId: Id, over: Partial<WebhookEndpoint> = {}): WebhookEndpoint => ({
  id: nextId('whe'),
  institutionId,
  url: 'https://example.com/hooks',
  description: null,
  document: 'subscription { positionChanged { event { id } } }',
  variables: {},
  topic: 'POSITION',
  objectId: null,
  detailId: null,
  state: 'ENABLED',
  disabledReason: over.state === 'DISABLED' ? 'REQUESTED' : null,
  enabledAt: START,
  failingSince: null,
  secret: 'sealed',
  previousSecret: null,
  previousSecretExpiresAt: null,
  version: 1,
  createdAt: START,
  updatedAt: START,
  ...over,
});

/** Returns a delivery that is pending and due by default. One in another state is in no queue and has no next attempt. */
export function aDelivery(of: WebhookEndpoint, sequence: number, over: Partial<WebhookDelivery> = {}): WebhookDelivery {
  const { state = 'PENDING', objectId = nextId('pos') } = over;
  const delivery: WebhookDelivery = {
    id: nextId('whd'),
    institutionId: of.institutionId,
    webhookEndpointId: of.id,
    topic: 'POSITION',
    kind: 'CREATED',
    objectId,
    detailId: null,
    sequence,
    changeId: randomUUID(),
    changedAt: START,
    queue: null,
    state,
    attempts: 0,
    nextAttemptAt: state === 'PENDING' ? START : null,
    lastAttemptAt: null,
    lastStatus: null,
    lastError: null,
    deliveredAt: state === 'DELIVERED' ? START : null,
    body: null,
    version: 1,
    createdAt: START,
    ...over,
  };
  return { ...delivery, queue: state === 'PENDING' ? queueOfDelivery(delivery) : null };
}
