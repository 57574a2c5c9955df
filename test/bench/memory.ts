// This server on the memory store, and servers with the same schema object and the same store.
import { type LoadGenerator, type ServerProcess, startServer } from './children.ts';
import { type Data, READER } from './data.ts';
import { installPackages, PEERS } from './folders.ts';
import { CHAT_PAGE, GET, NESTED, type Operation, PAGE } from './operations.ts';
import type { Plan } from './plan.ts';
import { type Fact, NO_RESULTS, type Ratio, type Results, type Row, ratioOf } from './report.ts';
import { CONNECTIONS, type Contestant, checkEqual, measure } from './rounds.ts';

export const OURS = 'EscrowGrid';
const PROGRAMS = {
  [OURS]: 'escrowgrid',
  'Mercurius + jit': 'mercurius',
  'node:http + compiled query': 'compiled',
  'stock Yoga': 'yoga',
} as const;

/** The number of objects that are read in turn. */
const DIFFERENT = 1_000;

/** A query that is measured on both stores. */
export interface Read {
  /** The number of requests of a round. */
  readonly requests: number;
  /** The text that every response contains. */
  readonly expected: string;
  readonly operations: (data: Data) => readonly Operation[];
}

/** The measured queries by their names in the table. */
export const READS: Readonly<Record<string, Read>> = {
  get: {
    requests: 4_000,
    expected: '"position":{"id"',
    operations: (data) => idsOf(data).map((id) => ({ query: GET, variables: { id } })),
  },
  'nested get': {
    requests: 4_000,
    expected: '"position":{"id"',
    operations: (data) => idsOf(data).map((id) => ({ query: NESTED, variables: { id } })),
  },
  'nested page of 50': {
    requests: 800,
    expected: '"nodes":[{"id"',
    operations: () => [{ query: PAGE, variables: { first: 50 } }],
  },
  'page of 50 chat sessions': {
    requests: 400,
    expected: '"nodes":[{"id"',
    operations: () => [{ query: CHAT_PAGE, variables: { first: 50, reader: READER } }],
  },
};

/** Returns ids of positions in all parts of the store. */
const idsOf = ({ positionIds }: Data): readonly string[] => {
  const step = Math.max(1, Math.floor(positionIds.length / DIFFERENT));
  return positionIds.filter((_id, index) => index % step === 0);
};

/** Measures the memory store. */
export async function measureMemory(load: LoadGenerator, plan: Plan): Promise<Results> {
  installPackages(PEERS);
  const servers: ServerProcess[] = [];
  try {
    for (const [name, program] of Object.entries(PROGRAMS)) {
      servers.push(await startServer(name, program, { size: plan.size, connections: CONNECTIONS, peers: PEERS }));
    }
    const rows: Row[] = [];
    for (const [operation, read] of Object.entries(READS)) {
      const contestants = servers.map((server) => contestantOf(server, read));
      await checkEqual(operation, contestants);
      const requests = Math.ceil(read.requests * plan.part);
      rows.push(...(await measure(load, { store: 'memory', operation, contestants, ...read, requests })));
    }
    const facts = (await Promise.all(servers.map(memoryOf))).flat();
    const versions = Object.assign({}, ...servers.map((server) => server.versions)) as Record<string, string>;
    return { ...NO_RESULTS, rows, facts, versions, ratios: ratiosOf(rows) };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function contestantOf(server: ServerProcess, read: Read): Contestant {
  const { data } = server;
  const authorization = server.name === OURS ? `Bearer ${data.apiKey}` : undefined;
  const operations = read.operations(data);
  return { server, authorization, operations: () => operations };
}

async function memoryOf(server: ServerProcess): Promise<readonly Fact[]> {
  const { heapBytes, residentBytes } = await server.usage(true);
  const fact = (what: string, bytes: number): Fact => ({
    store: 'memory',
    what: `${server.name}: ${what}`,
    value: bytes / 2 ** 20,
    unit: 'MiB',
  });
  return [fact('heap after collection', heapBytes), fact('resident memory', residentBytes)];
}

function ratiosOf(rows: readonly Row[]): readonly Ratio[] {
  const against = (server: string, operation: string, atMost: number): readonly Ratio[] =>
    ratioOf(
      rows,
      [
        { operation, server: OURS },
        { operation, server },
      ],
      'cpuUs',
      {
        ratio: `CPU of ${operation}, memory / ${server}`,
        atMost,
      },
    );
  return [
    ...against('Mercurius + jit', 'get', 1),
    ...against('Mercurius + jit', 'nested get', 1),
    ...against('Mercurius + jit', 'nested page of 50', 0.8),
    ...['get', 'nested get', 'nested page of 50'].flatMap((operation) => against('stock Yoga', operation, 0.4)),
  ];
}
