import { expect } from 'vitest';
import type { Deal } from '../support/deal.ts';
import type { TestServer } from '../support/server.ts';
import { answered } from './fixtures.ts';

/** A move sent by a client, or the sweep that finds the position expired. */
export type ConcurrentCall = 'sweep' | { readonly move: string; readonly amount?: string; readonly all?: true };

export interface Race {
  readonly name: string;
  readonly from: 'CREATED' | 'FUNDED';
  readonly calls: readonly [ConcurrentCall, ConcurrentCall];
  /** The outcome of each order: the results of both calls, then state, held, released and refunded. */
  readonly orders: readonly (readonly string[])[];
}

/** The time until the expiry. If the sweep takes part, the clock of the second server is ahead by as much. */
const HOUR_MS = 3_600_000;

/** Runs the race on the given number of positions concurrently, with one side per server, and returns each outcome. */
export async function run(
  servers: readonly [TestServer, TestServer],
  deal: Deal,
  race: Race,
  count: number,
  turn: number,
): Promise<{ readonly outcomes: readonly (readonly string[])[]; readonly reads: number }> {
  const [first, second] = servers;
  const ids = await openPositions(first, deal, race.from, count);
  let underWay = true;
  const reading = readWhile(first, ids, () => underWay);
  const sweeps = race.calls.includes('sweep');
  if (sweeps) second.now += HOUR_MS;
  const send = async (call: ConcurrentCall, server: TestServer, id: string): Promise<string> =>
    call === 'sweep' ? '' : (await answered(server, documentOf(call.move), { input: inputOf(call, id) })).typeOrCode;
  // Two concurrent sweeps during the moves. Each due position is expired by one of them.
  const sweep = async (): Promise<number> => {
    await ticks(2 * (turn % count));
    const [one, other] = await Promise.all([second.app.expireDue(), second.app.expireDue()]);
    return one + other;
  };
  const sweeping = sweeps ? sweep() : 0;
  const answers = await Promise.all(
    ids.map(async (id, index) => {
      const [a, b] = race.calls;
      // The two sides take turns at being first, by a varying lead.
      const ahead = (turn + index) % 2 === 0;
      await ticks(sweeps ? index : 0);
      const move = (which: ConcurrentCall, server: TestServer): Promise<string> =>
        send(which, sweeps ? first : server, id);
      const early = ahead ? move(a, first) : move(b, second);
      await ticks(sweeps ? 0 : index % 3);
      const late = ahead ? move(b, second) : move(a, first);
      const [one, other] = await Promise.all([early, late]);
      return ahead ? [one, other] : [other, one];
    }),
  );
  const swept = await sweeping;
  underWay = false;
  const reads = await reading;
  if (sweeps) second.now -= HOUR_MS;
  const positions = await readAll(first, ids);
  const outcomes = positions.map((position, index) => {
    const { state, held, released, refunded, version, events } = position;
    const results = (answers[index] as string[]).map((each) => (each === '' ? swept0(state) : each));
    const commits =
      1 +
      (race.from === 'FUNDED' ? 1 : 0) +
      results.filter((each) => each === 'swept' || each.endsWith('Payload')).length;
    expect({ version, events: events.nodes.length }).toEqual({ version: commits, events: commits });
    return [...results, state, held.amount, released.amount, refunded.amount];
  });
  if (sweeps) expect(swept).toBe(positions.filter(({ state }) => state === 'EXPIRED').length);
  return { outcomes, reads };
}

async function ticks(times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) await new Promise(setImmediate);
}

const swept0 = (state: string): string => (state === 'EXPIRED' ? 'swept' : 'not due');

const documentOf = (move: string): string =>
  `mutation ($input: ${move[0]?.toUpperCase()}${move.slice(1)}Input!) { ${move}(input: $input) { __typename } }`;
const inputOf = ({ move: _mutation, ...input }: Exclude<ConcurrentCall, string>, positionId: string): object => ({
  positionId,
  ...input,
});

const APPLY = `mutation ($input: ApplyPositionsInput!) {
  applyPositions(input: $input) { __typename ... on ApplyPositionsPayload { committed results { position { id } } } }
}`;

async function openPositions(server: TestServer, deal: Deal, from: Race['from'], count: number): Promise<string[]> {
  const create = {
    assetId: deal.assetId,
    holderReference: 'holder',
    amount: { amount: '100.00', currencyCode: 'USD' },
    expiresAt: new Date(server.now + HOUR_MS).toISOString(),
  };
  const apply = async (operations: readonly object[]): Promise<string[]> => {
    const { result } = await answered(server, APPLY, { input: { operations } });
    const { committed, results } = result as unknown as {
      readonly committed: boolean;
      readonly results: readonly { readonly position: { readonly id: string } }[];
    };
    expect(committed).toBe(true);
    return results.map(({ position }) => position.id);
  };
  const ids = await apply(Array.from({ length: count }, () => ({ create })));
  if (from === 'FUNDED') await apply(ids.map((positionId) => ({ transition: { positionId, toState: 'FUNDED' } })));
  return ids;
}

interface Amount {
  readonly amount: string;
}
interface Read {
  readonly state: string;
  readonly version: number;
  readonly amount: Amount;
  readonly held: Amount;
  readonly released: Amount;
  readonly refunded: Amount;
  readonly events: {
    readonly nodes: readonly { readonly sequence: number; readonly toState: string; readonly moved: Amount | null }[];
  };
}

const READ = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Position {
  state version amount { amount } held { amount } released { amount } refunded { amount }
  events(first: 20) { nodes { sequence toState moved { amount } } }
} } }`;

async function readAll(server: TestServer, ids: readonly string[]): Promise<readonly Read[]> {
  const { data } = await server.ask<{ readonly nodes: readonly Read[] }>(READ, { ids });
  const nodes = data?.nodes ?? [];
  expect(nodes).toHaveLength(ids.length);
  for (const node of nodes) mustBalance(node);
  return nodes;
}

/** Reads repeatedly during the race. Money must be conserved at every read. */
async function readWhile(server: TestServer, ids: readonly string[], underWay: () => boolean): Promise<number> {
  let reads = 0;
  for (; underWay(); reads += ids.length) {
    await readAll(server, ids);
    await new Promise(setImmediate);
  }
  return reads;
}

const cents = ({ amount }: Amount): bigint => BigInt(amount.replace('.', ''));

/** The funded amount is held, released or refunded; the events are gapless and never move more than was funded. */
function mustBalance({ state, amount, held, released, refunded, events }: Read): void {
  const parts = [held, released, refunded].map(cents);
  const funded = parts.reduce((sum, each) => sum + each, 0n);
  const isFunded = events.nodes.some(({ toState }) => toState === 'FUNDED');
  expect(parts.every((part) => part >= 0n)).toBe(true);
  if (funded !== 0n) expect(funded).toBe(cents(amount));
  if (state !== 'CREATED' && state !== 'CANCELLED' && state !== 'EXPIRED') expect(funded).toBe(cents(amount));
  expect(events.nodes.map(({ sequence }) => sequence)).toEqual(events.nodes.map((_event, index) => index + 1));
  let left = 0n;
  for (const { toState, moved } of events.nodes) {
    const sum = moved ? cents(moved) : 0n;
    left += toState === 'FUNDED' ? sum : -sum;
    expect(left >= 0n).toBe(true);
  }
  if (isFunded) expect(left <= cents(amount)).toBe(true);
}
