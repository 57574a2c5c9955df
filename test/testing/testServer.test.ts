import { expect, it } from 'vitest';
import { startTestServer, type TestServer, TestServerError } from '../../src/testing/index.ts';
import { ask, headersWith, POSITION, started } from './ask.ts';

const VIEWER_AUDIT = '{ auditEvents(first: 50) { nodes { id action requestId createdAt payload } } }';

it('serves the same data by fetch in the process and by HTTP, to root, admin and read-only keys', async () => {
  const server = await started();
  const { id } = await server.seed.position({ state: 'FUNDED' });
  const expected = { data: { position: { state: 'FUNDED', held: { amount: '100.00' } } } };
  for (const key of Object.values(server.keys)) {
    expect(await ask(server, POSITION, { id }, { key })).toMatchObject(expected);
    expect(await ask(server, POSITION, { id }, { key, fetch: globalThis.fetch })).toMatchObject(expected);
  }
  const create = 'mutation { createInstitution(input: { name: "Other", regions: [SG] }) { __typename } }';
  const outcomes = await Promise.all(Object.values(server.keys).map((key) => ask(server, create, {}, { key })));
  expect(outcomes.map(({ data }) => data)).toEqual([
    { createInstitution: { __typename: 'CreateInstitutionPayload' } },
    { createInstitution: { __typename: 'ForbiddenError' } },
    { createInstitution: { __typename: 'ForbiddenError' } },
  ]);
});

it('accepts relative URLs in fetch, and rejects those of other servers', async () => {
  const server = await started();
  expect(
    (await server.fetch('/graphql?query={__typename}', { headers: { 'x-api-key': server.keys.admin } })).status,
  ).toBe(200);
  await expect(server.fetch('http://127.0.0.1:1/graphql')).rejects.toThrow(TestServerError);
});

it('answers pages of the same machine, and no others', async () => {
  const server = await started();
  const from = async (origin: string): Promise<number> => {
    const headers = { ...headersWith(server.keys.admin), origin };
    const body = '{"query":"{ __typename }"}';
    return (await globalThis.fetch(server.url, { method: 'POST', headers, body })).status;
  };
  expect([await from('http://localhost:5173'), await from('https://example.com')]).toEqual([200, 403]);
});

