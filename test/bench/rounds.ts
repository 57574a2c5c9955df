// Measures servers in interleaved rounds, so that what else runs on the machine affects all of them alike.
import type { LoadGenerator, ServerProcess } from './children.ts';
import type { Operation } from './operations.ts';
import type { Figures, Row } from './report.ts';

export const ROUNDS = 5;
export const CONNECTIONS = 16;
/** The rounds before the ones that count, in which the code is compiled and the caches are filled. */
const WARM_UP_ROUNDS = 2;

/** What one server is sent for one operation. */
export interface Contestant {
  readonly server: ServerProcess;
  readonly authorization?: string | undefined;
  /** Returns the operations of a round. They are sent in turn. */
  readonly operations: (round: number) => readonly Operation[] | Promise<readonly Operation[]>;
  /** The text that every response contains, if it differs from that of the other servers. */
  readonly expected?: string;
  /** Returns the data of a response in the form of the other servers. */
  readonly toData?: (data: unknown) => unknown;
}

/** An operation that is measured. */
export interface Measured {
  readonly store: 'memory' | 'postgres';
  readonly operation: string;
  readonly contestants: readonly Contestant[];
  /** The text that every response contains. */
  readonly expected: string;
  /**
   * The number of requests of a round; absent if each operation is sent once. A number and not a time: the compiler
   * makes code faster after a number of executions, so the figures of a busy machine remain comparable.
   */
  readonly requests?: number;
  /** Defaults to CONNECTIONS. */
  readonly connections?: number;
}

/** Measures an operation in all servers, and returns one row per server with the medians of the rounds. */
export async function measure(load: LoadGenerator, measured: Measured): Promise<readonly Row[]> {
  const { store, operation, contestants, connections = CONNECTIONS } = measured;
  const figures = new Map<string, Figures[]>();
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    for (const { server, authorization, operations, expected = measured.expected } of contestants) {
      const bodies = (await operations(round)).map((each) => JSON.stringify(each));
      const before = await server.usage();
      const sent = await load.run({
        url: server.url,
        authorization,
        bodies,
        connections,
        requests: measured.requests ?? bodies.length,
        expected,
      });
      const { cpuUs } = await server.usage();
      const figure = { cpuUs: (cpuUs - before.cpuUs) / sent.requests, perSecond: sent.requests / sent.seconds };
      if (round >= WARM_UP_ROUNDS) figures.set(server.name, [...(figures.get(server.name) ?? []), figure]);
    }
  }
  return contestants.map(({ server: { name } }) => {
    const rounds = figures.get(name) ?? [];
    const medianOf = (field: keyof Figures): number => median(rounds.map((each) => each[field] ?? 0));
    return { store, operation, server: name, cpuUs: medianOf('cpuUs'), perSecond: medianOf('perSecond') };
  });
}

/** Returns the value in the middle of the sorted values. */
export const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Throws an error unless all servers answer the operation with the same data. */
export async function checkEqual(name: string, contestants: readonly Contestant[]): Promise<void> {
  let first: string | undefined;
  for (const { server, authorization, operations, toData = (data: unknown) => data } of contestants) {
    const [operation] = await operations(0);
    const headers = { 'content-type': 'application/json', ...(authorization && { authorization }) };
    const response = await fetch(server.url, { method: 'POST', headers, body: JSON.stringify(operation) });
    const text = await response.text();
    const { data, errors } = JSON.parse(text) as { readonly data?: unknown; readonly errors?: unknown };
    if (errors || !data) throw new Error(`${server.name} refused ${name}: ${text.slice(0, 2_000)}`);
    const answer = JSON.stringify(toData(data));
    first ??= answer;
    if (answer === first) continue;
    throw new Error(
      `${server.name} answers ${name} with other data: ${answer.slice(0, 2_000)}\nand not: ${first.slice(0, 2_000)}`,
    );
  }
}
