import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { verify } from '../../src/verify/verify.ts';
import { COUNTS, FULL, SEED } from '../counts.ts';
import { makeDeal } from '../support/deal.ts';
import { checked } from '../support/random.ts';
import { serve, type TestServer } from '../support/server.ts';
import { openMemory, openPostgres } from '../support/stores.ts';
import { type Call, changedCall } from './calls.ts';
import { Coverage } from './coverage.ts';
import {
  EVENT,
  type EventData,
  eventOf,
  LEDGER,
  POSITION,
  type PositionData,
  positionOf,
  type Stage,
  send,
} from './drive.ts';
import { formatAnswer, formatPosition, formatTerms, formatTotals } from './formatters.ts';
import type { Held } from './model.ts';
import { type Step, step } from './steps.ts';
import { World } from './world.ts';

process.stdout.write(`The random lifecycles of model.test.ts: TEST_SEED=${SEED} replays them.\n`);
const lives = fc.noBias(fc.array(step, { minLength: 1, maxLength: COUNTS.commandsPerRun, size: 'max' }));

// Both stores run the same lifecycles as far as their counts allow, and must agree with the same model.
describe.each<[string, () => Promise<Store>, 'memory' | 'postgres']>([
  ['In memory', openMemory, 'memory'],
  ['On PostgreSQL', () => openPostgres(), 'postgres'],
])('%s', (where, open, kind) => {
  const runs = COUNTS.modelRuns[kind];
  it('the server agrees with the model after every step of random lifecycles', async () => {
    const store = await open();
    const server = serve(store);
    const coverage = new Coverage();
    await checked(
      runs,
      fc.asyncProperty(lives, (steps) => live(server, steps, coverage)),
    );
    process.stdout.write(coverage.report(where, runs));
    expect(await verify(store)).toMatchObject({ difference: null });
    // Few lifecycles reach every state and every kind of user error. Every result of every mutation requires many.
    const missed = runs >= LIVES_FOR_ALL ? coverage.missed : coverage.missedKinds;
    expect(FULL ? missed : []).toEqual([]);
    expect(coverage.operations).toBeGreaterThanOrEqual(COUNTS.modelOperations[kind]);
  });
});

/** Runs one lifecycle on the server and in the model, and compares them after every step. */
async function live(server: TestServer, steps: readonly Step[], coverage: Coverage): Promise<void> {
  const stage = await set(server);
  const world = new World(server.now);
  const said: (Call | Step)[] = [];
  try {
    for (const each of steps) {
      coverage.steps += 1;
      const index = await take(each, { server, stage, world, said, coverage });
      await compare(server, stage, world, index ?? world.positions.length - 1, 3);
    }
    for (const index of world.positions.keys()) await compare(server, stage, world, index, 100);
  } catch (error) {
    const trail = said.map((each) => JSON.stringify(each)).join('\n');
    throw new Error(`${(error as Error).message}\nafter\n${trail}`, { cause: error });
  }
  for (const position of world.positions) coverage.notePosition(position);
}

interface Scene {
  readonly server: TestServer;
  readonly stage: Stage;
  readonly world: World;
  readonly said: (Call | Step)[];
  readonly coverage: Coverage;
}

/** Runs one step. Returns the index of the position that it is about, if there is one. */
async function take(each: Step, { server, stage, world, said, coverage }: Scene): Promise<number | undefined> {
  if (each.do === 'wait') {
    said.push(each);
    world.now += each.ms;
    server.now = world.now;
  } else if (each.do === 'expireDue') {
    said.push(each);
    expect(await server.app.expireDue()).toBe(world.expireDue());
  } else if (each.do === 'cleanUp') {
    said.push(each);
    await server.app.cleanUp();
    world.cleanUp();
  } else {
    const call = callOf(each, said, world);
    if (!call) return undefined;
    said.push(call);
    for (const index of unread(call, stage, world)) await compare(server, stage, world, index, 1);
    const expected = world.answer(call);
    expect(await send(server, stage, call)).toEqual(formatAnswer(expected, world));
    coverage.noteAnswer(call.mutation, expected);
    return 'position' in call.input && call.input.position in world.positions ? call.input.position : undefined;
  }
  return undefined;
}

