import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { DEFAULTS, type Settings } from '../../src/settings.ts';
import { type KeyServer, newInstitution, newKey, serveKeys } from '../support/keyed.ts';
import { type BareSocket, bareSocket, greeted, listeningWithKeys, overSocket } from '../support/keyedLive.ts';
import { overHttp, rated } from '../support/limited.ts';
import { type Runner, startRunner } from '../support/runner.ts';
import { openMemory } from '../support/stores.ts';
import type { Attacked, Figures } from './attackedServer.ts';

const MEBIBYTE = 1024 * 1024;
const TOO_MANY_REQUESTS = 4429;
const RETRY_MS = 100;
/** The code of a socket that ended without a close frame. */
const TERMINATED = 1006;
const FOLLOW = 'subscription { chatSessionChanged { kind chatSession { description } } }';
const PAYLOAD = { note: 'x'.repeat(1_000) };

interface Limited {
  readonly server: KeyServer;
  readonly address: string;
  readonly of: string;
  readonly token: string;
  /** Opens a socket that has been acknowledged. */
  readonly connect: () => Promise<BareSocket>;
}

/** Waits for a condition, at most until the test ends. */
async function until(isTrue: () => boolean): Promise<void> {
  const test = { isOver: false };
  onTestFinished(() => void (test.isOver = true));
  while (!isTrue() && !test.isOver) await turn();
}

async function serverWith(settings: Partial<Settings>): Promise<Limited> {
  const server = serveKeys(await openMemory(), { settings });
  const ends: (() => Promise<void>)[] = [];
  const address = await listeningWithKeys(server, (end) => ends.push(end));
  onTestFinished(async () => {
    for (const end of ends) await end();
  });
  const of = await newInstitution(server);
  const { token } = await newKey(server, of);
  const connect = async (): Promise<BareSocket> => {
    const bare = await greeted(address, { 'x-api-key': token });
    expect(await bare.next()).toEqual({ type: 'connection_ack' });
    return bare;
  };
  return { server, address, of, token, connect };
}

describe('a ping', () => {
  it.each<[string, unknown, unknown]>([
    ['no payload', undefined, undefined],
    ['a small payload', PAYLOAD, PAYLOAD],
    ['a payload of 1,024 bytes', { a: 'é'.repeat(508) }, { a: 'é'.repeat(508) }],
    ['a larger payload', { a: `${'é'.repeat(508)}e` }, undefined],
    ['a payload of 1 MB', { a: 'x'.repeat(1_000_000) }, undefined],
  ])('a ping with %s gets a bounded pong', async (_what, payload, echoed) => {
    const { connect } = await serverWith({});
    const bare = await connect();
    bare.send({ type: 'ping', ...(payload !== undefined && { payload }) });
    expect(await bare.next()).toEqual({ type: 'pong', ...(echoed !== undefined && { payload: echoed }) });
  });

  it('pings before connection_init get a pong, but at most ten times', async () => {
    const { address } = await serverWith({});
    const bare = await bareSocket(address);
    for (let sent = 0; sent < 10; sent += 1) {
      bare.send({ type: 'ping' });
      expect(await bare.next()).toEqual({ type: 'pong' });
    }
    bare.send({ type: 'ping' });
    expect(await bare.closed).toBe(TOO_MANY_REQUESTS);
  });

  it('a ping before connection_init counts towards the limit of the address', async () => {
    const { address, server } = await serverWith(rated({ address: 3 }).settings);
    const bare = await bareSocket(address);
    for (let sent = 0; sent < 4; sent += 1) bare.send({ type: 'ping' });
    expect(await bare.closed).toBe(TOO_MANY_REQUESTS);
    expect(server.faults).toEqual([]);
  });

  it.each(['ping', 'pong', 'complete'] as const)(
    'a message of type %s counts towards the limit of the API key',
    async (type) => {
      const { connect, address, token } = await serverWith(rated({ key: 5 }).settings);
      const bare = await connect();
      for (let sent = 0; sent < 5; sent += 1) bare.send({ type, ...(type === 'complete' && { id: '1' }) });
      expect(await bare.closed).toBe(TOO_MANY_REQUESTS);
      expect(await overHttp(address, token)).toMatchObject({ status: 429 });
    },
  );

  it('a ping of a client with a revoked API key closes the socket', async () => {
    const { connect, server, of } = await serverWith({});
    const bare = await connect();
    const { data } = await server.ask<{ institution: { apiKeys: { nodes: { id: string }[] } } }>(
      'query ($of: ID!) { institution(id: $of) { apiKeys { nodes { id } } } }',
      { of },
    );
    await server.ask('mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { __typename } }', {
      id: data?.institution.apiKeys.nodes[0]?.id,
    });
    bare.send({ type: 'ping' });
    expect(await bare.closed).toBe(4403);
  });
});

