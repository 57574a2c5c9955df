import { describe, expect, it } from 'vitest';
import type { AppOptions } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type KeyServer, newInstitution, newKey, ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { bareSocket, greeted, overSocket } from '../support/keyedLive.ts';
import { type Answered, atAddress, overHttp, rated } from '../support/limited.ts';
import { openMemory, openPostgresTwice } from '../support/stores.ts';

const MINUTE_MS = 60_000;
const WRONG = `eg_${'0'.repeat(12)}_${'0'.repeat(84)}`;
const CREATE = `mutation($of: ID!) { a: createApiKey(input: { institutionId: $of, label: "x", role: ADMIN }) { __typename } }`;
const SEARCH = '{ chatSessions(first: 1, filter: { search: "pier" }) { nodes { id } } }';

interface Limited {
  readonly server: KeyServer;
  readonly address: string;
  readonly of: string;
  /** Two API keys of one institution. */
  readonly tokens: readonly [string, string];
}

/** Starts a server with limits, after a server without limits has created two API keys in its store. */
async function limited(options: Partial<AppOptions>): Promise<Limited> {
  const store = await openMemory();
  const free = serveKeys(store);
  const of = await newInstitution(free);
  const tokens = [(await newKey(free, of)).token, (await newKey(free, of)).token] as const;
  const server = serveKeys(store, options);
  return { server, address: await atAddress(server.app), of, tokens };
}

const mustBeLimited = ({ status, headers, code }: Answered, seconds = 60): void =>
  expect([status, code, headers.get('retry-after')]).toEqual([429, 'RATE_LIMITED', String(seconds)]);
const statuses = async (count: number, ask: () => Promise<Answered>): Promise<readonly number[]> => {
  const seen: number[] = [];
  for (let times = 0; times < count; times += 1) seen.push((await ask()).status);
  return seen;
};

describe('limits per minute', () => {
  it('an API key beyond its limit gets 429 with Retry-After, without affecting other API keys and the next minute', async () => {
    const { server, address, tokens } = await limited(rated({ key: 3 }));
    expect(await statuses(3, () => overHttp(address, tokens[0]))).toEqual([200, 200, 200]);
    server.now += 20_000;
    mustBeLimited(await overHttp(address, tokens[0]), 40);
    expect((await overHttp(address, tokens[1])).status).toBe(200);
    server.now += 40_000;
    expect((await overHttp(address, tokens[0])).status).toBe(200);
  });

  it('the rate limit applies to the root key', async () => {
    const { address } = await limited(rated({ key: 2 }));
    expect(await statuses(3, () => overHttp(address, ROOT_TOKEN))).toEqual([200, 200, 429]);
  });

  it('an operation counts as one more request for each full 1,000 of its cost', async () => {
    const { address: free } = await limited({});
    const query = 'query($n: Int) { institutions(first: $n) { nodes { apiKeys(first: 10) { nodes { id } } } } }';
    const costOf = async (n: number) =>
      (await overHttp(free, ROOT_TOKEN, query, { 'x-graphql-cost': '1' }, { n })).body.extensions?.cost ?? 0;
    const cost = await costOf(100);
    expect(cost).toBeGreaterThan(1_000);
    const more = Math.floor(cost / 1_000);
    const ask = (address: string, n = 100) => overHttp(address, ROOT_TOKEN, query, {}, { n });
    const { address: enough } = await limited(rated({ key: 1 + more }));
    expect(await statuses(1, () => ask(enough))).toEqual([200]);
    mustBeLimited(await overHttp(enough, ROOT_TOKEN));
    const { address: short } = await limited(rated({ key: more }));
    mustBeLimited(await ask(short));
    // A cost below 1,000 adds nothing.
    const { address: cheap } = await limited(rated({ key: 2 }));
    expect(await costOf(10)).toBeLessThan(1_000);
    expect(await statuses(3, () => ask(cheap, 10))).toEqual([200, 200, 429]);
  });

  it('failed requests are counted per address, and do not block API keys on it', async () => {
    const { address, tokens } = await limited(rated({ address: 3 }));
    expect(await statuses(2, () => overHttp(address, null))).toEqual([401, 401]);
    expect(await statuses(5, () => overHttp(address, tokens[0]))).toEqual([200, 200, 200, 200, 200]);
    expect((await overHttp(address, WRONG)).status).toBe(401);
    mustBeLimited(await overHttp(address, null));
    mustBeLimited(await overHttp(address, WRONG));
    for (const token of [tokens[0], tokens[1], ROOT_TOKEN]) expect((await overHttp(address, token)).status).toBe(200);
  });

  it('failed logins are limited; requests without a credential do not count, and a valid API key is still accepted', async () => {
    const { address, tokens } = await limited(rated({ failedLogin: 2 }));
    expect(await statuses(5, () => overHttp(address, null))).toEqual([401, 401, 401, 401, 401]);
    expect(await statuses(2, () => overHttp(address, WRONG))).toEqual([401, 401]);
    mustBeLimited(await overHttp(address, WRONG));
    mustBeLimited(await overHttp(address, null, undefined, { authorization: 'Basic x' }));
    expect((await overHttp(address, tokens[0])).status).toBe(200);
    expect((await overHttp(address, null)).status).toBe(401);
  });

  it('searches of an API key are limited, and each field counts', async () => {
    const { address, tokens } = await limited(rated({ search: 3 }));
    const two = `{ a: chatSessions(first: 1, filter: { search: "x" }) { nodes { id } } b: chatSessions(first: 1, filter: { search: "y" }) { nodes { id } } }`;
    expect((await overHttp(address, tokens[0], two)).status).toBe(200);
    mustBeLimited(await overHttp(address, tokens[0], two));
    mustBeLimited(await overHttp(address, tokens[0], SEARCH));
    expect((await overHttp(address, tokens[0], '{ chatSessions(first: 1) { nodes { id } } }')).status).toBe(200);
    expect((await overHttp(address, tokens[1], SEARCH)).status).toBe(200);
  });

  it('createApiKey is limited per API key, and a rejected call creates none', async () => {
    const { server, address, of } = await limited(rated({ createApiKey: 2 }));
    const ask = () => overHttp(address, ROOT_TOKEN, CREATE, {}, { of });
    expect(await statuses(2, ask)).toEqual([200, 200]);
    mustBeLimited(await ask());
    const { data } = await server.ask<{ institution: { apiKeys: { totalCount: number } } }>(
      'query($of: ID!) { institution(id: $of) { apiKeys { totalCount } } }',
      { of },
    );
    expect(data?.institution.apiKeys.totalCount).toBe(2 + 2);
  });
});

