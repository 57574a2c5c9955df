import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { type Answered, answered, atAddress, overHttp } from '../support/limited.ts';

const APP = 'https://app.example.com';
const ORIGINS = [APP, 'http://localhost:*'];
const ALLOWED = [APP, 'http://localhost:5173', 'http://localhost'];
const FOREIGN = [
  'https://evil.example.com',
  'http://app.example.com',
  'https://app.example.com:444',
  'https://app.example.com.evil.com',
  'https://evil-app.example.com',
  'http://localhost.evil.com',
  'null',
  'file://',
  'chrome-extension://abc',
  'not an origin',
];
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const plain = serveKeys(createMemoryStore(), { origins: ORIGINS });
const strict = serveKeys(createMemoryStore(), { strictTransport: true, graphiql: { tabs: [], keys: [] } });
let address: string;
let strictAddress: string;
beforeAll(async () => {
  [address, strictAddress] = await Promise.all([atAddress(plain.app), atAddress(strict.app)]);
});

const preflight = async (origin: string): Promise<Answered> =>
  answered(
    await fetch(address, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    }),
  );
const mustNotTrustCookies = ({ headers }: Answered): void => {
  expect(headers.get('access-control-allow-credentials')).toBeNull();
  expect(headers.get('set-cookie')).toBeNull();
  expect(headers.get('vary')?.toLowerCase()).toContain('origin');
};

describe('requests from pages of other origins', () => {
  it.each(ALLOWED)('a page of the origin %s may send requests, and its preflight succeeds', async (origin) => {
    const before = await preflight(origin);
    expect(before.status).toBe(204);
    expect(before.headers.get('access-control-allow-origin')).toBe(origin);
    expect(before.headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(before.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
    const response = await overHttp(address, ROOT_TOKEN, undefined, { origin });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect(response.headers.get('access-control-expose-headers')).toContain('retry-after');
    for (const each of [before, response]) mustNotTrustCookies(each);
  });

  it('a page may send any header that its preflight names, and read Retry-After', async () => {
    const requested = 'traceparent,baggage,sentry-trace,apollographql-client-name,x-api-key,last-event-id';
    const before = await fetch(address, {
      method: 'OPTIONS',
      headers: { origin: APP, 'access-control-request-method': 'POST', 'access-control-request-headers': requested },
    });
    expect(before.headers.get('access-control-allow-headers')).toBe(requested);
    expect(before.headers.get('vary')).toBe('origin, access-control-request-headers');
    const response = await overHttp(address, ROOT_TOKEN, undefined, { origin: APP });
    expect(response.headers.get('access-control-expose-headers')).toBe('retry-after, x-request-id, escrowgrid-lsn');
  });

  it('a page of an allowed origin can read error responses', async () => {
    const refused = await overHttp(address, 'nonsense', undefined, { origin: APP });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, APP]);
  });

  it.each(FOREIGN)('a page of the origin %s is rejected, with any credential', async (origin) => {
    const before = await preflight(origin);
    const response = await overHttp(address, ROOT_TOKEN, undefined, { origin });
    for (const each of [before, response]) {
      expect([each.status, each.code, each.headers.get('access-control-allow-origin')]).toEqual([
        403,
        'FORBIDDEN',
        null,
      ]);
      mustNotTrustCookies(each);
    }
  });

  it('pages of the own origin and clients without an origin may send requests', async () => {
    const own = new URL(address).origin;
    expect((await overHttp(address, ROOT_TOKEN, undefined, { origin: own })).status).toBe(200);
    const none = await overHttp(address, ROOT_TOKEN);
    expect([none.status, none.headers.get('access-control-allow-origin')]).toEqual([200, null]);
    mustNotTrustCookies(none);
  });

  it('pages of other origins cannot open a WebSocket', async () => {
    const opened = async (origin?: string): Promise<unknown> => {
      const socket = new WebSocket(address.replace(/^http/, 'ws'), 'graphql-transport-ws', {
        ...(origin && { origin }),
      });
      onTestFinished(() => socket.terminate());
      const refused = once(socket, 'error').then(([error]) => (error as Error).message);
      return Promise.race([once(socket, 'open').then(() => 'open'), refused]);
    };
    for (const origin of FOREIGN) expect(await opened(origin)).toBe('Unexpected server response: 403');
    for (const origin of [...ALLOWED, new URL(address).origin, undefined]) expect(await opened(origin)).toBe('open');
  });
});