describe('a WebSocket', () => {
  it('a WebSocket without connection_init that does not read is terminated', async () => {
    const { address } = await serverWith({ maxWebSockets: 1 });
    const silent = await bareSocket(address);
    silent.socket.pause();
    // The only connection slot is available again when the server has destroyed the socket.
    let isFree = false;
    while (!isFree) {
      await sleep(RETRY_MS);
      const next = new WebSocket(address.replace(/^http/, 'ws'), 'graphql-transport-ws');
      onTestFinished(() => next.terminate());
      isFree = await new Promise((resolve) => next.on('open', () => resolve(true)).on('error', () => resolve(false)));
    }
    expect(isFree).toBe(true);
  });

  it('a WebSocket that leaves too much unread is terminated', async () => {
    const { connect } = await serverWith({ socketBufferBytes: 256 * 1024 });
    const bare = await connect();
    const query = '{ __schema { types { name description fields { name description } } } }';
    bare.socket.pause();
    let sent = 0;
    for (; sent < 2_000 && bare.socket.readyState === WebSocket.OPEN; sent += 1) {
      bare.send({ id: String(sent), type: 'subscribe', payload: { query } });
      await turn();
    }
    expect(await bare.closed).toBe(TERMINATED);
  });

  it('a WebSocket runs a bounded number of concurrent operations', async () => {
    const { connect, server } = await serverWith({ operationsPerSocket: 3 });
    const bare = await connect();
    const ids = ['1', '2', '3'];
    for (const id of ids) expect(await overSocket(bare, id, FOLLOW).next()).toMatchObject({ data: {} });
    expect(await overSocket(bare, '4', FOLLOW).next()).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED' } }],
    });
    bare.send({ id: '2', type: 'complete' });
    await until(() => server.app.liveSubscriptions() <= 2);
    expect(await overSocket(bare, '5', FOLLOW).next()).toMatchObject({ data: {} });
    expect(await overSocket(bare, '6', '{ __typename }').next()).toMatchObject({ errors: [{}] });
  });

  it('no subscription remains when an id is completed and reused at once', async () => {
    const { connect, server } = await serverWith({});
    const bare = await connect();
    for (let times = 0; times < 5; times += 1) {
      bare.send({ id: '1', type: 'subscribe', payload: { query: FOLLOW } });
      bare.send({ id: '1', type: 'complete' });
    }
    const last = overSocket(bare, '1', FOLLOW);
    expect(await last.next()).toMatchObject({ data: { chatSessionChanged: { kind: 'CAUGHT_UP' } } });
    await until(() => server.app.liveSubscriptions() <= 1);
    bare.send({ id: '1', type: 'complete' });
    await until(() => server.app.liveSubscriptions() <= 0);
    bare.socket.terminate();
    expect(server.faults).toEqual([]);
  });

  it('a closing WebSocket ends all of its subscriptions while ids are reused', async () => {
    const { connect, server } = await serverWith({});
    const bare = await connect();
    for (let times = 0; times < 5; times += 1) {
      bare.send({ id: '1', type: 'subscribe', payload: { query: FOLLOW } });
      bare.send({ id: '1', type: 'complete' });
      bare.send({ id: '1', type: 'subscribe', payload: { query: FOLLOW } });
      bare.send({ id: '1', type: 'complete' });
    }
    bare.send({ id: '1', type: 'subscribe', payload: { query: FOLLOW } });
    await bare.next();
    bare.socket.terminate();
    await until(() => server.app.liveSubscriptions() <= 0);
    expect(server.app.liveSubscriptions()).toBe(0);
  });

  it('a WebSocket is closed when the id of a running operation is reused', async () => {
    const { connect } = await serverWith({});
    const bare = await connect();
    expect(await overSocket(bare, '1', FOLLOW).next()).toMatchObject({ data: {} });
    bare.send({ id: '1', type: 'subscribe', payload: { query: FOLLOW } });
    expect(await bare.closed).toBe(4409);
  });

  it.each(['ping', 'pong'] as const)('a WebSocket is terminated after too many %s frames', async (frame) => {
    const { connect } = await serverWith({});
    const bare = await connect();
    for (let sent = 0; sent <= 1_000 && bare.socket.readyState === WebSocket.OPEN; sent += 1) bare.socket[frame]();
    expect(await bare.closed).toBe(TERMINATED);
  });
});