describe('the client address behind proxies', () => {
  const from = (address: string, forwarded: string) =>
    overHttp(address, null, undefined, { 'x-forwarded-for': forwarded });
  /** Sends two requests with different headers: [401, 429] if they count as one address. */
  const pair = async (trustedProxies: number, one: string, other: string): Promise<readonly number[]> => {
    const http = { ...readConfig({}).settings.http, trustedProxies };
    const { address } = await limited(rated({ address: 1 }, { http }));
    return [(await from(address, one)).status, (await from(address, other)).status];
  };
  const [SAME, APART] = [
    [401, 429],
    [401, 401],
  ];

  it.each([
    [0, '203.0.113.1', '203.0.113.2', SAME],
    [1, '203.0.113.1', '203.0.113.2', APART],
    [1, '203.0.113.1, 198.51.100.7', '203.0.113.2, 198.51.100.7', SAME],
    [2, '203.0.113.1, 198.51.100.7', '203.0.113.2, 198.51.100.7', APART],
    [2, '6.6.6.6, 203.0.113.1, 198.51.100.7', '7.7.7.7, 203.0.113.1, 198.51.100.7', SAME],
    [2, 'nonsense, 198.51.100.7', 'other nonsense, 198.51.100.7', SAME],
    [1, '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', SAME],
    [1, '2001:db8:1:2::1', '2001:db8:1:3::1', APART],
  ])(
    'with %d trusted proxies, the addresses %s and %s are counted correctly',
    async (trusted, one, other, expected) => {
      expect(await pair(trusted, one, other)).toEqual(expected);
    },
  );
});

