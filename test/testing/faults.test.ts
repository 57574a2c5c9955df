import { createClient } from 'graphql-ws';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Failure, TestServer } from '../../src/testing/index.ts';
import { openEvents, resultOf } from '../support/eventSource.ts';
import { ask, FUND, headersWith, POSITION, started } from './ask.ts';

/** Ways to send one operation. */
const TRANSPORTS = {
  'fetch in the process': (server: TestServer) => ({ fetch: server.fetch }),
  HTTP: () => ({ fetch: globalThis.fetch }),
};

/** The statuses with which the server sends the errors of a query. */
const STATUS = {
  SERVICE_UNAVAILABLE: 503,
  BUSY: 200,
  TIMEOUT: 200,
  INTERNAL_SERVER_ERROR: 200,
  UNAUTHENTICATED: 401,
  RATE_LIMITED: 429,
} as const;

for (const [name, transport] of Object.entries(TRANSPORTS)) {
  it(`fails the next operation with each kind of error over ${name}, and only that one`, async () => {
    const server = await started();
    const { id } = await server.seed.position();
    const options = transport(server);
    for (const code of Object.keys(STATUS) as (keyof typeof STATUS)[]) {
      server.failNext({ code });
      const answer = await ask(server, POSITION, { id }, options);
      expect(answer.errors?.[0]?.extensions.code).toBe(code);
      expect([code, answer.status]).toEqual([code, STATUS[code]]);
      expect((await ask(server, POSITION, { id }, options)).data).toMatchObject({ position: { id } });
    }
    expect(server.internalErrors()).toHaveLength(1);
    for (const code of ['NOT_FOUND', 'STALE_VERSION', 'ILLEGAL_TRANSITION', 'POLICY_VIOLATION'] as const) {
      server.failNext({ field: 'fundPosition', code });
      const { data } = await ask(server, FUND, { input: { positionId: id } }, options);
      expect(data).toMatchObject({ fundPosition: { code } });
    }
    expect((await ask(server, POSITION, { id }, options)).data).toMatchObject({ position: { state: 'CREATED' } });
  });

  it(`loses the answer of a committed mutation over ${name}, and a retry replays it`, async () => {
    const server = await started();
    const { id } = await server.seed.position();
    const options = transport(server);
    const fund = () => ask(server, FUND, { input: { positionId: id, idempotencyKey: 'fund 1' } }, options);
    server.failNext({ field: 'fundPosition', code: 'CONNECTION_LOST', when: 'after' });
    await expect(fund()).rejects.toThrow('fetch failed');
    expect((await ask(server, POSITION, { id })).data).toMatchObject({ position: { state: 'FUNDED' } });
    server.failNext({ operation: 'Fund', code: 'SERVICE_UNAVAILABLE', when: 'after' });
    expect((await fund()).errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE');
    expect((await fund()).data).toEqual({ fundPosition: { replayed: true, position: { state: 'FUNDED' } } });
  });

  it(`loses a mutation before it is executed over ${name}`, async () => {
    const server = await started();
    const { id } = await server.seed.position();
    server.failNext({ field: 'fundPosition', code: 'CONNECTION_LOST' });
    const variables = { input: { positionId: id } };
    await expect(ask(server, FUND, variables, transport(server))).rejects.toThrow('fetch failed');
    expect((await ask(server, POSITION, { id })).data).toMatchObject({ position: { state: 'CREATED' } });
  });
}

const code = ({ errors }: { readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[] }) =>
  errors?.map(({ extensions }) => extensions?.code);

it('selects operations by name, by field and by number', async () => {
  const server = await started();
  const { id } = await server.seed.position();
  const both = 'query Both($id: ID!) { a: position(id: $id) { id } b: position(id: $id) { id } lifecycle { state } }';
  server.failNext({ operation: 'Both', code: 'BUSY', times: 2 });
  expect(code(await ask(server, POSITION, { id }))).toBeUndefined();
  expect(code(await ask(server, both, { id }))).toContain('BUSY');
  expect(code(await ask(server, both, { id }))).toContain('BUSY');
  expect(code(await ask(server, both, { id }))).toBeUndefined();
  server.failNext({ operation: 'Both', field: 'position', code: 'BUSY' });
  expect(code(await ask(server, POSITION, { id }))).toBeUndefined();
  const { data, errors } = await ask(server, both, { id });
  expect(data).toMatchObject({ a: null, b: { id } });
  expect(errors).toHaveLength(1);
  server.failNext({ code: 'BUSY' });
  await server.reset();
  expect(code(await ask(server, POSITION, { id }))).toBeUndefined();
});

it('delays operations before and after they are executed', async () => {
  const server = await started();
  const { id } = await server.seed.position();
  const order: string[] = [];
  const note = async (name: string, work: Promise<unknown>): Promise<void> => {
    await work;
    order.push(name);
  };
  server.slowNext({ field: 'fundPosition', ms: 300, when: 'after' });
  const funding = note('fund', ask(server, FUND, { input: { positionId: id } }));
  await expect
    .poll(async () => (await ask(server, POSITION, { id })).data)
    .toMatchObject({ position: { state: 'FUNDED' } });
  order.push('seen');
  await funding;
  server.slowNext({ field: 'position', ms: 300 });
  await Promise.all([note('slow', ask(server, POSITION, { id })), note('fast', ask(server, POSITION, { id }))]);
  expect(order).toEqual(['seen', 'fund', 'fast', 'slow']);
});

const FOLLOW = 'subscription { positionChanged { kind cursor } }';

it('fails the start of a subscription, and drops open ones with all connections', async () => {
  const server = await started();
  const headers = headersWith(server.keys.admin);
  server.failNext({ field: 'positionChanged', code: 'RATE_LIMITED' });
  const failed = await openEvents(server.url, { query: FOLLOW, headers });
  expect(code(resultOf(await failed.next()))).toEqual(['RATE_LIMITED']);
  const open = await openEvents(server.url, { query: FOLLOW, headers });
  expect(resultOf(await open.next()).data).toMatchObject({ positionChanged: { kind: 'CAUGHT_UP' } });
  const client = createClient({
    url: server.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: headers,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
  });
  const socket = client.iterate({ query: FOLLOW });
  await socket.next();
  const body = JSON.stringify({ query: FOLLOW });
  const inProcess = await server.fetch('/graphql', {
    method: 'POST',
    headers: { ...headers, accept: 'text/event-stream' },
    body,
  });
  const reader = inProcess.body?.getReader();
  await reader?.read();
  server.dropConnections();
  expect(await open.next()).toBeUndefined();
  await expect(socket.next()).rejects.toMatchObject({ code: 1006 });
  await expect(
    (async () => {
      for (;;) if ((await reader?.read())?.done) return;
    })(),
  ).rejects.toThrow('terminated');
  const { id } = await server.seed.position();
  expect((await ask(server, POSITION, { id }, { fetch: globalThis.fetch })).data).toMatchObject({ position: { id } });
  for (const each of [failed, open]) each.close();
});

it('rejects failures and delays that cannot happen', async () => {
  const server = await started();
  const impossible: readonly (readonly [object, string])[] = [
    [{ code: 'TEAPOT' }, '`code` must be one of SERVICE_UNAVAILABLE'],
    [
      { field: 'fundPositon', code: 'BUSY' },
      '`field` must be a field of Query, Mutation or Subscription; it is fundPositon.',
    ],
    [{ field: 'position', code: 'CONFLICT' }, 'Only mutations return CONFLICT'],
    [{ field: 'fundPosition', code: 'CONFLICT', when: 'after' }, 'nothing was executed, so `when` must be "before"'],
    [{ code: 'BUSY', when: 'later' }, '`when` must be "before" or "after"'],
    [{ code: 'BUSY', times: 0 }, '`times` must be a positive integer; it is 0.'],
    [{ field: 'positionChanged', code: 'BUSY', when: 'after' }, 'fails only "before" its start'],
  ];
  for (const [failure, message] of impossible) expect(() => server.failNext(failure as Failure)).toThrow(message);
  for (const ms of [-1, Number.NaN, 1e9]) expect(() => server.slowNext({ ms })).toThrow('`ms` must be a number from 0');
  expect(() => server.slowNext({ ms: 1, field: 'none' })).toThrow('`field` must be a field');
  server.failNext({ operation: 'Fund', code: 'INSUFFICIENT_FUNDS' });
  const { id } = await server.seed.position();
  expect((await ask(server, FUND, { input: { positionId: id } })).errors?.[0]?.extensions.code).toBe(
    'INTERNAL_SERVER_ERROR',
  );
  expect(String(server.internalErrors()[0])).toContain('FundPositionResult has no InsufficientFundsError.');
});
