import { afterEach, beforeEach, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { MINUTE_MS } from '../../src/domain/time.ts';
import { createJob } from '../../src/jobs/job.ts';
import { StoreFullError } from '../../src/store/errors.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import type { StoreUsage, Writers } from '../../src/store/store.ts';
import { DOCUMENTS, type Reply } from '../support/accounting.ts';
import { chatted, openSession } from '../support/conversation.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { START, serve, type TestServer } from '../support/server.ts';

const maxMb = 3;
const maxBytes = maxMb * 2 ** 20;
let store: MemoryStore;
let server: TestServer;
let deal: Deal;
let warnings: string[];
beforeEach(async () => {
  warnings = [];
  store = createMemoryStore({ maxBytes, onWarning: (message: string, _usage: StoreUsage) => warnings.push(message) });
  server = serve(store);
  deal = await makeDeal(server);
});
afterEach(() => {
  if (server.faults.length > 0)
    throw new Error('The server has reported internal errors.', { cause: server.faults[0] });
});

const amount = { amount: '100.00', currencyCode: 'USD' };
const creation = (over: object = {}) => ({ assetId: deal.assetId, holderReference: 'h', amount, ...over });

async function call(mutation: keyof typeof DOCUMENTS, input: object): Promise<Reply> {
  const { data, errors } = await server.ask<Record<string, Reply>>(DOCUMENTS[mutation], { input });
  if (!data?.[mutation]) throw new Error(JSON.stringify(errors));
  return data[mutation];
}

/** Creates positions until the store rejects one. */
async function fill(): Promise<Reply> {
  const metadata = { text: 'x'.repeat(9_000) };
  for (;;) {
    const reply = await call('createPosition', creation({ metadata }));
    if (reply.code !== undefined) return reply;
  }
}

/** Far more attempts than fit. */
const MAX_REFUSALS = 5_000;

/**
 * Writes audit events until the store rejects them. Each has its own minute, because only some are written per minute.
 */
async function fillReserve(): Promise<void> {
  for (let refused = 0; store.usage.unrecordedAttempts === 0; refused += 1) {
    expect(refused).toBeLessThan(MAX_REFUSALS);
    server.now += MINUTE_MS;
    await call('createPosition', creation());
  }
}

const counts = async (): Promise<readonly (number | undefined)[]> => {
  const { positions, auditEvents, idempotencyRecords } = store.read('ALL');
  const all = [{ where: {} }];
  return [
    (await positions.counts(all))[0],
    (await auditEvents.counts(all))[0],
    (await idempotencyRecords.counts(all))[0],
  ];
};

it('a creation above the limit is a CapacityError that writes an audit event and is not stored under its idempotency key', async () => {
  expect(await fill()).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
  const [positions = 0, events = 0, records = 0] = await counts();
  const refused = await call('createPosition', creation({ idempotencyKey: 'k' }));
  expect(refused).toMatchObject({
    code: 'CAPACITY_EXCEEDED',
    message: `Limit of ${maxMb} MB of data in memory reached.`,
  });
  expect(await counts()).toEqual([positions, events + 1, records]);
});

it.each<[keyof typeof DOCUMENTS, () => object]>([
  ['createInstitution', () => ({ name: 'One more', regions: ['US'] })],
  [
    'createAssetTemplate',
    () => ({
      institutionId: deal.institution.id,
      code: 'CONSTR_ESCROW',
      name: 'n',
      vertical: 'CONSTRUCTION',
      region: 'US',
      config: { currency: 'USD', region: 'US' },
    }),
  ],
  ['createAsset', () => ({ templateId: deal.templateId, label: 'l' })],
  ['createPosition', creation],
  ['setPolicy', () => ({ institutionId: deal.institution.id, region: 'US' })],
])('%s is rejected above the limit', async (mutation, input) => {
  await fill();
  // The remaining memory is used up by smaller objects.
  for (let times = 0; times < 20; times += 1)
    await call(mutation, { ...input(), ...(mutation === 'setPolicy' && { region: 'SG' }) });
  const reply = await call(mutation, input());
  expect(reply).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
});

it.each<[keyof typeof DOCUMENTS, (id: string) => object, (text: string) => object]>([
  ['updateInstitution', () => ({ institutionId: deal.institution.id }), (name) => ({ name })],
  ['updateAsset', () => ({ assetId: deal.assetId }), (label) => ({ label })],
  ['updateAsset', () => ({ assetId: deal.assetId }), (text) => ({ metadata: { text } })],
  ['updatePosition', (positionId) => ({ positionId }), (externalReference) => ({ externalReference })],
  ['updatePosition', (positionId) => ({ positionId }), (text) => ({ metadata: { text } })],
])('%s is rejected above the limit only if it makes the object larger', async (mutation, named, change) => {
  const { id } = await openPosition(server, deal);
  const input = (length: number) => ({ ...named(id), ...change('x'.repeat(length)) });
  expect(await call(mutation, input(100))).toMatchObject({ replayed: false });
  await fill();
  // Uses up the remaining memory.
  for (let times = 0; times < 20; times += 1) await call('createPosition', creation());
  const [positions, events = 0, records] = await counts();
  const keyed = { ...input(200), idempotencyKey: 'larger' };
  expect(await call(mutation, keyed)).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
  expect(await counts()).toEqual([positions, events + 1, records]);
  expect(await call(mutation, input(50))).toMatchObject({ replayed: false });
  expect(await call(mutation, input(50))).toMatchObject({ replayed: false });
  expect(store.usage.usedBytes).toBe(store.recountBytes());
});

it('updateAssetTemplate is rejected above the limit, because every version of the config is kept', async () => {
  await fill();
  for (let times = 0; times < 20; times += 1) await call('createPosition', creation());
  const { templateId } = deal;
  expect(await call('updateAssetTemplate', { templateId, name: 'E' })).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
});

it('moves, expiry and reads work above the limit', async () => {
  const { id: positionId } = await openPosition(server, deal);
  const { id: due } = await fundedPosition(server, deal, '100.00', {
    expiresAt: new Date(START + 1_000).toISOString(),
  });
  await fill();
  expect(await call('fundPosition', { positionId })).toMatchObject({ position: { state: 'FUNDED' } });
  const half = '50.00';
  expect(await call('releasePosition', { positionId, amount: half })).toMatchObject({
    position: { state: 'PARTIALLY_RELEASED' },
  });
  expect(await call('cancelPosition', { positionId })).toMatchObject({ position: { state: 'CANCELLED' } });
  server.now = START + 2_000;
  expect(await server.app.expireDue()).toBe(1);
  const { data } = await server.ask('query ($id: ID!) { position(id: $id) { state } }', { id: due });
  expect(data).toEqual({ position: { state: 'EXPIRED' } });
});

it('failed attempts beyond half of the reserve are rejected equally, counted and logged once, and leave room for moves', async () => {
  const { id: positionId } = await openPosition(server, deal);
  await fill();
  await fillReserve();
  const [positions, events] = await counts();
  const before = store.usage.unrecordedAttempts;
  for (let times = 1; times <= 50; times += 1) {
    expect(await call('createPosition', creation())).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
    expect(store.usage.unrecordedAttempts).toBe(before + times);
  }
  expect((await counts()).slice(0, 2)).toEqual([positions, events]);
  const refused = await call('fundPosition', { positionId: 'pos_00000000000000000000000000' });
  expect(refused).toMatchObject({ code: 'NOT_FOUND' });
  expect(warnings).toEqual([
    'memory store has passed 80 % of its limit',
    'memory store full: audit events of rejected attempts are counted, not written',
  ]);
  expect(await call('fundPosition', { positionId })).toMatchObject({ position: { state: 'FUNDED' } });
});

it('a move at the end of the reserve returns BUSY and does not change the position', async () => {
  const { id: positionId } = await fundedPosition(server, deal, '1000000.00');
  await fill();
  const input = { positionId, amount: '0.01', reason: 'r'.repeat(900) };
  for (let releases = 0; ; releases += 1) {
    const { data, errors } = await server.ask<Record<string, Reply>>(DOCUMENTS.releasePosition, { input });
    if (!errors) continue;
    expect(errors).toMatchObject([{ extensions: { code: 'BUSY' } }]);
    expect(data?.['releasePosition'] ?? null).toBeNull();
    const [position] = await store.read('ALL').positions.byIds([positionId]);
    expect(position).toMatchObject({ released: BigInt(releases), version: releases + 2 });
    break;
  }
  await expect(server.app.cleanUp()).resolves.toBeUndefined();
});

it('a sweep at the end of the reserve fails, and expires due positions once there is memory', async () => {
  const { id: due } = await fundedPosition(server, deal, '100.00', {
    expiresAt: new Date(START + 1_000).toISOString(),
  });
  const { id: chatSessionId } = await openSession(server, deal, { description: 'd'.repeat(9_000) });
  await chatted(server, 'deleteChatSession', { chatSessionId });
  await fill();
  server.now = START + 2_000;
  const [position] = await store.read('ALL').positions.byIds([due]);
  if (!position) throw new Error('There is no such position.');
  await fillWith((tx, version) =>
    tx.positions.replace({ ...position, version, metadata: { text: 'x'.repeat(version * 200) } }),
  );
  await expect(server.app.expireDue()).rejects.toBeInstanceOf(StoreFullError);
  const [session] = await store.read('ALL').chatSessions.byIds([chatSessionId]);
  await store.transact('ALL', async (tx) => {
    if (session) tx.chatSessions.remove(session);
  });
  expect(await server.app.expireDue()).toBe(1);
});

/** Writes a growing version of one row until the store is full. */
async function fillWith(write: (tx: Writers, version: number) => void): Promise<void> {
  for (let version = 3; ; version += 1) {
    try {
      await store.transact('ALL', async (tx) => write(tx, version));
    } catch (error) {
      if (error instanceof StoreFullError) return;
      throw error;
    }
  }
}

it('a full store rejects an atomic batch at its creation, and only the creations of another batch', async () => {
  const { id: positionId } = await openPosition(server, deal);
  await fill();
  await fillExactly();
  const operations = [{ transition: { positionId, toState: 'FUNDED' } }, { create: creation() }];
  const atomic = await call('applyPositions', { operations, atomic: true });
  expect(atomic).toMatchObject({
    committed: false,
    results: [
      { status: 'NOT_DONE' },
      { status: 'REFUSED', error: { code: 'CAPACITY_EXCEEDED', path: ['operations', '1', 'create'] } },
    ],
  });
  const single = await call('applyPositions', { operations, atomic: false });
  expect(single).toMatchObject({
    committed: true,
    results: [{ status: 'APPLIED' }, { status: 'REFUSED', error: { code: 'CAPACITY_EXCEEDED' } }],
  });
});

/** Creates small positions as well, until nothing fits. */
async function fillExactly(): Promise<void> {
  while ((await call('createPosition', creation())).code === undefined);
}

it('a background job that finds the store full reports it once, until it succeeds again', async () => {
  const outcomes = [true, false, false, false, true, false];
  const reported: unknown[] = [];
  let round = 0;
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const rounds = createJob(
    async () => {
      round += 1;
      if (round === outcomes.length) finish();
      if (outcomes[round - 1] === false) throw new StoreFullError('full');
    },
    1,
    (error) => reported.push(error),
  );
  rounds.start();
  await finished;
  await rounds.stop();
  expect(reported).toHaveLength(2);
});

it('MEMORY_MAX_MB is a number of MB up to the heap, and three quarters of it by default', () => {
  expect(readConfig({ MEMORY_MAX_MB: '16' }).store).toMatchObject({ backend: 'memory', maxMb: 16 });
  for (const value of ['15', '1000000', 'x', '-1']) {
    expect(() => readConfig({ MEMORY_MAX_MB: value })).toThrow(/MEMORY_MAX_MB must be a whole number from 16 to/);
  }
});
