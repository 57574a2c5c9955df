import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { greeted, overSocket, overSse, type Stream } from '../support/keyedLive.ts';
import { overHttp } from '../support/limited.ts';
import { type Runner, startRunner } from '../support/runner.ts';
import type { Attacked, Figures } from './attackedServer.ts';

const SUBSCRIPTIONS = 20;
/** The number of moves per batch in attackedServer.ts. */
const MOVES = 10;
const MEBIBYTE = 1024 * 1024;
/** If the other institution waits longer, the test ends. */
const patienceMs = 60_000;

/** Selects about `rows` positions of the asset per event, each with two pages. The alias makes documents differ. */
const nested = (rows: number, pages: number, alias = 'nodes'): string => `subscription { positionChanged {
  cursor kind position { asset { positions(first: ${rows}) { ${alias}: nodes {
    asset { positions(first: ${pages}) { nodes { id state held { formatted } } } } } } } } } }`;
const BEFORE_THE_LIMIT = nested(100, 100);
const WITHIN_THE_LIMIT = (alias?: string): string => nested(10, 10, alias);

interface Way {
  readonly open: (attacked: Attacked, queries: readonly string[]) => Promise<readonly Stream[]>;
}
const WAYS: Readonly<Record<string, Way>> = {
  'server-sent events by POST': {
    open: ({ address, attacker }, queries) => Promise.all(queries.map((query) => overSse(address, attacker, query))),
  },
  'server-sent events by GET': {
    open: ({ address, attacker }, queries) =>
      Promise.all(queries.map((query) => overSse(address, attacker, query, { method: 'GET' }))),
  },
  'one WebSocket each': {
    open: ({ address, attacker }, queries) =>
      Promise.all(
        queries.map(async (query) => {
          const bare = await greeted(address, { 'x-api-key': attacker });
          await bare.next();
          return overSocket(bare, '1', query);
        }),
      ),
  },
};

describe.each(Object.entries(WAYS))('costly subscriptions over %s', (name, { open }) => {
  let runner: Runner<Figures>;
  let attacked: Attacked;
  beforeAll(async () => {
    runner = await startRunner<Figures>('subscriptions/attackedServer.ts');
    attacked = JSON.parse(runner.firstLine) as Attacked;
  });
  afterAll(() => runner.stop());

  /** Reads a stream to the last result of the batch, and returns the codes of the errors. */
  async function read(stream: Stream, first: boolean): Promise<readonly string[]> {
    const codes: string[] = [];
    for (let results = 0; results < (first ? 1 : MOVES); results += 1) {
      const result = await stream.next();
      if (!result) break;
      codes.push(...(result.errors ?? []).map(({ extensions }) => extensions?.code ?? ''));
    }
    return codes;
  }

  /**
   * Opens the subscriptions, moves the positions, and returns how the streams ended. Prints CPU time, memory and
   * duration.
   */
  async function attack(label: string, queries: readonly string[]): Promise<readonly (readonly string[])[]> {
    const streams = await open(attacked, queries);
    const begins = await Promise.all(streams.map((stream) => read(stream, true)));
    const before = await runner.send('figures');
    const started = performance.now();
    const moved = runner.send('move');
    const waits: number[] = [];
    const ask = async (): Promise<void> => {
      const startedAt = performance.now();
      expect((await overHttp(attacked.address, attacked.neighbor, '{ viewer { role } }')).status).toBe(200);
      waits.push(performance.now() - startedAt);
    };
    const ends = Promise.all(streams.map((stream) => read(stream, false)));
    const progress = { isDone: false };
    void ends.finally(() => (progress.isDone = true));
    do await ask();
    while (!progress.isDone && performance.now() - started < patienceMs);
    const codes = await ends;
    await moved;
    const tookMs = performance.now() - started;
    const after = await runner.send('figures');
    const megabytes = (after.residentBytes - before.residentBytes) / MEBIBYTE;
    process.stdout.write(
      `${name}, ${label}: ${(after.cpuMs - before.cpuMs).toFixed(0)} ms of CPU, ${megabytes.toFixed(0)} MB more resident, done after ${tookMs.toFixed(0)} ms; the other institution waited ${Math.max(...waits).toFixed(0)} ms at most, ${waits.length} requests\n`,
    );
    return codes.map((each, index) => [...(begins[index] ?? []), ...each]);
  }

  it('subscriptions that cost more than MAX_SUBSCRIPTION_COST are rejected before the first event', async () => {
    const queries = Array.from({ length: SUBSCRIPTIONS }, () => BEFORE_THE_LIMIT);
    const codes = await attack('a selection within MAX_COST', queries);
    expect(codes).toEqual(queries.map(() => ['QUERY_TOO_COMPLEX']));
  }, 300_000);

  it('a selection is executed once per change for all subscriptions that share it', async () => {
    const codes = await attack(
      'the most expensive selection, the same 20 times',
      Array.from({ length: SUBSCRIPTIONS }, () => WITHIN_THE_LIMIT()),
    );
    expect(codes.flat()).toEqual([]);
  });

  it('streams end with RATE_LIMITED when different selections exceed the budget of the API key', async () => {
    const queries = Array.from({ length: SUBSCRIPTIONS }, (_each, index) => WITHIN_THE_LIMIT(`a${index}`));
    const codes = await attack('the most expensive selection, 20 variants', queries);
    expect(new Set(codes.flat())).toEqual(new Set(['RATE_LIMITED']));
  });
});