describe('rate limits of other transports', () => {
  it('connection_init and each operation over a WebSocket count, and the limit at connection_init closes it with 4429', async () => {
    const { address, tokens } = await limited(rated({ key: 3 }));
    const payload = { authorization: `Bearer ${tokens[0]}` };
    const bare = await greeted(address, payload);
    expect(await bare.next()).toMatchObject({ type: 'connection_ack' });
    for (const id of ['1', '2']) {
      expect(await overSocket(bare, id, '{ __typename }').next()).toEqual({ data: { __typename: 'Query' } });
    }
    const refused = await overSocket(bare, '3', '{ __typename }').next();
    expect(refused).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
    expect(await (await greeted(address, payload)).closed).toBe(4429);
    // Failed logins count over WebSocket as well.
    const { address: other } = await limited(rated({ failedLogin: 1 }));
    const hello = async () => (await greeted(other, { 'x-api-key': WRONG })).closed;
    expect([await hello(), await hello()]).toEqual([4403, 4429]);
    expect((await bareSocket(other)).socket.readyState).toBe(1);
  });

  it('a limited subscription over server-sent events gets 429 before the stream begins', async () => {
    const { server, address, tokens } = await limited(rated({ key: 1 }));
    const follow = () =>
      overHttp(address, tokens[0], 'subscription { chatSessionChanged { kind } }', { accept: 'text/event-stream' });
    expect((await overHttp(address, tokens[0])).status).toBe(200);
    const refused = await follow();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect(server.app.liveSubscriptions()).toBe(0);
  });

  it('two servers on one database share counts from their next flush on', async () => {
    const stores = await openPostgresTwice();
    const servers = stores.map((store) => serveKeys(store, rated({ key: 5 })));
    const [one, other] = await Promise.all(servers.map(({ app }) => atAddress(app)));
    const settle = async (): Promise<void> => {
      for (const { app } of [...servers, ...servers]) await app.flushCounters();
    };
    const ask = (address: string | undefined, count: number) =>
      statuses(count, () => overHttp(address ?? '', ROOT_TOKEN));
    expect([await ask(one, 2), await ask(other, 2)]).toEqual([
      [200, 200],
      [200, 200],
    ]);
    await settle();
    // A server with counts to send learns the counts of others.
    expect(await ask(one, 1)).toEqual([200]);
    await settle();
    expect(await ask(one, 1)).toEqual([429]);
    expect(await ask(other, 1)).toEqual([200]);
    await settle();
    expect(await ask(other, 1)).toEqual([429]);
  });
});

describe('rate limits in the audit log', () => {
  it('rejected requests are recorded after the minute, in the audit log of their institution', async () => {
    const { server, address, tokens, of } = await limited(rated({ key: 2 }));
    await statuses(5, () => overHttp(address, tokens[0]));
    await statuses(3, () => overHttp(address, WRONG));
    const trail = async () => {
      const query = `{ auditEvents(first: 5, filter: { actions: ["RATE_LIMITED", "ACCESS_REFUSED"] }) {
        nodes { action outcome errorCode institution { id } actor { kind } payload } } }`;
      server.now += MINUTE_MS;
      return (await server.ask<{ auditEvents: { nodes: unknown[] } }>(query)).data?.auditEvents.nodes;
    };
    await server.app.flushCounters();
    expect(await trail()).toEqual([]);
    await server.app.flushCounters();
    const outcome = 'FAILURE';
    const events = await trail();
    expect(events).toHaveLength(2);
    expect(events).toContainEqual({
      action: 'RATE_LIMITED',
      outcome,
      errorCode: 'RATE_LIMITED',
      institution: { id: of },
      actor: { kind: 'API_KEY' },
      payload: { address: '127.0.0.1', occurrences: 3 },
    });
    expect(events).toContainEqual({
      action: 'ACCESS_REFUSED',
      outcome,
      errorCode: 'UNAUTHENTICATED',
      institution: null,
      actor: { kind: 'ANONYMOUS' },
      payload: { address: '127.0.0.1', occurrences: 3 },
    });
  });
});

it('there are no limits in development by default, and the documented ones in production', () => {
  const none = {
    key: null,
    institution: null,
    address: null,
    failedLogin: null,
    search: null,
    createApiKey: null,
    subscriptionCost: null,
  };
  expect(readConfig({}).settings.rates).toEqual(none);
  const production = readConfig({ NODE_ENV: 'production', ROOT_API_KEY: ROOT_TOKEN });
  const named = {
    key: 1_200,
    institution: 3_000,
    address: 6_000,
    failedLogin: 10,
    search: 300,
    createApiKey: 30,
    subscriptionCost: 60_000,
  };
  expect(production.settings.rates).toEqual(named);
});