describe('the security headers', () => {
  const seen = async (at: string): Promise<readonly Response[]> =>
    Promise.all([
      fetch(at, {
        method: 'POST',
        headers: { authorization: `Bearer ${ROOT_TOKEN}`, 'content-type': 'application/json' },
        body: '{"query": "{ __typename }"}',
      }),
      fetch(at, { method: 'POST' }),
      fetch(at, { method: 'PUT', headers: { 'x-api-key': ROOT_TOKEN } }),
      fetch(at, { headers: { 'x-api-key': ROOT_TOKEN } }),
      fetch(new URL('/else', at)),
      fetch(new URL('/graphql/', at), { headers: { accept: 'text/html' } }),
    ]);
  const headersOf = ({ headers }: Response) =>
    Object.fromEntries(Object.keys(HEADERS).map((name) => [name, headers.get(name)]));

  it('data, errors and 404 responses have the security headers', async () => {
    const responses = await seen(address);
    expect(responses.map(({ status }) => status)).toEqual([200, 401, 405, 200, 404, 404]);
    for (const response of responses) {
      expect(headersOf(response)).toEqual(HEADERS);
      expect(response.headers.get('strict-transport-security')).toBeNull();
    }
  });

  it('HSTS is sent when strictTransport is on', async () => {
    const page = await fetch(strictAddress, { headers: { accept: 'text/html' } });
    for (const response of [...(await seen(strictAddress)), page]) {
      expect(response.headers.get('strict-transport-security')).toBe('max-age=31536000');
    }
  });

  it('the page of GraphiQL may run only its own scripts and connect only to this server', async () => {
    const page = await fetch(strictAddress, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
    const { 'content-security-policy': policy, 'cache-control': cache, ...others } = headersOf(page);
    const { 'content-security-policy': _policy, 'cache-control': _cache, ...expected } = HEADERS;
    expect(others).toEqual(expected);
    expect(cache).toBe('no-cache');
    expect(policy).toMatch(/default-src 'none'.*connect-src 'self'.*frame-ancestors 'none'/);
    expect(await page.text()).not.toContain(ROOT_TOKEN);
  });

  it('no page is served when GraphiQL is off', async () => {
    const page = await fetch(address, { headers: { accept: 'text/html' } });
    expect([page.status, await page.text()]).toEqual([404, expect.stringContaining('The GraphQL API is at /graphql.')]);
    const headers = { accept: 'text/html,*/*;q=0.8', 'x-api-key': ROOT_TOKEN };
    const data = await fetch(`${address}?query={__typename}`, { headers });
    expect([data.status, await data.json()]).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  it('HEAD returns the same as GET without the body', async () => {
    const head = async (path: string) =>
      fetch(new URL(path, strictAddress), { method: 'HEAD', redirect: 'manual', headers: { accept: 'text/html' } });
    expect((await head('/')).status).toBe(302);
    const page = await head('/graphql');
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([
      200,
      'text/html; charset=utf-8',
      '',
    ]);
  });

  it('the root path redirects to GraphiQL, and names the path of the API when GraphiQL is off', async () => {
    const root = async (at: string) => fetch(new URL('/', at), { redirect: 'manual' });
    const redirected = await root(strictAddress);
    expect([redirected.status, redirected.headers.get('location')]).toEqual([302, '/graphql']);
    const missing = await root(address);
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining('/graphql')]);
    expect((await fetch(new URL('/', strictAddress), { method: 'POST' })).status).toBe(404);
  });

  it.each([
    [undefined, null],
    ['identity', null],
    ['gzip;q=0, br', null],
    ['gzip', 'gzip'],
    ['br;q=1.0, gzip;q=0.8', 'gzip'],
    ['*', 'gzip'],
  ])('the page is sent in an encoding that the browser accepts: %s', async (accepted, encoding) => {
    const page = request(strictAddress, {
      headers: { accept: 'text/html', ...(accepted !== undefined && { 'accept-encoding': accepted }) },
    }).end();
    const [response] = (await once(page, 'response')) as [IncomingMessage];
    expect(response.headers['content-encoding'] ?? null).toBe(encoding);
    let bytes = 0;
    for await (const part of response) bytes += (part as Buffer).byteLength;
    expect(bytes).toBe(Number(response.headers['content-length']));
  });
});
