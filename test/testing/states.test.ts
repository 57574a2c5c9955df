import { createClient } from 'graphql-ws';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { DEFAULTS } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { TestServer } from '../../src/testing/index.ts';
import { openEvents, resultOf } from '../support/eventSource.ts';
import { openPostgres } from '../support/stores.ts';
import { ask, FUND, headersWith, POSITION, started } from './ask.ts';

const FOLLOW = `subscription ($institutionId: ID, $after: String) {
  positionChanged(institutionId: $institutionId, after: $after) { kind cursor position { id state } }
}`;
const TOTALS = '{ positionTotals(filter: {}) { currencyCode count amount { amount } } }';

/** Returns everything that clients can read about the server's state in one text. */
async function stateOf(server: TestServer): Promise<string> {
  const lists = `{
    institutions { nodes { id name apiKeys { nodes { id prefix lastUsedAt } } } }
    positions(first: 50) { totalCount nodes { id state version events { nodes { id } } ledgerEvents { nodes { id } } } }
    auditEvents(first: 50) { nodes { id action requestId createdAt } }
    chatSessions(filter: { search: "crane" }) { nodes { id title messages { nodes { id body } } } }
  }`;
  const [all, totals] = [await ask(server, lists), await ask(server, TOTALS)];
  expect(all.errors).toBeUndefined();
  return `${server.clock.now().toISOString()} ${all.text} ${totals.text} ${JSON.stringify(server.events())}`;
}

it('restores data, time, ids and events from a snapshot any number of times', async () => {
  const server = await started();
  const { id } = await server.seed.position({ state: 'FUNDED', expiresAt: '2026-01-10T00:00:00Z' });
  await server.seed.chatSession({ positionId: id, messages: ['The crane is late.'] });
  await server.clock.advance({ days: 1 });
  const snapshot = await server.snapshot();
  const before = await stateOf(server);
  const change = async (): Promise<readonly unknown[]> => {
    await server.clock.advance({ days: 40 });
    const made = await server.seed.position({ amount: '7.00' });
    return [made, await stateOf(server)];
  };
  const changed = await change();
  expect(changed[1]).not.toBe(before);
  for (let round = 0; round < 2; round += 1) {
    await server.restore(snapshot);
    expect(await stateOf(server)).toBe(before);
    expect(await change()).toEqual(changed);
  }
  expect(snapshot.now.toISOString()).toBe('2026-01-02T00:00:00.000Z');
});

it('returns to the state of the start with reset, also with demo data', async () => {
  const server = await started({ demo: true });
  const before = await stateOf(server);
  await server.seed.position({ state: 'RELEASED' });
  await server.clock.advance({ days: 400 });
  expect(await stateOf(server)).not.toBe(before);
  await server.reset();
  expect(await stateOf(server)).toBe(before);
  expect((await ask(server, TOTALS, {}, { key: server.keys.admin })).errors).toBeUndefined();
});

it('accepts an idempotency key again after a reset, because its record is gone', async () => {
  const server = await started();
  const fund = async () => {
    const { id } = await server.seed.position();
    return (await ask(server, FUND, { input: { positionId: id, idempotencyKey: 'once' } })).data;
  };
  const funded = { fundPosition: { replayed: false, position: { state: 'FUNDED' } } };
  expect(await fund()).toEqual(funded);
  await server.reset();
  expect(await fund()).toEqual(funded);
});

it('ends open subscriptions with CURSOR_EXPIRED on reset and restore, and rejects earlier cursors', async () => {
  const server = await started();
  const { institutionId } = server;
  const headers = headersWith(server.keys.admin);
  const client = createClient({
    url: server.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: headers,
    retryAttempts: 0,
  });
  const snapshot = await server.snapshot();
  for (const go of [() => server.reset(), () => server.restore(snapshot)]) {
    const stream = await openEvents(server.url, { query: FOLLOW, headers });
    const { data } = resultOf(await stream.next());
    const socket = client.iterate({ query: FOLLOW });
    expect((await socket.next()).value?.data).toMatchObject({ positionChanged: { kind: 'CAUGHT_UP' } });
    await go();
    const codes = [resultOf(await stream.next()), (await socket.next()).value as ReturnType<typeof resultOf>];
    expect(codes.map((result) => result.errors?.[0]?.extensions?.code)).toEqual(['CURSOR_EXPIRED', 'CURSOR_EXPIRED']);
    expect((await stream.next())?.type).toBe('complete');
    expect((await socket.next()).done).toBe(true);
    const variables = { institutionId, after: data?.['positionChanged']?.cursor };
    const resumed = await openEvents(server.url, { query: FOLLOW, variables, headers });
    expect(resultOf(await resumed.next()).errors?.[0]?.extensions?.code).toBe('CURSOR_EXPIRED');
    const next = await openEvents(server.url, { query: FOLLOW, headers });
    await next.next();
    const { id } = await server.seed.position();
    expect(resultOf(await next.next()).data).toMatchObject({ positionChanged: { position: { id } } });
    for (const each of [stream, resumed, next]) each.close();
  }
  await client.dispose();
});

