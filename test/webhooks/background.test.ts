import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import type { WebhookLimits } from '../../src/webhooks/limits.ts';
import { COUNTS } from '../counts.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { openProxiedStore } from '../support/proxiedStore.ts';
import type { TestServer } from '../support/server.ts';
import { onBothStores, openPostgresTwice } from '../support/stores.ts';
import {
  callWebhooks,
  createEndpoint,
  type DeliveryReceiver,
  logOf,
  openReceiver,
  type ReceivedDelivery,
  serveWebhooks,
} from './scene.ts';

/** No attempt ends by itself, and no other server repeats it. */
const PATIENT = { attemptMs: 3_600_000, leaseMs: 7_200_000 };
const QUICK_RETRIES = { retryDelaysMs: [0, ...Array<number>(40).fill(50)] };

/** Starts a server that delivers in the background, in real time. */
function start(store: Store, limits: Partial<WebhookLimits> = {}): TestServer {
  const server = serveWebhooks(store, limits, { clock: Date.now });
  server.app.start();
  return server;
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await delay(5);
}

/** Holds the answers of a receiver until they are released, with the same status for all. */
function hold(receiver: DeliveryReceiver): (status: number) => void {
  let release = (_status: number): void => undefined;
  const held = new Promise<number>((resolve) => (release = resolve));
  receiver.answer = () => held;
  onTestFinished(() => release(500));
  return release;
}

interface Scene {
  readonly server: TestServer;
  readonly deal: Deal;
  readonly institutionId: string;
  readonly receiver: DeliveryReceiver;
}
async function sceneOf(server: TestServer): Promise<Scene> {
  const deal = await makeDeal(server);
  return { server, deal, institutionId: deal.institution.id, receiver: await openReceiver() };
}

const fund = (server: TestServer, positionId: string, amount: string) =>
  server.ask('mutation ($input: FundPositionInput!) { fundPosition(input: $input) { __typename } }', {
    input: { positionId, amount },
  });
const idsOf = (deliveries: readonly ReceivedDelivery[]): readonly string[] => deliveries.map(({ id }) => id);
const statesOf = async (server: TestServer, filter: object) => (await logOf(server, filter)).map(({ state }) => state);
const isDelivered = async (server: TestServer, filter: object, count: number): Promise<boolean> => {
  const states = await statesOf(server, filter);
  return states.length === count && states.every((state) => state === 'DELIVERED');
};