describe('a flood of pings over a WebSocket that is not read', () => {
  /** More pings than the limit per minute. */
  const PINGS = 3_000;
  const BYTES = 100_000;
  let runner: Runner<Figures>;
  let attacked: Attacked;
  beforeAll(async () => {
    runner = await startRunner<Figures>('subscriptions/attackedServer.ts');
    attacked = JSON.parse(runner.firstLine) as Attacked;
  });
  afterAll(() => runner.stop());

  it.each([
    ['before connection_init', false],
    ['with an API key', true],
  ])('a flood of pings %s ends the WebSocket and uses no memory', async (when, isGreeted) => {
    const bare = isGreeted
      ? await greeted(attacked.address, { 'x-api-key': attacked.attacker })
      : await bareSocket(attacked.address);
    if (isGreeted) await bare.next();
    const before = await runner.send('figures');
    bare.socket.pause();
    const text = JSON.stringify({ type: 'ping', payload: { a: 'x'.repeat(BYTES) } });
    let sent = 0;
    let waitMs = 0;
    for (; sent < PINGS && bare.socket.readyState === WebSocket.OPEN; sent += 1) {
      await new Promise((resolve) => bare.socket.send(text, resolve));
      if (sent % 500 > 0) continue;
      const startedAt = performance.now();
      expect((await overHttp(attacked.address, attacked.neighbor)).status).toBe(200);
      waitMs = Math.max(waitMs, performance.now() - startedAt);
    }
    const after = await runner.send('figures');
    bare.socket.resume();
    const code = await bare.closed;
    const moreBytes = after.residentBytes - before.residentBytes;
    process.stdout.write(
      `${sent} pings of ${BYTES} bytes ${when}, none read: ${(moreBytes / MEBIBYTE).toFixed(0)} MB more resident, ${(after.cpuMs - before.cpuMs).toFixed(0)} ms of CPU, closed with ${code}; the other institution waited ${waitMs.toFixed(0)} ms at most\n`,
    );
    // The amount sent before the client notices depends on the machine, because it does not read.
    expect([TOO_MANY_REQUESTS, TERMINATED]).toContain(code);
    expect(moreBytes).toBeLessThan(150 * MEBIBYTE);
  });
});

it('the default limits of WebSockets are beyond what ordinary clients use', () => {
  expect(DEFAULTS.operationsPerSocket).toBeGreaterThan(DEFAULTS.subscriptionsPerKey);
  expect(DEFAULTS.socketBufferBytes).toBeGreaterThan(16 * MEBIBYTE);
});