it('changes the whole state one call after another', async () => {
  const server = await started();
  await server.seed.position({ expiresAt: '2026-01-10T00:00:00Z' });
  const [advanced, snapshot] = await Promise.all([
    server.clock.advance({ days: 40 }),
    server.snapshot(),
    server.reset(),
    server.clock.advance({ days: 1 }),
  ]);
  expect(snapshot.now).toEqual(advanced);
  expect(server.clock.now().toISOString()).toBe('2026-01-02T00:00:00.000Z');
  expect((await ask(server, TOTALS)).data).toEqual({ positionTotals: [] });
});

it('rejects a snapshot of another server', async () => {
  const [one, two] = [await started(), await started()];
  await expect(two.restore(await one.snapshot())).rejects.toThrow('This is not a snapshot of this server.');
  await expect(two.restore({ now: new Date() })).rejects.toThrow('This is not a snapshot of this server.');
});

it('refuses to replace the rows of a store that it did not open, and leaves it open', async () => {
  const store = createMemoryStore();
  const server = await started({ store });
  const { id } = await server.seed.position();
  const message = 'needs the memory store that the test server opens itself. Leave `store` out, or set it to "memory".';
  await expect(server.reset()).rejects.toThrow(`reset() ${message}`);
  await expect(server.snapshot()).rejects.toThrow(`snapshot() ${message}`);
  await server.close();
  const [position] = await store.read('ALL').positions.byIds([id]);
  expect(position?.state).toBe('CREATED');
  await expect(started({ store })).rejects.toThrow('The store already has objects of this `seed`.');
  expect((await ask(await started({ store, seed: 2 }), POSITION, { id })).data).toMatchObject({ position: { id } });
});

it('runs on PostgreSQL, with its clock, seeds and events', async () => {
  const server = await started({ store: await openPostgres() });
  const { id } = await server.seed.position({ state: 'FUNDED', expiresAt: '2026-01-10T00:00:00Z' });
  await server.clock.advance({ days: 40 });
  expect((await ask(server, POSITION, { id })).data).toMatchObject({
    position: { state: 'EXPIRED', updatedAt: '2026-01-10T00:00:00.000Z' },
  });
  expect(server.events().at(-1)).toMatchObject({ type: 'auditEvent', action: 'POSITION_EXPIRED', actorKind: 'SYSTEM' });
  await expect(server.reset()).rejects.toThrow('reset() needs the memory store');
  expect(server.internalErrors()).toEqual([]);
});

it('forgets with reset what it has counted in the current minute', async () => {
  const rates = { ...DEFAULTS.rates, key: 100 };
  const server = await started({ settings: { rates } });
  const key = server.keys.admin;
  const failed = async (): Promise<number> => {
    await ask(server, FUND, { input: { positionId: 'pos_none' } }, { key });
    return server.events().filter((event) => event.type === 'auditEvent' && event.outcome === 'FAILURE').length;
  };
  await ask(server, TOTALS, {}, { key: 'unknown' });
  for (let attempt = 1; attempt <= 60; attempt += 1) expect(await failed()).toBe(attempt);
  expect(await failed()).toBe(60);
  for (let request = 62; request <= 100; request += 1)
    expect((await ask(server, TOTALS, {}, { key })).status).toBe(200);
  expect((await ask(server, TOTALS, {}, { key })).status).toBe(429);
  await server.reset();
  expect(await failed()).toBe(1);
  await server.clock.advance({ minutes: 2 });
  expect(server.events().filter(({ type }) => type === 'auditEvent')).toHaveLength(1);
});