onBothStores((open) => {
  it('a change is delivered in the background, soon after its commit', async () => {
    const { server, deal, institutionId, receiver } = await sceneOf(start(await open()));
    await createEndpoint(server, { url: receiver.url, institutionId });
    await openPosition(server, deal);
    await until(() => receiver.deliveries.length === 1);
    await openPosition(server, deal);
    const committedAt = performance.now();
    await until(() => receiver.deliveries.length === 2);
    process.stdout.write(`Delivered ${Math.round(performance.now() - committedAt)} ms after the response.\n`);
    expect(server.faults).toEqual([]);
  });

  it('endpoints that never answer do not delay the deliveries of another endpoint', async () => {
    const limits = { ...PATIENT, attemptsAtOnce: 20, attemptsPerEndpoint: 8 };
    const { server, deal, institutionId, receiver } = await sceneOf(start(await open(), limits));
    const silent = await openReceiver();
    hold(silent);
    for (let endpoints = 0; endpoints < 3; endpoints += 1)
      await createEndpoint(server, { url: silent.url, institutionId });
    for (let positions = 0; positions < 10; positions += 1) await openPosition(server, deal);
    await until(() => silent.deliveries.length >= limits.attemptsPerEndpoint);
    await createEndpoint(server, { url: receiver.url, institutionId });
    const opened = [await openPosition(server, deal), await openPosition(server, deal)];
    await until(() => receiver.deliveries.length >= opened.length);
    expect(silent.deliveries.length).toBeLessThan(limits.attemptsAtOnce);
    expect(server.faults).toEqual([]);
  });

  it('a disabled endpoint receives nothing more after the attempts in progress, and the rest once it is enabled', async () => {
    const { server, deal, institutionId, receiver } = await sceneOf(start(await open(), PATIENT));
    const { endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
    const release = hold(receiver);
    const { id: objectId } = await fundedPosition(server, deal);
    await until(() => receiver.deliveries.length === 1);
    await until(async () => (await logOf(server, { objectId })).length === 2);
    const update = (isEnabled: boolean) =>
      callWebhooks(server, 'updateWebhookEndpoint', { webhookEndpointId: endpoint.id, isEnabled });
    await update(false);
    release(200);
    await until(async () => (await statesOf(server, { objectId })).includes('DELIVERED'));
    expect(await statesOf(server, { objectId })).toEqual(['DELIVERED', 'PENDING']);
    expect(receiver.deliveries).toHaveLength(1);
    await update(true);
    await until(() => isDelivered(server, { objectId }, 2));
    expect(idsOf(receiver.deliveries)).toEqual((await logOf(server, { objectId })).map(({ id }) => id));
    expect(server.faults).toEqual([]);
  });

  it('the attempt in progress to a deleted endpoint is recorded, and no other one begins', async () => {
    const { server, deal, institutionId, receiver } = await sceneOf(start(await open(), PATIENT));
    const { endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
    const other = await openReceiver();
    const release = hold(receiver);
    const { id: objectId } = await fundedPosition(server, deal);
    await until(() => receiver.deliveries.length === 1);
    await until(async () => (await logOf(server, { objectId })).length === 2);
    await callWebhooks(server, 'deleteWebhookEndpoint', { webhookEndpointId: endpoint.id });
    await createEndpoint(server, { url: other.url, institutionId });
    release(200);
    await until(async () => (await statesOf(server, { objectId })).includes('DELIVERED'));
    await openPosition(server, deal);
    await until(() => other.deliveries.length === 1);
    expect(await statesOf(server, { objectId })).toEqual(['DELIVERED', 'PENDING']);
    expect(receiver.deliveries).toHaveLength(1);
    expect(server.faults).toEqual([]);
  });

  it('a retry is sent to the URL that the endpoint then has', async () => {
    const { server, deal, institutionId, receiver } = await sceneOf(
      start(await open(), { ...PATIENT, ...QUICK_RETRIES }),
    );
    const { endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
    const other = await openReceiver();
    const release = hold(receiver);
    const { id: objectId } = await fundedPosition(server, deal);
    await until(() => receiver.deliveries.length === 1);
    await callWebhooks(server, 'updateWebhookEndpoint', { webhookEndpointId: endpoint.id, url: other.url });
    release(500);
    await until(() => isDelivered(server, { objectId }, 2));
    expect(other.deliveries.map(({ id, text }) => [id, text])[0]).toEqual(
      receiver.deliveries.map(({ id, text }) => [id, text])[0],
    );
    expect(receiver.deliveries).toHaveLength(1);
    expect(server.faults).toEqual([]);
  });

  it('repeated deliveries follow the attempt in progress of their object, and nothing is lost', async () => {
    const { server, deal, institutionId, receiver } = await sceneOf(start(await open(), PATIENT));
    const { endpoint } = await createEndpoint(server, { url: receiver.url, institutionId });
    const { id: objectId } = await openPosition(server, deal);
    for (const amount of ['10.00', '20.00']) await fund(server, objectId, amount);
    await until(() => isDelivered(server, { objectId }, 3));
    const release = hold(receiver);
    await fund(server, objectId, '30.00');
    await until(() => receiver.deliveries.length === 4);
    const [first, second, third, fourth] = idsOf(receiver.deliveries);
    const reply = await callWebhooks(server, 'redeliverWebhooks', { webhookEndpointId: endpoint.id, after: first });
    expect(reply).toMatchObject({ redeliveredCount: 2, hasMore: false });
    await fund(server, objectId, '40.00');
    await until(async () => (await logOf(server, { objectId })).length === 5);
    expect(receiver.deliveries).toHaveLength(4);
    release(200);
    await until(() => isDelivered(server, { objectId }, 5));
    const fifth = (await logOf(server, { objectId })).at(-1)?.id;
    expect(idsOf(receiver.deliveries)).toEqual([first, second, third, fourth, second, third, fifth]);
    expect(server.faults).toEqual([]);
  });

  it('many changes of one object are delivered in their order', async () => {
    const store = await open();
    const { server, deal, institutionId, receiver } = await sceneOf(serveWebhooks(store, {}, { clock: Date.now }));
    await createEndpoint(server, { url: receiver.url, institutionId });
    const { id: objectId } = await openPosition(server, deal);
    const publish = (count: number) =>
      store.transact('ALL', async (tx) => {
        for (let change = 0; change < count; change += 1)
          tx.publish({
            topic: 'POSITION',
            kind: 'UPDATED',
            institutionId,
            objectId,
            detailId: null,
            createdAt: Date.now(),
          });
      });
    await publish(COUNTS.changesOfObject - 1);
    const startedAt = performance.now();
    let halfAt = 0;
    receiver.answer = () => {
      if (receiver.deliveries.length === COUNTS.changesOfObject / 2) halfAt = performance.now();
      return 200;
    };
    await server.app.deliverWebhooks();
    const [first, second] = [halfAt - startedAt, performance.now() - halfAt].map((ms) => Math.round(ms));
    process.stdout.write(`${COUNTS.changesOfObject} deliveries of one object: ${first} ms and ${second} ms.\n`);
    expect(receiver.deliveries).toHaveLength(COUNTS.changesOfObject);
    const oldest = await logOf(server, { objectId });
    expect(idsOf(receiver.deliveries.slice(-oldest.length))).toEqual(oldest.map(({ id }) => id));
    expect(server.faults).toEqual([]);
  });
});

describe('with PostgreSQL only', () => {
  it('what a server that stops could not complete is delivered by another server at once', async () => {
    const [store, otherStore] = await openPostgresTwice();
    const { server, deal, institutionId, receiver } = await sceneOf(start(store, PATIENT));
    await createEndpoint(server, { url: receiver.url, institutionId });
    hold(receiver);
    const { id: objectId } = await openPosition(server, deal);
    await until(() => receiver.deliveries.length === 1);
    await server.app.stop();
    receiver.answer = () => 200;
    const other = start(otherStore, PATIENT);
    await until(() => isDelivered(other, { objectId }, 1));
    const [delivery] = await logOf(other, { objectId });
    expect(delivery).toMatchObject({ attemptCount: 2, lastError: null });
    expect(new Set(receiver.deliveries.map(({ id, text }) => `${id} ${text}`)).size).toBe(1);
    expect([...server.faults, ...other.faults]).toEqual([]);
  });

  it('a server that stops waits a moment for attempts in progress', async () => {
    const [store, otherStore] = await openPostgresTwice();
    const { server, deal, institutionId, receiver } = await sceneOf(start(store, PATIENT));
    await createEndpoint(server, { url: receiver.url, institutionId });
    const release = hold(receiver);
    const { id: objectId } = await openPosition(server, deal);
    await until(() => receiver.deliveries.length === 1);
    const stopped = server.app.stop();
    release(200);
    await stopped;
    expect(await statesOf(serveWebhooks(otherStore), { objectId })).toEqual(['DELIVERED']);
    expect(receiver.deliveries).toHaveLength(1);
  });

  it('deliveries go on after an outage of the database, each with the same body', async () => {
    const { store, proxy } = await openProxiedStore();
    const limits = { ...QUICK_RETRIES, attemptMs: 1_000, leaseMs: 2_000 };
    const { server, deal, institutionId, receiver } = await sceneOf(start(store, limits));
    await createEndpoint(server, { url: receiver.url, institutionId });
    const positions = await Promise.all(Array.from({ length: 20 }, () => openPosition(server, deal)));
    await until(() => receiver.deliveries.length > 0);
    const release = hold(receiver);
    for (const { id } of positions) await fund(server, id, '50.00');
    await proxy.away();
    release(200);
    receiver.answer = () => 200;
    await delay(200);
    await proxy.back();
    await until(() => isDelivered(server, { institutionId }, 2 * positions.length));
    const bodies = new Map(receiver.deliveries.map(({ id, text }) => [id, text]));
    for (const { id, text } of receiver.deliveries) expect(text).toBe(bodies.get(id));
    expect(server.faults).toEqual([]);
  });

  it('deliveries of one object are never in progress at the same time while two servers deliver and others are repeated', async () => {
    const stores = await openPostgresTwice();
    const limits = { ...QUICK_RETRIES, ...PATIENT };
    const servers = stores.map((store) => start(store, limits));
    const { server, deal, institutionId, receiver } = await sceneOf(servers[0] as TestServer);
    const { endpoint } = await createEndpoint(server, {
      url: receiver.url,
      institutionId,
      document: 'subscription { positionChanged { position { id } } }',
    });
    const inProgress = new Set<string>();
    const overlaps: string[] = [];
    let accepted = 0;
    receiver.answer = async ({ body }) => {
      const object = JSON.stringify(body.data);
      if (inProgress.has(object)) overlaps.push(object);
      inProgress.add(object);
      await delay(receiver.deliveries.length % 7);
      inProgress.delete(object);
      const isAccepted = receiver.deliveries.length % 5 !== 0;
      if (isAccepted) accepted += 1;
      return isAccepted ? 204 : 500;
    };
    const first = await openPosition(server, deal);
    await until(() => isDelivered(server, { objectId: first.id }, 1));
    const after = receiver.deliveries[0]?.id;
    const positions = await Promise.all(Array.from({ length: 8 }, () => openPosition(server, deal)));
    let redelivered = 0;
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(positions.map(({ id }) => fund(server, id, '1.00')));
      const reply = await callWebhooks(server, 'redeliverWebhooks', { webhookEndpointId: endpoint.id, after });
      redelivered += reply.redeliveredCount ?? 0;
    }
    const count = 11 * positions.length;
    await until(async () => (await statesOf(server, { institutionId, state: 'PENDING' })).length === 0);
    expect(overlaps).toEqual([]);
    expect(await isDelivered(server, { institutionId }, count + 1)).toBe(true);
    expect(accepted).toBe(count + 1 + redelivered);
    expect(servers.flatMap(({ faults }) => faults)).toEqual([]);
  });
});
