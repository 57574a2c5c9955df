import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { DEFAULTS } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { makeDeal } from '../support/deal.ts';
import { changes, clientOf, type LiveClient, listening, type Result, refusalOf, webSocket } from '../support/live.ts';
import { serve } from '../support/server.ts';
import { changesOver } from './changes.ts';

const leastHeartbeatMs = 15_000;
const SESSIONS = 'subscription($of: ID) { chatSessionChanged(institutionId: $of) { kind chatSession { id } } }';
const CREATE = `mutation($input: CreateChatSessionInput!) { createChatSession(input: $input) {
  ... on CreateChatSessionPayload { chatSession { id title } } ... on UserError { code } } }`;

changesOver(webSocket);

describe('a WebSocket', () => {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ends) await end();
  });
  const server = serve(createMemoryStore());
  const ready = (async () => ({
    address: await listening(server, (end) => ends.push(end)),
    of: (await makeDeal(server)).institution.id,
  }))();
  const join = async (): Promise<{ readonly client: LiveClient; readonly of: string }> => {
    const { address, of } = await ready;
    return { client: clientOf(webSocket, address), of };
  };
  const only = async (results: AsyncIterable<Result>): Promise<Result> => {
    const all: Result[] = [];
    for await (const result of results) all.push(result);
    expect(all).toHaveLength(1);
    return all[0] as Result;
  };
  /** Opens a socket without a GraphQL client. */
  async function bare(): Promise<WebSocket> {
    const { address } = await ready;
    const socket = new WebSocket(address.replace(/^http/, 'ws'), 'graphql-transport-ws');
    onTestFinished(() => socket.terminate());
    socket.on('error', () => undefined);
    await once(socket, 'open');
    return socket;
  }
  const closeCode = async (socket: WebSocket): Promise<number> => ((await once(socket, 'close')) as [number])[0];

  it('a WebSocket carries concurrent queries, mutations and subscriptions', async () => {
    const { client, of } = await join();
    const followed = client.ask(SESSIONS, { of });
    await changes(followed, 1);
    const input = { institutionId: of, ownerReference: 'ada', title: 'Pier 9' };
    const made = await only(client.ask(CREATE, { input }));
    const id = (made.data?.['createChatSession']?.['chatSession'] as { readonly id: string } | undefined)?.id;
    expect(await changes(followed, 1)).toMatchObject([{ kind: 'CREATED', chatSession: { id } }]);
    const read = await only(client.ask('query($id: ID!) { chatSession(id: $id) { title } }', { id }));
    expect(read).toEqual({ data: { chatSession: { title: 'Pier 9' } } });
    const refused = await only(client.ask(CREATE, { input: { ...input, title: '' } }));
    expect(refused.data).toEqual({ createChatSession: { code: 'VALIDATION_FAILED' } });
  });

  it('an empty operationName counts as none', async () => {
    const socket = await bare();
    const received = async () =>
      JSON.parse(String(((await once(socket, 'message')) as [Buffer])[0])) as { payload?: unknown };
    socket.send('{"type":"connection_init"}');
    await received();
    socket.send(
      JSON.stringify({
        id: '1',
        type: 'subscribe',
        payload: { query: 'query Only { __typename }', operationName: '' },
      }),
    );
    expect((await received()).payload).toEqual({ data: { __typename: 'Query' } });
  });

  it('a WebSocket can be opened with a target in absolute form', async () => {
    const { port, hostname, host } = new URL((await ready).address);
    const upgrade = request({
      hostname,
      port,
      path: `http://${host}/graphql`,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'sec-websocket-protocol': 'graphql-transport-ws',
      },
    });
    upgrade.end();
    const [response, socket] = (await once(upgrade, 'upgrade')) as [
      { readonly statusCode: number },
      { destroy(): void },
    ];
    socket.destroy();
    expect(response.statusCode).toBe(101);
  });

  it('each error over a WebSocket has a code, and the connection stays open', async () => {
    const { client, of } = await join();
    for (const query of ['{', '{ nothing }', 'subscription { nothing }', '{ a: chatSession }']) {
      const code = await refusalOf(client.ask(query));
      expect([query, code]).toEqual([query, expect.stringMatching(/^GRAPHQL_|^BAD_/)]);
    }
    const deep = `${'{ institutions '.repeat(200)}${'}'.repeat(200)}`;
    expect(await refusalOf(client.ask(deep))).toBe('QUERY_TOO_COMPLEX');
    expect(await refusalOf(client.ask('query($id: ID!) { chatSession(id: $id) { id } }'))).toBe('BAD_USER_INPUT');
    expect(await changes(client.ask(SESSIONS, { of }), 1)).toMatchObject([{ kind: 'CAUGHT_UP' }]);
    expect(server.faults).toEqual([]);
  });

  it('one subscription can end while others continue', async () => {
    const { client, of } = await join();
    const [one, other] = [client.ask(SESSIONS, { of }), client.ask(SESSIONS, { of })];
    await Promise.all([changes(one, 1), changes(other, 1)]);
    expect(server.app.liveSubscriptions()).toBe(2);
    await one.return?.();
    while (server.app.liveSubscriptions() > 1) await turn();
    await only(client.ask(CREATE, { input: { institutionId: of, ownerReference: 'ada', title: 'Pier 9' } }));
    expect(await changes(other, 1)).toMatchObject([{ kind: 'CREATED' }]);
  });

  it('the number of subscriptions per owner is limited', async () => {
    const { client, of } = await join();
    while (server.app.liveSubscriptions() > 0) await turn();
    for (let made = 0; made < DEFAULTS.subscriptionsPerKey; made += 1) await changes(client.ask(SESSIONS, { of }), 1);
    expect(await refusalOf(client.ask(SESSIONS, { of }))).toBe('RATE_LIMITED');
    client.vanish();
    while (server.app.liveSubscriptions() > 0) await turn();
    const { client: next } = await join();
    expect(await changes(next.ask(SESSIONS, { of }), 1)).toMatchObject([{ kind: 'CAUGHT_UP' }]);
  });

  it('a WebSocket is closed with a code when its client violates the protocol', async () => {
    vi.spyOn(console, 'error').mockReturnValue();
    onTestFinished(() => void vi.restoreAllMocks());
    const [early, wild, large] = [await bare(), await bare(), await bare()];
    early.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } }));
    wild.send('{');
    large.send('x'.repeat(2 * 1024 * 1024));
    expect(await Promise.all([early, wild, large].map(closeCode))).toEqual([4401, 4400, 1009]);
  });

  it('a WebSocket sends a heartbeat at most every 15 s, and its timers end with the client', async () => {
    const { of } = await ready;
    const [set, cleared] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')];
    onTestFinished(() => void vi.restoreAllMocks());
    const { client } = await join();
    await changes(client.ask(SESSIONS, { of }), 1);
    const beats = set.mock.calls.map(([, ms]) => ms ?? 0);
    expect(beats.length).toBeGreaterThan(0);
    for (const ms of beats) expect(ms).toBeLessThanOrEqual(leastHeartbeatMs);
    client.vanish();
    const timers = set.mock.results.map(({ value }) => value as NodeJS.Timeout);
    while (!timers.every((timer) => cleared.mock.calls.some(([each]) => each === timer))) await turn();
  });

  it('an upgrade at another path is rejected without affecting others', async () => {
    const { address } = await ready;
    const { port, hostname } = new URL(address);
    const ask = async (): Promise<Socket> => {
      const socket = connect(Number(port), hostname);
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
      const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
      socket.write(
        `GET /else HTTP/1.1\r\nHost: localhost\r\n${upgrade}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      return socket;
    };
    for (let tries = 0; tries < 20; tries += 1) (await ask()).resetAndDestroy();
    const socket = await ask();
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 404 /);
    await once(socket, 'close');
    expect(server.faults).toEqual([]);
  });

  it('a WebSocket is closed with a code when the server stops', async () => {
    const leaving = serve(createMemoryStore());
    let leave: (() => Promise<void>) | undefined;
    const address = await listening(leaving, (end) => (leave = end));
    const socket = new WebSocket(address.replace(/^http/, 'ws'), 'graphql-transport-ws');
    await once(socket, 'open');
    const closed = closeCode(socket);
    await leave?.();
    expect(await closed).toBe(1001);
  });
});