it('ends a request of fetch when it is aborted, and its subscription', async () => {
  const server = await started({ settings: { subscriptionsPerKey: 1 } });
  const headers = { ...headersWith(server.keys.admin), accept: 'text/event-stream' };
  const body = JSON.stringify({ query: 'subscription { positionChanged { kind } }' });
  const open = async (signal: AbortSignal): Promise<string> => {
    const response = await server.fetch('/graphql', { method: 'POST', headers, body, signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: next')) text += (await reader?.read())?.value ?? 'event: next, and the end';
    return text;
  };
  const aborting = new AbortController();
  expect(await open(aborting.signal)).toContain('CAUGHT_UP');
  expect(await open(aborting.signal)).toContain('RATE_LIMITED');
  aborting.abort();
  const other = new AbortController();
  await expect.poll(() => open(other.signal)).toContain('CAUGHT_UP');
  other.abort();
  await expect(server.fetch('/graphql', { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
});

it('returns byte-equal answers on servers with the same seed, and other ids with another seed', async () => {
  const run = async (server: TestServer): Promise<string> => {
    const { id } = await server.seed.position({ state: 'PARTIALLY_RELEASED', amount: '3.00' });
    const created = await ask(
      server,
      'mutation { createInstitution(input: { name: "B", regions: [SG] }) { __typename ... on CreateInstitutionPayload { institution { id createdAt } } } }',
    );
    await server.clock.advance({ hours: 1 });
    const { text } = await ask(server, POSITION, { id });
    const audit = await ask(server, VIEWER_AUDIT);
    return [JSON.stringify(server.keys), id, created.text, text, audit.text, JSON.stringify(server.events())].join(
      '\n',
    );
  };
  const first = await run(await started({ seed: 7 }));
  expect(first).toContain('test-request-1');
  expect(first).not.toContain('"errors"');
  expect(await run(await started({ seed: '7' }))).toBe(first);
  const other = await started({ seed: 8 });
  const again = await run(other);
  expect(again.split('\n').map((line, index) => line === first.split('\n')[index])).toEqual(Array(6).fill(false));
  await other.reset();
  expect(await run(other)).toBe(again);
});

it('keeps two servers in one process independent', async () => {
  const one = await started({ seed: 'one' });
  const two = await started({ seed: 'two', now: '2030-01-01T00:00:00Z' });
  const { id } = await one.seed.position({ expiresAt: '2026-02-01T00:00:00Z' });
  one.failNext({ code: 'BUSY' });
  expect((await ask(two, POSITION, { id })).data).toEqual({ position: null });
  expect((await ask(one, POSITION, { id })).errors?.[0]?.extensions.code).toBe('BUSY');
  await two.clock.advance({ days: 400 });
  expect(one.clock.now().toISOString()).toBe('2026-01-01T00:00:00.000Z');
  expect((await ask(one, POSITION, { id })).data).toMatchObject({ position: { state: 'CREATED' } });
  expect(two.events()).toEqual([]);
  const foreign = await ask(two, POSITION, { id }, { key: one.keys.admin });
  expect([foreign.status, foreign.errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  await expect(two.fetch(one.url)).rejects.toThrow(`sends requests to ${two.url} only`);
});

it('starts with the demo data, and its keys belong to the first institution of it', async () => {
  const server = await started({ demo: true });
  const names = '{ institutions(orderBy: { field: CREATED_AT, direction: ASC }, first: 5) { nodes { id name } } }';
  const all = await ask(server, names);
  const own = await ask(server, names, {}, { key: server.keys.readOnly });
  const nodes = (answer: typeof all) =>
    (answer.data?.['institutions'] as { readonly nodes: readonly { id: string }[] } | undefined)?.nodes ?? [];
  expect(nodes(all).length).toBeGreaterThan(1);
  expect(nodes(own)).toEqual([nodes(all)[0]]);
  expect(nodes(own)[0]?.id).toBe(server.institutionId);
  expect(server.events()).toEqual([]);
});

it('reports a closed server in every function, and closes only once', async () => {
  const server = await started();
  const snapshot = await server.snapshot();
  await Promise.all([server.close(), server.close()]);
  await server.close();
  const calls: readonly (() => unknown)[] = [
    () => server.fetch(server.url),
    () => server.clock.advance(1),
    () => server.clock.advanceTo('2027-01-01T00:00:00Z'),
    () => server.seed.position(),
    () => server.seed.institution(),
    () => server.reset(),
    () => server.snapshot(),
    () => server.restore(snapshot),
    () => server.failNext({ code: 'BUSY' }),
    () => server.slowNext({ ms: 1 }),
  ];
  for (const call of calls) await expect((async () => call())()).rejects.toThrow('The test server is closed.');
  await expect(globalThis.fetch(server.url)).rejects.toThrow('fetch failed');
});

it('rejects invalid options with the reason', async () => {
  const start = (options: object): Promise<unknown> => startTestServer(options);
  await expect(start({ now: 'yesterday' })).rejects.toThrow('`now` must be a time such as');
  await expect(start({ now: Number.NaN })).rejects.toThrow('`now` must be a time such as');
  await expect(start({ now: new Date('invalid') })).rejects.toThrow('`now` must be a time such as');
  await expect(start({ now: '1950-01-01T00:00:00Z' })).rejects.toThrow('must not be before 1970');
  await expect(start({ store: 'postgres' })).rejects.toThrow('`store` must be "memory" or an opened store');
});

it('prints the times of its functions', async () => {
  const times = new Map<string, number[]>();
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const from = performance.now();
    const result = await work();
    times.set(name, [...(times.get(name) ?? []), performance.now() - from]);
    return result;
  };
  for (let index = 0; index < 20; index += 1) {
    const server = await timed('startTestServer', () => startTestServer());
    await timed('seed.position', () => server.seed.position({ state: 'FUNDED' }));
    const snapshot = await timed('snapshot', () => server.snapshot());
    await timed('restore', () => server.restore(snapshot));
    await timed('reset', () => server.reset());
    await timed('advance', () => server.clock.advance({ days: 40 }));
    await timed('close', () => server.close());
  }
  const median = (values: readonly number[]): string => (values.toSorted((a, b) => a - b)[10] ?? 0).toFixed(2);
  process.stdout.write(`${[...times].map(([name, values]) => `${name}: ${median(values)} ms`).join(', ')}\n`);
  expect(times.size).toBe(7);
});
