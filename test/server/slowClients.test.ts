import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { DEFAULTS, type Settings } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { type KeyServer, newInstitution, ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { listeningWithKeys, overSse } from '../support/keyedLive.ts';
import { atAddress, overHttp } from '../support/limited.ts';

/** Only a hang would take as long. */
const patienceMs = 30_000;
const withHttp = (patch: Partial<Settings['http']>): Partial<Settings> => ({ http: { ...DEFAULTS.http, ...patch } });
const serverWith = async (settings: Partial<Settings>): Promise<{ server: KeyServer; address: string }> => {
  const server = serveKeys(createMemoryStore(), { settings });
  return { server, address: await atAddress(server.app) };
};

interface Bare {
  readonly socket: Socket;
  readonly closed: Promise<string>;
}
/** Opens a TCP socket that sends the given text. When it is closed, it returns what it received. */
async function saying(address: string, text: string): Promise<Bare> {
  const { port, hostname } = new URL(address);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let heard = '';
  socket.on('data', (data) => (heard += String(data))).on('error', () => undefined);
  const closed = once(socket, 'close').then(() => heard);
  await once(socket, 'connect');
  socket.write(text);
  return { socket, closed };
}

describe('slow clients', () => {
  it('a connection that sends no complete headers within headersTimeout is closed', async () => {
    const { address } = await serverWith(withHttp({ headersMs: 100, requestMs: 60_000 }));
    const { closed } = await saying(address, 'POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    expect(await closed).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect((await overHttp(address, ROOT_TOKEN)).status).toBe(200);
  });

  it('a connection that sends no complete body within requestTimeout is closed', async () => {
    const { server, address } = await serverWith(withHttp({ headersMs: 100, requestMs: 200 }));
    const head = `POST /graphql HTTP/1.1\r\nHost: x\r\nX-API-Key: ${ROOT_TOKEN}\r\nContent-Type: application/json`;
    const { closed } = await saying(address, `${head}\r\nContent-Length: 100\r\n\r\n{"query"`);
    expect(await closed).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    expect(server.faults).toEqual([]);
  });

  it('a connection that sends nothing within the idle timeout is closed', async () => {
    const { address } = await serverWith(withHttp({ idleTimeoutMs: 200 }));
    expect(await (await saying(address, '')).closed).toBe('');
  });

  it('a client that does not read its stream is disconnected and frees its connection, and other clients receive everything', async () => {
    const settings = { ...withHttp({ idleTimeoutMs: 1_500 }), maxQueuedChanges: 1_000_000 };
    const server = serveKeys(createMemoryStore(), { settings });
    const ends: (() => Promise<void>)[] = [];
    const address = await listeningWithKeys(server, (end) => ends.push(end));
    onTestFinished(async () => {
      for (const end of ends) await end();
    });
    const of = await newInstitution(server);
    const made = await server.ask<{ createChatSession: { chatSession: { id: string } } }>(
      `mutation($of: ID) { createChatSession(input: { institutionId: $of, ownerReference: "ada", title: "x" }) {
        ... on CreateChatSessionPayload { chatSession { id } } } }`,
      { of },
    );
    const id = made.data?.createChatSession.chatSession.id;
    const follow = `subscription { chatSessionChanged(chatSessionId: "${id}") { kind chatSession { version description } } }`;
    // The client subscribes and never reads.
    const never = request(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-api-key': ROOT_TOKEN },
    });
    onTestFinished(() => void never.destroy());
    never.on('error', () => undefined).end(JSON.stringify({ query: follow }));
    await once(never, 'response');
    const reader = await overSse(address, ROOT_TOKEN, follow);
    expect(await reader.next()).toMatchObject({ data: { chatSessionChanged: { kind: 'CAUGHT_UP' } } });
    await vi.waitUntil(() => server.app.liveSubscriptions() === 2, { timeout: patienceMs });
    const update = `mutation($id: ID!, $text: String) { updateChatSession(input: { chatSessionId: $id, description: $text }) {
      ... on UpdateChatSessionPayload { chatSession { version } } } }`;
    let version = 1;
    while (server.app.liveSubscriptions() === 2) {
      const text = `${version} ${'d'.repeat(9_900)}`;
      const { data } = await server.ask<{ updateChatSession: { chatSession: { version: number } } }>(update, {
        id,
        text,
      });
      version += 1;
      expect(data?.updateChatSession.chatSession.version).toBe(version);
      expect(await reader.next()).toMatchObject({ data: { chatSessionChanged: { kind: 'UPDATED' } } });
    }
    expect(server.app.liveSubscriptions()).toBe(1);
    process.stdout.write(`A client that never reads was closed after ${version} events of 10 kB\n`);
    expect(server.faults).toEqual([]);
  });
});

describe('connection limits', () => {
  async function opened(address: string, forwarded = '203.0.113.1'): Promise<WebSocket | string> {
    const headers = { 'x-forwarded-for': forwarded };
    const socket = new WebSocket(address.replace(/^http/, 'ws'), 'graphql-transport-ws', { headers });
    onTestFinished(() => socket.terminate());
    const refused = once(socket, 'error').then(([error]) => (error as Error).message);
    return Promise.race([once(socket, 'open').then(() => socket), refused]);
  }
  const FULL = 'Unexpected server response: 503';

  it('the number of WebSockets is limited, and a closed one can be replaced', async () => {
    const { address } = await serverWith({ maxWebSockets: 2 });
    const [one, two] = [await opened(address), await opened(address)];
    expect(await opened(address)).toBe(FULL);
    expect((await overHttp(address, ROOT_TOKEN)).status).toBe(200);
    (one as WebSocket).terminate();
    await vi.waitUntil(async () => (await opened(address)) !== FULL, { timeout: patienceMs });
    expect(await opened(address)).toBe(FULL);
    (two as WebSocket).terminate();
  });

  it('the number of WebSockets per address is limited, without affecting other addresses', async () => {
    const { address } = await serverWith({
      maxWebSockets: 10,
      socketsPerAddress: 1,
      ...withHttp({ trustedProxies: 1 }),
    });
    expect(await opened(address, '203.0.113.1')).toBeInstanceOf(WebSocket);
    expect(await opened(address, '203.0.113.1')).toBe(FULL);
    expect(await opened(address, '203.0.113.2')).toBeInstanceOf(WebSocket);
    expect(await opened(address, '2001:db8::1')).toBeInstanceOf(WebSocket);
    expect(await opened(address, '2001:db8::2')).toBe(FULL);
  });

  it('the number of connections is limited, and one more is closed at once', async () => {
    const { address } = await serverWith(withHttp({ connections: 1 }));
    const { socket } = await saying(address, '');
    expect(await (await saying(address, '')).closed).toBe('');
    socket.destroy();
    await vi.waitUntil(
      () =>
        overHttp(address, ROOT_TOKEN).then(
          ({ status }) => status === 200,
          () => false,
        ),
      {
        timeout: patienceMs,
      },
    );
  });
});
