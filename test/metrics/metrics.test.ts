import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Metrics } from '../../src/metrics/metrics.ts';
import { Remembered } from '../../src/server/remembered.ts';
import type { RequestEntry } from '../../src/server/requestRecord.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { OnTransition, Store } from '../../src/store/store.ts';
import { call, did } from '../support/accounting.ts';
import { createDatabase } from '../support/database.ts';
import { fundedPosition, makeDeal } from '../support/deal.ts';
import { serve } from '../support/server.ts';

/** Returns the samples of the server's own metrics that are not zero. */
async function samplesOf(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const text = await metrics.text();
  const samples = [...text.matchAll(/^(escrowgrid_\w+(?:\{.*\})?) (\S+)$/gm)];
  return new Map(
    samples.map(([, name = '', value]) => [name, Number(value)] as const).filter(([, value]) => value !== 0),
  );
}

type OpenObserved = (onTransition: OnTransition) => Promise<Store>;

const openMemory: OpenObserved = async (onTransition) => createMemoryStore({ onTransition });
const openPostgres: OpenObserved = async (onTransition) => {
  const database = await createDatabase();
  const store = createPostgresStore({ databaseUrl: database.url, onError: () => undefined, onTransition });
  onTestFinished(async () => {
    await store.close();
    await database.drop();
  });
  return store;
};

describe.each([
  ['the memory store', openMemory],
  ['PostgreSQL', openPostgres],
])('the metrics of %s', (_name, open) => {
  it('transitions are counted once they are committed, and money that is held is summed up', async () => {
    const metrics = new Metrics();
    const server = serve(await open(metrics.countTransition), { metrics });
    const deal = await makeDeal(server);
    const { id: positionId } = await fundedPosition(server, deal);
    await did(server, 'releasePosition', { positionId, amount: '10' });
    expect(await call(server, 'releasePosition', { positionId, amount: '1000' })).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    const operations = [{ transition: { positionId, toState: 'RELEASED' } }];
    expect(await did(server, 'applyPositions', { operations, dryRun: true })).toMatchObject({
      results: [{ status: 'APPLIED' }],
    });
    const samples = await samplesOf(metrics);
    const transitions = [...samples].filter(([name]) => name.startsWith('escrowgrid_transitions_total'));
    expect(Object.fromEntries(transitions)).toEqual({
      'escrowgrid_transitions_total{state="CREATED"}': 1,
      'escrowgrid_transitions_total{state="FUNDED"}': 1,
      'escrowgrid_transitions_total{state="PARTIALLY_RELEASED"}': 1,
    });
    expect(samples.get('escrowgrid_held_amount{currency="USD"}')).toBe(90);
  });
});

it('the connections to PostgreSQL are reported, and no rows', async () => {
  const metrics = new Metrics();
  const store = await openPostgres(metrics.countTransition);
  metrics.watch({ store, clock: Date.now, liveSubscriptions: () => 3 });
  await store.read('ALL').institutions.byIds(['inst_00000000000000000000000000']);
  const samples = await samplesOf(metrics);
  const counted = ['in_use', 'idle'].map(
    (state) => samples.get(`escrowgrid_database_connections{state="${state}"}`) ?? 0,
  );
  expect(Math.max(...counted)).toBeGreaterThan(0);
  expect(samples.get('escrowgrid_subscriptions')).toBe(3);
  expect(metrics.names.filter((name) => name.startsWith('escrowgrid_memory'))).toEqual([]);
});

it('the sum of held money is absent if it cannot be computed, and the other metrics are not', async () => {
  const metrics = new Metrics();
  const memory = createMemoryStore();
  const read: Store['read'] = (...scope) =>
    Object.assign(memory.read(...scope), { positionTotals: () => Promise.reject(new Error('away')) });
  metrics.watch({ store: { ...memory, read }, clock: Date.now, liveSubscriptions: () => 1 });
  const samples = await samplesOf(metrics);
  expect([...samples.keys()].filter((name) => name.includes('held'))).toEqual([]);
  expect(samples.get('escrowgrid_subscriptions')).toBe(1);
});

const ENTRY: RequestEntry = {
  transport: 'http',
  requestId: null,
  operation: null,
  type: 'query',
  apiKey: null,
  institution: null,
  durationMs: 1,
  cost: null,
  statements: 0,
  status: 200,
  outcome: 'rejected',
  errors: [],
  address: '',
};

it('the number of error codes in the metrics is bounded', async () => {
  const metrics = new Metrics();
  for (let index = 0; index < 1_000; index += 1) {
    metrics.countRequest('request', { ...ENTRY, errors: [`CODE_${index}`] });
  }
  const samples = await samplesOf(metrics);
  const codes = [...samples].filter(([name]) => name.startsWith('escrowgrid_errors_total'));
  expect(codes).toHaveLength(101);
  expect(samples.get('escrowgrid_errors_total{code="OTHER"}')).toBe(900);
});

it('a subscription is counted at its end, and its duration is not', async () => {
  const metrics = new Metrics();
  const entry: RequestEntry = { ...ENTRY, type: 'subscription', outcome: 'ok' };
  metrics.countRequest('subscription started', entry);
  metrics.countRequest('subscription ended', entry);
  expect(Object.fromEntries(await samplesOf(metrics))).toEqual({
    'escrowgrid_requests_total{type="subscription",outcome="ok"}': 1,
  });
});

it('a remembered value is computed once at a time, and a failure is undefined', async () => {
  let computed = 0;
  const remembered = new Remembered(async () => (computed += 1), 60_000);
  expect(await Promise.all([remembered.get(), remembered.get()])).toEqual([1, 1]);
  expect(await remembered.get()).toBe(1);
  const forgotten = new Remembered(async () => {
    computed += 1;
    throw new Error('away');
  }, -1);
  expect([await forgotten.get(), await forgotten.get(), computed]).toEqual([undefined, undefined, 3]);
});

it('the time of the last read of the change feed stands still while the feed fails', async () => {
  const metrics = new Metrics();
  const store = createMemoryStore();
  let fails = false;
  const assign = vi.spyOn(store.changes, 'assignSequences');
  assign.mockImplementation(async () => {
    if (fails) throw new Error('The feed fails.');
  });
  const server = serve(store, { metrics, settings: { pollIntervalMs: 5 } });
  const readAt = async () => (await samplesOf(metrics)).get('escrowgrid_change_feed_last_read_timestamp_seconds');
  server.app.start();
  onTestFinished(() => server.app.stop());
  server.now += 60_000;
  await vi.waitUntil(async () => (await readAt()) === server.now / 1_000);
  fails = true;
  await vi.waitUntil(() => server.faults.length > 0);
  const stoppedAt = server.now;
  server.now += 60_000;
  const failures = server.faults.length;
  await vi.waitUntil(() => server.faults.length > failures + 1);
  expect(await readAt()).toBe(stoppedAt / 1_000);
});
