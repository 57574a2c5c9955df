import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callKey, type KeyServer, newInstitution, newKey, ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { greeted, listeningWithKeys, overSocket, overSse, type Stream } from '../support/keyedLive.ts';
import { openMemory, openPostgresTwice } from '../support/stores.ts';

const FOLLOW = 'subscription { chatSessionChanged { cursor kind } }';
const CAUGHT_UP = { data: { chatSessionChanged: { kind: 'CAUGHT_UP' } } };
const ENDED = { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] };
/** Far longer than an inactive API key may be used, so that only a hang exceeds it. */
const patienceMs = 20_000;

/** The ways in which an API key becomes inactive. The clock of all servers is advanced where necessary. */
const ENDS = {
  'is revoked': async (server: KeyServer, id: string) => {
    await callKey(server, 'revokeApiKey', { apiKeyId: id });
  },
  'is rotated without an overlap': async (server: KeyServer, id: string) => {
    await callKey(server, 'rotateApiKey', { apiKeyId: id, overlapSeconds: 0 });
  },
  expires: async (server: KeyServer) => {
    server.now += 1_000;
  },
} as const;

/** The stores of two servers. */
const WHERE = {
  'in memory': async () => {
    const store = await openMemory();
    return [store, store] as const;
  },
  'on PostgreSQL': openPostgresTwice,
} as const;

describe.each(Object.entries(WHERE))('%s: streams of an API key that becomes inactive', (_where, open) => {
  const ends: (() => Promise<void>)[] = [];
  /** Both servers use the same store and clock. API keys become inactive on the first, and are used on the second. */
  let servers: readonly KeyServer[] = [];
  let addresses: readonly string[];
  let of: string;
  beforeAll(async () => {
    const clock = (): number => servers[0]?.now ?? 0;
    servers = (await open()).map((store) => serveKeys(store, { clock }));
    addresses = await Promise.all(servers.map((server) => listeningWithKeys(server, (end) => ends.push(end))));
    of = await newInstitution(servers[0] as KeyServer);
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  it.each(Object.entries(ENDS))(
    'an API key that %s ends all of its streams with UNAUTHENTICATED, and no others',
    async (how, endKey) => {
      const [first, second] = servers as readonly [KeyServer, KeyServer];
      const key = await newKey(first, of, { expiresAt: new Date(first.now + 1_000).toISOString() });
      const other = await newKey(first, of);
      const address = addresses[1] ?? '';
      const socket = await greeted(address, { authorization: `Bearer ${key.token}` });
      expect(await socket.next()).toMatchObject({ type: 'connection_ack' });
      const bystander = await greeted(address, { 'x-api-key': other.token });
      await bystander.next();
      const streams: readonly Stream[] = [
        await overSse(address, key.token, FOLLOW),
        await overSse(addresses[0] ?? '', key.token, FOLLOW),
        overSocket(socket, '1', FOLLOW),
      ];
      const left = overSocket(bystander, '1', FOLLOW);
      for (const stream of [...streams, left]) expect(await stream.next()).toMatchObject(CAUGHT_UP);

      await endKey(first, key.id);
      const began = performance.now();
      for (const stream of streams) expect(await stream.next()).toMatchObject(ENDED);
      const tookMs = performance.now() - began;
      process.stdout.write(`A key that ${how}: its streams ended after ${tookMs.toFixed(0)} ms\n`);
      for (const stream of streams.slice(0, 2)) expect(await stream.next()).toBeUndefined();

      // The socket is still open; its next operation closes it.
      await vi.waitUntil(async () => (await second.ask('{ __typename }', {}, key.token)).status === 401, {
        timeout: patienceMs,
      });
      socket.send({ id: '2', type: 'subscribe', payload: { query: '{ __typename }' } });
      expect(await socket.closed).toBe(4403);
      expect(second.app.liveSubscriptions()).toBe(1);
      bystander.socket.close();
      await vi.waitUntil(() => servers.every(({ app }) => app.liveSubscriptions() === 0), { timeout: patienceMs });
    },
  );
});

describe('credentials in connection_init of a WebSocket', () => {
  const ends: (() => Promise<void>)[] = [];
  let address: string;
  let key: { readonly token: string };
  beforeAll(async () => {
    const server = serveKeys(await openMemory());
    address = await listeningWithKeys(server, (end) => ends.push(end));
    key = await newKey(server, await newInstitution(server));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  it('a WebSocket with an API key in any accepted form has the role of the API key', async () => {
    for (const [role, token] of [
      ['ADMIN', key.token],
      ['ROOT', ROOT_TOKEN],
    ] as const) {
      for (const payload of [
        { authorization: `Bearer ${token}` },
        { Authorization: `Bearer ${token}` },
        { 'x-api-key': token },
        { 'X-API-Key': token, locale: 'de', nested: { a: 1 } },
      ]) {
        const bare = await greeted(address, payload);
        expect(await bare.next()).toMatchObject({ type: 'connection_ack' });
        const results = overSocket(bare, '1', '{ viewer { role } }');
        expect(await results.next()).toEqual({ data: { viewer: { role } } });
        bare.socket.close();
      }
    }
  });

  it('a WebSocket without an API key, or with an invalid one, is closed with 4403', async () => {
    const payloads: readonly unknown[] = [
      undefined,
      null,
      {},
      { authorization: key.token },
      { authorization: `Bearer ${key.token.slice(0, -1)}` },
      { authorization: 'Bearer \u0000\u{1F511}\r\nx: y' },
      { authorization: 5 },
      { authorization: [`Bearer ${key.token}`] },
      { 'x-api-key': 'x'.repeat(10_000) },
      { authorization: `Bearer ${key.token}`, 'x-api-key': ROOT_TOKEN },
      { token: key.token },
    ];
    for (const payload of payloads) {
      const bare = await greeted(address, payload);
      expect([payload, await bare.closed]).toEqual([payload, 4403]);
    }
  });
});