/** Returns the positions whose milestones the call names by ids that no result has had yet. */
function unread({ mutation, input }: Call, { milestoneIds }: Stage, { positions }: World): readonly number[] {
  const operations = mutation === 'applyPositions' ? input.operations : [];
  const moves = operations.flatMap((each) => (each.kind === 'create' ? [] : [each.move]));
  return [...moves, input].flatMap((each) => {
    const milestone = 'milestone' in each ? each.milestone : undefined;
    if (typeof milestone !== 'object') return [];
    const { position, termsVersion } = milestone;
    const isCurrent = positions[position]?.terms?.version === termsVersion;
    return isCurrent && !milestoneIds.has(`${position} ${termsVersion}`) ? [position] : [];
  });
}

/** Returns a new call, or an earlier one with its idempotency key, perhaps by another caller and with another input. */
function callOf(each: Step & { do: 'call' | 'again' }, said: readonly (Call | Step)[], world: World): Call | undefined {
  if (each.do === 'call') return { ...each.call(world), who: each.who, key: each.key };
  const keyed = said.flatMap((one) => ('mutation' in one && one.key !== undefined ? [one] : []));
  const call = keyed[each.which % keyed.length];
  return call && { ...(each.changed ? changedCall(call) : call), who: each.who };
}

const SUMS =
  'count amount { amount } funded { amount } held { amount } retained { amount } released { amount } refunded { amount } fees { amount }';
const READ = `query ($id: ID!, $institutionId: ID!, $last: Int!) {
  position(id: $id) { ${POSITION} events(last: $last) { totalCount nodes { ${EVENT} ${LEDGER} } } }
  positionTotals(filter: { institutionId: $institutionId }) { currencyCode ${SUMS} byState { state ${SUMS} } }
}`;

interface Read {
  readonly position:
    | (PositionData & { readonly events: { readonly totalCount: number; readonly nodes: readonly EventData[] } })
    | null;
  readonly positionTotals: readonly object[];
}

/** Compares what can be read with the model: a position with its last events, and the totals of all positions. */
async function compare(server: TestServer, stage: Stage, world: World, index: number, last: number): Promise<void> {
  server.viewer = { role: 'ROOT' };
  const { institutionId, positionIds } = stage;
  const { data, errors } = await server.ask<Read>(READ, { id: positionIds[index] ?? 'none', institutionId, last });
  if (errors) throw new Error(JSON.stringify(errors), { cause: server.faults.at(-1) });
  expect(data?.positionTotals).toEqual(formatTotals(world.positions));
  const held: Held | undefined = world.positions[index];
  if (!held || !data?.position) {
    expect({ position: data?.position, held }).toEqual({ position: null, held: undefined });
    return;
  }
  const { events, ...position } = data.position;
  const expected = { ...formatPosition(held, index, world.now), terms: formatTerms(held) };
  expect(positionOf(position, stage, 'kept')).toEqual(expected);
  expect(events.nodes.map(eventOf)).toEqual(held.events.slice(-last));
  expect(events.totalCount).toBe(held.events.length);
}

/**
 * Creates an institution with an asset of each kind, on a server where no position of earlier lifecycles is still due.
 */
async function set(server: TestServer): Promise<Stage> {
  server.viewer = { role: 'ROOT' };
  server.now += 400 * 86_400_000;
  await server.app.expireDue();
  const escrow = { config: { currency: 'USD', region: 'US', minAmount: '10', maxAmount: '500' } };
  const { institution, assetId } = await makeDeal(server, escrow);
  const invoices = await makeDeal(server, {
    institutionId: institution.id,
    code: 'TF_INVOICE',
    vertical: 'TRADE_FINANCE',
    region: 'SG',
    config: { currency: 'JPY', maxTenorDays: 10, country: 'SG' },
  });
  const contracts = await makeDeal(server, {
    institutionId: institution.id,
    code: 'CONSTR_RETAINAGE',
    config: { currency: 'USD', retainagePercentage: '10.50' },
  });
  return {
    institutionId: institution.id,
    otherId: invoices.institution.id,
    assetIds: [assetId, invoices.assetId, contracts.assetId],
    positionIds: [],
    milestoneIds: new Map(),
  };
}

/** The number of lifecycles from which on every mutation must have returned each of its results. */
const LIVES_FOR_ALL = 1_000;
