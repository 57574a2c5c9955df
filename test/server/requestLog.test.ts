import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AppOptions } from '../../src/app.ts';
import type { RequestEntry, RequestEvent } from '../../src/server/requestRecord.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { Store } from '../../src/store/store.ts';
import { callKey, ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { greeted, listeningWithKeys, overSocket, overSse } from '../support/keyedLive.ts';
import { openPostgres } from '../support/stores.ts';

/** A server that listens, and the entries of its requests. */
async function recorded(store: Store = createMemoryStore(), options: Partial<AppOptions> = {}) {
  const entries: (RequestEntry & { readonly event: RequestEvent })[] = [];
  const onRequest: AppOptions['onRequest'] = (event, entry) => entries.push({ event, ...entry });
  const server = serveKeys(store, { onRequest, ...options });
  const ends: (() => Promise<void>)[] = [];
  const address = await listeningWithKeys(server, (end) => ends.push(end));
  onTestFinished(async () => {
    for (const end of ends) await end();
  });
  const post = async (query: string, variables: object = {}, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ROOT_TOKEN}`, ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return { id: response.headers.get('x-request-id'), text: await response.text() };
  };
  return { server, address, entries, post };
}

const INSTITUTION = `mutation($name: String!) { createInstitution(input: { name: $name, regions: [US] }) {
  ... on CreateInstitutionPayload { institution { id } } ... on UserError { code } } }`;
const institutionIn = (text: string): string => /inst_[0-9a-z]{26}/.exec(text)?.[0] ?? expect.fail(text);
const CHANGES = (of: string): string =>
  `subscription Watch { positionChanged(institutionId: "${of}") { kind position { id } } }`;

describe.each([
  ['the direct lane', true],
  ['Yoga', false],
])('a request through %s', (_lane, fastPaths) => {
  it('each request is logged once, with the id of its response, whether it is compiled or not', async () => {
    const { entries, post } = await recorded(undefined, { fastPaths });
    const ids: unknown[] = [];
    for (let times = 0; times < 6; times += 1) ids.push((await post('query Who { viewer { role } }')).id);
    expect(entries.map(({ requestId }) => requestId)).toEqual(ids);
    for (const entry of entries) {
      expect(entry).toMatchObject({
        event: 'request',
        transport: 'http',
        operation: 'Who',
        type: 'query',
        apiKey: 'ROOT',
        institution: null,
        cost: entries[0]?.cost,
        status: 200,
        outcome: 'ok',
        errors: [],
        address: '127.0.0.1',
      });
    }
  });

  it('an internal error is logged with the id of its request, whether the query is compiled or not', async () => {
    const store = createMemoryStore();
    let isBroken = false;
    const faults: (string | undefined)[] = [];
    const fail = (): never => {
      throw new Error('broken');
    };
    const read: Store['read'] = (...options) =>
      isBroken ? ({ institutions: { pages: fail } } as never) : store.read(...options);
    const onInternalError: AppOptions['onInternalError'] = (_errorId, _error, requestId) => faults.push(requestId);
    const { entries, post } = await recorded({ ...store, read }, { fastPaths, onInternalError });
    const query = '{ institutions { nodes { id } } }';
    const ids: unknown[] = [];
    isBroken = true;
    ids.push((await post(query)).id);
    isBroken = false;
    for (let times = 0; times < 4; times += 1) await post(query);
    isBroken = true;
    ids.push((await post(query)).id);
    expect(faults).toEqual(ids);
    const failed = entries.filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ requestId, errors }) => [requestId, errors])).toEqual(
      ids.map((id) => [id, ['INTERNAL_SERVER_ERROR']]),
    );
  });

  it('an API key is logged by its id, with its institution and the code of its user error', async () => {
    const { server, entries, post } = await recorded(undefined, { fastPaths });
    const institutionId = institutionIn((await post(INSTITUTION, { name: 'Harbor Bank' })).text);
    const { apiKey, token = '' } = await callKey(server, 'createApiKey', { institutionId, label: 'x', role: 'ADMIN' });
    await post(INSTITUTION, { name: 'Other' }, { authorization: `Bearer ${token}` });
    expect(entries.at(-1)).toMatchObject({
      type: 'mutation',
      apiKey: apiKey?.id,
      institution: institutionId,
      outcome: 'user_error',
      errors: ['FORBIDDEN'],
    });
    expect(JSON.stringify(entries)).not.toContain(token.slice(16));
  });

  it('a subscription over server-sent events is logged at its start and at its end', async () => {
    const { address, entries, post, server } = await recorded(undefined, { fastPaths });
    const of = institutionIn((await post(INSTITUTION, { name: 'Harbor Bank' })).text);
    entries.length = 0;
    const stream = await overSse(address, ROOT_TOKEN, CHANGES(of));
    await stream.next();
    expect(entries.map(({ event }) => event)).toEqual(['subscription started']);
    await server.app.stop();
    while ((await stream.next()) !== undefined);
    await expect.poll(() => entries.map(({ event }) => event)).toEqual(['subscription started', 'subscription ended']);
    const [started, ended] = entries;
    expect(ended).toMatchObject({
      requestId: started?.requestId,
      operation: 'Watch',
      type: 'subscription',
      outcome: 'failed',
      errors: ['SERVICE_UNAVAILABLE'],
    });
  });
});

it('a subscription that is rejected is one line', async () => {
  const { address, entries } = await recorded();
  const stream = await overSse(address, ROOT_TOKEN, CHANGES('inst_none'));
  while ((await stream.next()) !== undefined);
  await expect.poll(() => entries).toMatchObject([{ event: 'request', type: 'subscription', outcome: 'rejected' }]);
});

it('what is rejected before GraphQL is logged with its status, and probes are not', async () => {
  const { address, entries } = await recorded();
  const { origin, host } = new URL(address);
  for (const path of ['/ready', '/none']) await (await fetch(origin + path)).text();
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', origin: 'https://elsewhere.example' };
  const statusOf = (path: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const rejected = request(`http://${host}${path}`, { headers: upgrade }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      rejected.on('error', reject).end();
    });
  expect([await statusOf('/graphql'), await statusOf('/none')]).toEqual([403, 404]);
  const rejected = { event: 'request', outcome: 'rejected', type: null, apiKey: null, address: '127.0.0.1' };
  expect(entries).toMatchObject([
    { ...rejected, status: 404, errors: ['NOT_FOUND'] },
    { ...rejected, status: 403, errors: [] },
    { ...rejected, status: 404, errors: [] },
  ]);
});

