import { beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../src/domain/time.ts';
import { RETRY_DELAYS_MS } from '../../src/domain/webhookRetries.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { UnavailableError } from '../../src/store/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { DEFAULT_WEBHOOK_LIMITS } from '../../src/webhooks/limits.ts';
import { trailOf } from '../support/accounting.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import type { TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import {
  callWebhooks,
  createEndpoint,
  type DeliveryReceiver,
  endpointOf,
  logOf,
  openReceiver,
  POSITIONS,
  serveWebhooks,
  verified,
} from './scene.ts';

onBothStores((open) => {
  let store: Store;
  let server: TestServer;
  let deal: Deal;
  let receiver: DeliveryReceiver;
  let institutionId: string;

  beforeAll(async () => {
    store = await open();
    server = serveWebhooks(store);
  });

  /** Begins with an institution and a receiver of its own. */
  const begin = async (): Promise<void> => {
    deal = await makeDeal(server);
    receiver = await openReceiver();
    institutionId = deal.institution.id;
  };
  const deliver = () => server.app.deliverWebhooks();
  /** Delivers what is due together with another change, so that the endpoint is not disabled for its failures. */
  const deliverWithSuccess = async (): Promise<void> => {
    await openPosition(server, deal);
    await deliver();
  };

  it('delivers each change once, with the selected fields and a valid signature', async () => {
    await begin();
    const { secret } = await createEndpoint(server, { url: receiver.url, institutionId });
    const { id } = await openPosition(server, deal);
    await deliver();
    await deliver();
    expect(receiver.deliveries).toHaveLength(1);
    const [delivery] = receiver.deliveries;
    expect(delivery?.body).toEqual({
      type: 'position.created',
      timestamp: '2026-03-01T12:00:00.000Z',
      data: {
        positionChanged: {
          kind: 'CREATED',
          position: { id, state: 'CREATED', version: 1 },
          event: { toState: 'CREATED' },
        },
      },
    });
    expect(delivery && verified(secret, delivery)).toEqual(delivery?.body);
    expect(delivery?.headers['content-type']).toBe('application/json');
    expect(await logOf(server, { institutionId })).toMatchObject([
      {
        id: delivery?.id,
        type: 'position.created',
        objectId: id,
        state: 'DELIVERED',
        attemptCount: 1,
        lastStatus: 204,
        lastError: null,
        body: delivery?.text,
      },
    ]);
  });

  it('counts attempts in the metrics', async () => {
    await begin();
    const metrics = new Metrics();
    const counted = serveWebhooks(store, {}, { metrics });
    counted.now = server.now;
    await createEndpoint(server, { url: receiver.url, institutionId });
    await fundedPosition(server, deal);
    receiver.answer = ({ body }) => (body.type === 'position.created' ? 200 : 500);
    await counted.app.deliverWebhooks();
    const lines = (await metrics.text())
      .split('\n')
      .filter((line) => line.startsWith('escrowgrid_webhook_attempts_total'));
    expect(lines).toEqual([
      'escrowgrid_webhook_attempts_total{outcome="ok"} 1',
      'escrowgrid_webhook_attempts_total{outcome="failed"} 1',
    ]);
  });

  it('delivers neither changes from before the endpoint nor those of other institutions', async () => {
    await begin();
    await openPosition(server, deal);
    server.now += 1_000;
    await createEndpoint(server, { url: receiver.url, institutionId });
    await openPosition(server, await makeDeal(server));
    await deliver();
    expect(receiver.deliveries).toEqual([]);
  });

  it('delivers only the changes of the object that the document names', async () => {
    await begin();
    const { id } = await openPosition(server, deal);
    server.now += 1_000;
    const document = 'subscription ($id: ID!) { positionChanged(positionId: $id) { position { id state } } }';
    await createEndpoint(server, { url: receiver.url, institutionId, document, variables: { id } });
    await openPosition(server, deal);
    await server.ask('mutation ($id: ID!) { fundPosition(input: { positionId: $id }) { __typename } }', { id });
    await deliver();
    expect(receiver.deliveries.map(({ body }) => body.data)).toEqual([
      { positionChanged: { position: { id, state: 'FUNDED' } } },
    ]);
  });

  it('repeats a failed delivery with the same id and body, and signs it with the time of the attempt', async () => {
    await begin();
    const { secret } = await createEndpoint(server, { url: receiver.url, institutionId });
    const { id } = await openPosition(server, deal);
    receiver.answer = () => 500;
    await deliver();
    expect(await logOf(server, { institutionId })).toMatchObject([
      { state: 'PENDING', attemptCount: 1, lastStatus: 500, lastError: 'STATUS', deliveredAt: null },
    ]);
    await server.ask('mutation ($id: ID!) { fundPosition(input: { positionId: $id }) { __typename } }', { id });
    receiver.answer = () => 200;
    await deliver();
    expect(receiver.deliveries).toHaveLength(1);
    server.now += 2 * 5_000;
    await deliver();
    const [first, second, third] = receiver.deliveries;
    expect(second?.id).toBe(first?.id);
    expect(second?.text).toBe(first?.text);
    expect(third?.body).toMatchObject({
      type: 'position.updated',
      data: { positionChanged: { position: { state: 'FUNDED' } } },
    });
    for (const delivery of receiver.deliveries) verified(secret, delivery);
  });

  it('holds back only the later changes of the object whose delivery fails', async () => {
    await begin();
    await createEndpoint(server, { url: receiver.url, institutionId });
    const failing = await fundedPosition(server, deal);
    const other = await fundedPosition(server, deal);
    receiver.answer = ({ body }) => (JSON.stringify(body).includes(failing.id) ? 503 : 200);
    await deliver();
    const sent = receiver.deliveries.map(({ body }) => [body.type, JSON.stringify(body).includes(failing.id)]);
    expect(sent.filter(([, isFailing]) => isFailing)).toEqual([['position.created', true]]);
    expect(sent.filter(([, isFailing]) => !isFailing)).toEqual([
      ['position.created', false],
      ['position.updated', false],
    ]);
    expect((await logOf(server, { objectId: other.id })).map(({ state }) => state)).toEqual(['DELIVERED', 'DELIVERED']);
    const pending = await logOf(server, { objectId: failing.id });
    expect(pending.map(({ state, nextAttemptAt }) => [state, nextAttemptAt !== null])).toEqual([
      ['PENDING', true],
      ['PENDING', false],
    ]);
  });

  it('goes on with the next change of an object after the last attempt has failed', async () => {
    await begin();
    await createEndpoint(server, { url: receiver.url, institutionId });
    const { id } = await fundedPosition(server, deal);
    receiver.answer = ({ body }) => (JSON.stringify(body).includes(id) && body.type === 'position.created' ? 500 : 200);
    for (const _attempt of RETRY_DELAYS_MS) {
      await deliverWithSuccess();
      server.now += 1.2 * DAY_MS;
    }
    await deliver();
    expect((await logOf(server, { objectId: id })).map(({ state, attemptCount }) => [state, attemptCount])).toEqual([
      ['FAILED', RETRY_DELAYS_MS.length],
      ['DELIVERED', 1],
    ]);
    const ofObject = receiver.deliveries.filter(({ body }) => JSON.stringify(body).includes(id));
    expect(ofObject).toHaveLength(RETRY_DELAYS_MS.length + 1);
  });

  it('waits as long as Retry-After requests', async () => {
    await begin();
    await createEndpoint(server, { url: receiver.url, institutionId });
    await openPosition(server, deal);
    receiver.answer = () => [429, { 'retry-after': '600' }];
    await deliver();
    const [delivery] = await logOf(server, { institutionId });
    const waitMs = Date.parse(delivery?.nextAttemptAt ?? '') - server.now;
    expect(waitMs).toBeGreaterThanOrEqual(600_000);
    expect(waitMs).toBeLessThanOrEqual(720_000);
  });

  it('treats a redirect as a failure', async () => {
    await begin();
    const target = await openReceiver();
    await createEndpoint(server, { url: receiver.url, institutionId });
    await openPosition(server, deal);
    receiver.answer = () => [307, { location: target.url }];
    await deliver();
    expect(target.deliveries).toEqual([]);
    expect(await logOf(server, { institutionId })).toMatchObject([
      { state: 'PENDING', lastStatus: 307, lastError: 'STATUS' },
    ]);
  });

  it('disables an endpoint that answers 410, with an audit event', async () => {
    await begin();
    const { endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
    await openPosition(server, deal);
    receiver.answer = () => 410;
    await deliver();
    expect(await endpointOf(server, endpoint.id)).toMatchObject({
      state: 'DISABLED',
      disabledReason: 'GONE',
      version: 2,
    });
    expect(await trailOf(server, { resourceId: endpoint.id })).toMatchObject([
      { action: 'WEBHOOK_ENDPOINT_DISABLED', outcome: 'SUCCESS', payload: { reason: 'GONE' } },
      { action: 'WEBHOOK_ENDPOINT_CREATED' },
    ]);
    await openPosition(server, deal);
    server.now += DAY_MS;
    await deliver();
    expect(receiver.deliveries).toHaveLength(1);
    expect(await logOf(server, { institutionId })).toHaveLength(1);
  });

  it('disables an endpoint after three days without any success, and delivers again once it is enabled', async () => {
    await begin();
    const { endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
    await openPosition(server, deal);
    receiver.answer = () => 500;
    for (let day = 0; day < 2; day += 1) {
      await deliver();
      server.now += 1.4 * DAY_MS;
    }
    await deliver();
    expect(await endpointOf(server, endpoint.id)).toMatchObject({ state: 'ENABLED', failingSince: expect.any(String) });
    server.now += DAY_MS;
    await deliver();
    expect(await endpointOf(server, endpoint.id)).toMatchObject({ state: 'DISABLED', disabledReason: 'FAILING' });
    const attempts = receiver.deliveries.length;
    server.now += 2 * DAY_MS;
    receiver.answer = () => 200;
    await deliver();
    expect(receiver.deliveries).toHaveLength(attempts);
    await callWebhooks(server, 'updateWebhookEndpoint', { webhookEndpointId: endpoint.id, isEnabled: true });
    await deliver();
    expect(receiver.deliveries).toHaveLength(attempts + 1);
    expect(await endpointOf(server, endpoint.id)).toMatchObject({ state: 'ENABLED', failingSince: null });
  });

  it('an endpoint with a success among its failures is not disabled', async () => {
    await begin();
    const { endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
    const failing = await openPosition(server, deal);
    receiver.answer = ({ body }) => (JSON.stringify(body).includes(failing.id) ? 500 : 200);
    for (let day = 0; day < 5; day += 1) {
      await openPosition(server, deal);
      await deliver();
      server.now += DAY_MS;
    }
    expect(await endpointOf(server, endpoint.id)).toMatchObject({ state: 'ENABLED', failingSince: null });
  });

  it('repeats an attempt whose end was never recorded', async () => {
    await begin();
    await createEndpoint(server, { url: receiver.url, institutionId });
    await openPosition(server, deal);
    let isLost = false;
    const transact: Store['transact'] = (...call) =>
      isLost ? Promise.reject(new UnavailableError()) : store.transact(...call);
    const lost = serveWebhooks({ ...store, transact });
    lost.now = server.now;
    receiver.answer = () => {
      isLost = true;
      return 200;
    };
    await expect(lost.app.deliverWebhooks()).rejects.toThrow(UnavailableError);
    receiver.answer = () => 200;
    await deliver();
    expect(receiver.deliveries).toHaveLength(1);
    server.now += DEFAULT_WEBHOOK_LIMITS.leaseMs + 1;
    await deliver();
    const ids = receiver.deliveries.map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
    expect(await logOf(server, { institutionId })).toMatchObject([{ state: 'DELIVERED' }]);
  });

  it('replaces data that are too large by the id of the object', async () => {
    await begin();
    const document = 'subscription { positionChanged { position { id metadata } } }';
    await createEndpoint(server, { url: receiver.url, institutionId, document });
    const small = await openPosition(server, deal, { metadata: { text: 'x'.repeat(19_000) } });
    const large = await openPosition(server, deal, { metadata: { text: 'x'.repeat(20_000) } });
    await deliver();
    const bodies = receiver.deliveries.map(({ body }) => body);
    expect(bodies).toContainEqual(
      expect.objectContaining({
        data: { positionChanged: { position: { id: small.id, metadata: { text: 'x'.repeat(19_000) } } } },
      }),
    );
    expect(bodies).toContainEqual({
      type: 'position.created',
      timestamp: expect.any(String),
      data: null,
      objectId: large.id,
    });
    for (const { text } of receiver.deliveries) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000);
  });

  describe('after a rotation', () => {
    it('signs with both secrets until the overlap ends, then only with the new one', async () => {
      await begin();
      const { secret, endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
      const input = { webhookEndpointId: endpoint.id, overlapSeconds: 3_600 };
      const rotated = await callWebhooks(server, 'rotateWebhookSecret', input);
      await openPosition(server, deal);
      await deliver();
      server.now += 3_600_001;
      await openPosition(server, deal);
      await deliver();
      const [during, after] = receiver.deliveries;
      if (!during || !after) throw new Error('Not delivered.');
      verified(secret, during);
      verified(rotated.secret ?? '', during);
      verified(rotated.secret ?? '', after);
      expect(() => verified(secret, after)).toThrow('No matching signature found');
    });
  });

  describe('redeliverWebhooks', () => {
    it('repeats what follows a delivery, in the order of the changes, with the same ids and bodies', async () => {
      await begin();
      const { endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
      const { id } = await openPosition(server, deal);
      await deliver();
      for (const amount of ['40.00', '60.00'])
        await server.ask('mutation ($input: FundPositionInput!) { fundPosition(input: $input) { __typename } }', {
          input: { positionId: id, amount },
        });
      await deliver();
      const before = [...receiver.deliveries];
      const reply = await callWebhooks(server, 'redeliverWebhooks', {
        webhookEndpointId: endpoint.id,
        after: before[0]?.id,
      });
      expect(reply).toMatchObject({
        redeliveredCount: before.length - 1,
        hasMore: false,
        lastDeliveryId: before.at(-1)?.id,
      });
      await deliver();
      const again = receiver.deliveries.slice(before.length);
      expect(again.map((delivery) => [delivery.id, delivery.text])).toEqual(
        before.slice(1).map((delivery) => [delivery.id, delivery.text]),
      );
    });

    it('repeats only failed deliveries on request', async () => {
      await begin();
      const { endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
      const first = await openPosition(server, deal);
      await deliver();
      const failing = await openPosition(server, deal);
      await openPosition(server, deal);
      receiver.answer = ({ body }) => (JSON.stringify(body).includes(failing.id) ? 500 : 200);
      for (const _attempt of RETRY_DELAYS_MS) {
        await deliverWithSuccess();
        server.now += 1.2 * DAY_MS;
      }
      receiver.answer = () => 200;
      const [start] = await logOf(server, { objectId: first.id });
      const input = { webhookEndpointId: endpoint.id, after: start?.id, onlyFailed: true };
      expect(await callWebhooks(server, 'redeliverWebhooks', input)).toMatchObject({ redeliveredCount: 1 });
      await deliver();
      expect(await logOf(server, { objectId: failing.id })).toMatchObject([{ state: 'DELIVERED', attemptCount: 1 }]);
    });
  });

  it('delivers chat messages and sessions', async () => {
    await begin();
    const document = 'subscription { chatMessageChanged { kind chatMessage { body } } }';
    await createEndpoint(server, { url: receiver.url, institutionId, document });
    const created = await server.ask<{ createChatSession: { chatSession: { id: string } } }>(
      'mutation ($input: CreateChatSessionInput!) { createChatSession(input: $input) { ... on CreateChatSessionPayload { chatSession { id } } } }',
      { input: { institutionId, ownerReference: 'buyer', title: 'Pier' } },
    );
    const chatSessionId = created.data?.createChatSession.chatSession.id;
    await server.ask('mutation ($input: PostChatMessageInput!) { postChatMessage(input: $input) { __typename } }', {
      input: { chatSessionId, authorReference: 'buyer', body: 'Hello' },
    });
    await deliver();
    expect(receiver.deliveries.map(({ body }) => [body.type, body.data])).toEqual([
      ['chat_message.created', { chatMessageChanged: { kind: 'CREATED', chatMessage: { body: 'Hello' } } }],
    ]);
  });

  it('a document that is no longer valid is delivered without data', async () => {
    await begin();
    const { endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
    await store.transact('ALL', async (tx) => {
      const [row] = await tx.webhookEndpoints.lock([endpoint.id]);
      const document = POSITIONS.replace('version', 'removedField');
      if (row) tx.webhookEndpoints.replace({ ...row, document, version: row.version + 1 });
    });
    const { id } = await openPosition(server, deal);
    await deliver();
    expect(receiver.deliveries.map(({ body }) => body)).toMatchObject([
      { type: 'position.created', data: null, objectId: id },
    ]);
  });
});
