import { expect } from 'vitest';
import type { Deal } from '../support/deal.ts';
import type { TestServer } from '../support/server.ts';
import { answered } from './fixtures.ts';

/** A move sent by a client, or the sweep that finds the position expired. */
export type ConcurrentCall =
  | 'sweep'
  | {
      readonly move: string;
      readonly amount?: string;
      readonly all?: true;
      /** The sequence of the milestone. */
      readonly milestone?: number;
      /** Only for amendPosition and agreeToPosition. */
      readonly terms?: object;
      readonly partyReference?: string;
      readonly termsVersion?: number;
    };

export interface Race {
  readonly name: string;
  readonly from: 'CREATED' | 'FUNDED';
  readonly terms?: object;
  readonly calls: readonly [ConcurrentCall, ConcurrentCall];
  /**
   * The outcome of each order: the results of both calls, then state, held, released and refunded; with terms also
   * retained, fees, the version of the terms and how many parties have agreed.
   */
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
  const ids = await openPositions(first, deal, race, count);
  const milestones = await milestonesOf(first, ids);
  let underWay = true;
  const reading = readWhile(first, ids, () => underWay);
  const sweeps = race.calls.includes('sweep');
  if (sweeps) second.now += HOUR_MS;
  const send = async (call: ConcurrentCall, server: TestServer, id: string): Promise<string> =>
    call === 'sweep'
      ? ''
      : (await answered(server, documentOf(call.move), { input: inputOf(call, id, milestones) })).typeOrCode;
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
  for (const position of positions) mustAgree(position);
  const outcomes = positions.map((position, index) => {
    const { state, held, released, refunded, retained, fees, terms, version, events } = position;
    const results = (answers[index] as string[]).map((each) => (each === '' ? swept0(state) : each));
    const commits =
      1 +
      (race.from === 'FUNDED' ? 1 : 0) +
      results.filter((each) => each === 'swept' || each.endsWith('Payload')).length;
    expect({ version, events: events.nodes.length }).toEqual({ version: commits, events: commits });
    const agreed = terms?.parties.filter(({ agreedAt }) => agreedAt !== null).length;
    const withTerms = terms ? [retained.amount, fees.amount, `terms ${terms.version}`, `${agreed} agreed`] : [];
    return [...results, state, held.amount, released.amount, refunded.amount, ...withTerms];
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
function inputOf(
  { move: _mutation, milestone, ...input }: Exclude<ConcurrentCall, string>,
  positionId: string,
  milestones: ReadonlyMap<string, readonly string[]>,
): object {
  return { positionId, milestoneId: milestone && milestones.get(positionId)?.[milestone - 1], ...input };
}

const MILESTONES = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Position {
  id terms { milestones(first: 5) { nodes { id } } }
} } }`;

/** Reads the ids of the milestones of each position. */
async function milestonesOf(
  server: TestServer,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { data } = await server.ask<{
    readonly nodes: readonly {
      readonly id: string;
      readonly terms: { readonly milestones: { readonly nodes: readonly { readonly id: string }[] } } | null;
    }[];
  }>(MILESTONES, { ids });
  return new Map(data?.nodes.map(({ id, terms }) => [id, terms?.milestones.nodes.map((each) => each.id) ?? []]));
}

const APPLY = `mutation ($input: ApplyPositionsInput!) {
  applyPositions(input: $input) { __typename ... on ApplyPositionsPayload { committed results { position { id } } } }
}`;

async function openPositions(server: TestServer, deal: Deal, { from, terms }: Race, count: number): Promise<string[]> {
  const create = {
    assetId: deal.assetId,
    holderReference: 'holder',
    amount: { amount: '100.00', currencyCode: 'USD' },
    expiresAt: new Date(server.now + HOUR_MS).toISOString(),
    terms,
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
  readonly funded: Amount;
  readonly held: Amount;
  readonly available: Amount;
  readonly retained: Amount;
  readonly released: Amount;
  readonly refunded: Amount;
  readonly fees: Amount;
  readonly terms: {
    readonly version: number;
    readonly parties: readonly { readonly agreedAt: string | null }[];
    readonly milestones: { readonly nodes: readonly { readonly earned: Amount; readonly refunded: Amount }[] };
  } | null;
  readonly events: {
    readonly nodes: readonly {
      readonly sequence: number;
      readonly move: string;
      readonly moved: Amount | null;
      readonly fee: Amount | null;
      readonly retained: Amount | null;
    }[];
  };
}

const READ = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Position {
  state version amount { amount } funded { amount } held { amount } available { amount } retained { amount }
  released { amount } refunded { amount } fees { amount }
  terms { version parties { agreedAt } milestones(first: 5) { nodes { earned { amount } refunded { amount } } } }
  events(first: 20) { nodes { sequence move moved { amount } fee { amount } retained { amount } } }
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

const cents = (money: Amount | null): bigint => BigInt(money?.amount.replace('.', '') ?? 0);
const sum = (amounts: readonly (Amount | null)[]): bigint => amounts.reduce((all, each) => all + cents(each), 0n);

/** The funded amount is held, released, refunded or charged; the events are gapless and never move more than is held. */
function mustBalance({ state, amount, events, ...position }: Read): void {
  const { funded, held, available, retained, released, refunded, fees } = position;
  const parts = [held, available, retained, released, refunded, fees].map(cents);
  expect(parts.every((part) => part >= 0n)).toBe(true);
  expect(cents(funded)).toBe(sum([held, released, refunded, fees]));
  expect(cents(held)).toBe(sum([available, retained]));
  expect(cents(funded) <= cents(amount)).toBe(true);
  if (['FUNDED', 'PARTIALLY_RELEASED', 'RELEASED'].includes(state)) expect(cents(funded)).toBe(cents(amount));
  const { nodes } = events;
  expect(nodes.map(({ sequence }) => sequence)).toEqual(nodes.map((_event, index) => index + 1));
  let left = 0n;
  for (const { move, moved, fee } of nodes) {
    left += move === 'FUND' ? cents(moved) - cents(fee) : -(cents(moved) + cents(fee));
    expect(left >= 0n && left <= cents(amount)).toBe(true);
  }
}

/** Once nothing changes any more, the position and its milestones agree with its events. */
function mustAgree({ events, terms, funded, released, refunded, fees, retained }: Read): void {
  const { nodes } = events;
  const movedBy = (isIncoming: boolean): bigint =>
    sum(nodes.filter(({ move }) => (move === 'FUND') === isIncoming).map(({ moved }) => moved));
  expect(movedBy(true)).toBe(cents(funded));
  expect(movedBy(false)).toBe(sum([released, refunded]));
  expect(sum(nodes.map(({ fee }) => fee))).toBe(cents(fees));
  expect(sum(nodes.map((event) => event.retained))).toBe(cents(retained));
  const milestones = terms?.milestones.nodes ?? [];
  if (milestones.length === 0) return;
  expect(sum(milestones.map(({ earned }) => earned))).toBe(sum([released, retained, fees]));
  expect(sum(milestones.map((each) => each.refunded))).toBe(cents(refunded));
}