describe('an operation over WebSocket', () => {
  const ROOT = { authorization: `Bearer ${ROOT_TOKEN}` };

  it('queries are logged once, and subscriptions at their start and end', async () => {
    const { address, entries, post } = await recorded();
    const of = institutionIn((await post(INSTITUTION, { name: 'Harbor Bank' })).text);
    entries.length = 0;
    const socket = await greeted(address, ROOT);
    await socket.next();
    const query = overSocket(socket, '1', 'query Who { viewer { role } }');
    while ((await query.next()) !== undefined);
    const wrong = overSocket(socket, '2', '{ nothing }');
    await wrong.next();
    const followed = overSocket(socket, '3', CHANGES(of));
    await followed.next();
    socket.send({ id: '3', type: 'complete' });
    await expect.poll(() => entries).toHaveLength(4);
    expect(entries).toMatchObject([
      { event: 'request', operation: 'Who', type: 'query', outcome: 'ok', apiKey: 'ROOT' },
      { event: 'request', type: null, outcome: 'rejected', errors: ['GRAPHQL_VALIDATION_FAILED'], apiKey: 'ROOT' },
      { event: 'subscription started', operation: 'Watch', type: 'subscription', outcome: 'ok' },
      { event: 'subscription ended', operation: 'Watch', type: 'subscription', outcome: 'ok' },
    ]);
    for (const each of entries)
      expect(each).toMatchObject({ transport: 'websocket', status: null, address: '127.0.0.1' });
    expect(entries.every(({ requestId }, index) => index === 1 || requestId !== null)).toBe(true);
  });
});

it('the statements of a request are counted with PostgreSQL', async () => {
  const { entries, post } = await recorded(await openPostgres());
  await post(INSTITUTION, { name: 'Harbor Bank' });
  for (let times = 0; times < 5; times += 1) await post('{ institutions { nodes { id } } }');
  await post('{ viewer { role } }');
  expect(entries.map(({ statements }) => statements)).toEqual([expect.any(Number), 1, 1, 1, 1, 1, 0]);
  expect(entries[0]?.statements).toBeGreaterThan(0);
});

it('a request whose client leaves is logged as aborted', async () => {
  const { address, entries } = await recorded();
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  const head = `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ROOT_TOKEN}\r\nContent-Type: application/json`;
  socket.write(`${head}\r\nContent-Length: 100\r\n\r\n{"query":`, () => socket.destroy());
  await expect.poll(() => entries).toMatchObject([{ outcome: 'aborted', apiKey: 'ROOT', operation: null }]);
});

it("a client's request id is used only if the request is admitted", async () => {
  const { entries, post } = await recorded();
  const named = { 'x-request-id': 'order-7' };
  expect((await post('{ viewer { role } }', {}, named)).id).toBe('order-7');
  const refused = await post('{ viewer { role } }', {}, { ...named, authorization: 'Bearer strange' });
  expect(refused.id).toMatch(/^[\da-f-]{36}$/);
  expect(entries.map(({ requestId }) => requestId)).toEqual(['order-7', refused.id]);
});
