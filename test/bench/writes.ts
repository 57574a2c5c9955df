// The mutations that are measured on both stores, and the delivery of a change to many subscribers.
import type { LoadGenerator, ServerProcess } from './children.ts';
import { positionInput } from './data.ts';
import { measureFanOut } from './fanOut.ts';
import { APPLY, CREATE, FUND, type Operation, POST, RELEASE } from './operations.ts';
import type { Plan } from './plan.ts';
import { authorizationOf } from './reads.ts';
import type { Row } from './report.ts';
import { CONNECTIONS, type Measured, measure } from './rounds.ts';

/** The number of operations in one applyPositions. */
export const BATCH = 1_000;

interface Write {
  readonly expected: string;
  readonly connections?: number;
  readonly operations: () => readonly Operation[] | Promise<readonly Operation[]>;
}

/** Measures every write in one server. */
export async function measureWrites(
  load: LoadGenerator,
  store: Row['store'],
  server: ServerProcess,
  plan: Plan,
  counted: (measured: Measured) => Promise<readonly Row[]> = (measured) => measure(load, measured),
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [operation, write] of Object.entries(
    writesOf(server, Math.max(MIN_WRITES, Math.ceil(WRITES * plan.part))),
  )) {
    const { operations, ...rest } = write;
    const contestant = { server, authorization: authorizationOf(server), operations };
    rows.push(...(await counted({ store, operation, contestants: [contestant], ...rest })));
  }
  return [...rows, await measureFanOut(load, store, server, plan)];
}

/** The number of requests of a round. */
const WRITES = 1_000;
/** Enough for a position to be funded long before its money is released, on whichever connection. */
const MIN_WRITES = 8 * CONNECTIONS;

function writesOf(server: ServerProcess, count: number): Readonly<Record<string, Write>> {
  const { assetIds, sessionIds } = server.data;
  const times = (operation: (index: number) => Operation): readonly Operation[] =>
    Array.from({ length: count }, (_, index) => operation(index));
  const batch = batchOf(server);
  return {
    create: {
      expected: '"position":{"id"',
      operations: () => times((index) => ({ query: CREATE, variables: { input: positionInput(assetIds, index) } })),
    },
    transition: { expected: '"position":{"id"', operations: () => transitions(server, count) },
    'applyPositions of 1,000': {
      expected: '"committed":true',
      connections: 2,
      operations: () => [batch, batch, batch, batch],
    },
    'post message': {
      expected: '"chatMessage":{"id"',
      operations: () =>
        times((index) => {
          const chatSessionId = sessionIds[(index * 7) % sessionIds.length];
          return {
            query: POST,
            variables: { input: { chatSessionId, authorReference: 'author', body: `Part ${index}` } },
          };
        }),
    },
  };
}

/** Creates positions, and returns the operations that fund each of them and then release its money. */
async function transitions(server: ServerProcess, count: number): Promise<readonly Operation[]> {
  const ids = await newPositions(server, count / 2);
  return [
    ...ids.map((positionId) => ({ query: FUND, variables: { input: { positionId } } })),
    ...ids.map((positionId) => ({ query: RELEASE, variables: { input: { positionId, all: true } } })),
  ];
}

/** Creates positions with applyPositions, and returns their ids. */
export async function newPositions(server: ServerProcess, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${server.data.apiKey}` };
  const body = JSON.stringify(batchOf(server));
  while (ids.length < count) {
    const response = await fetch(server.url, { method: 'POST', headers, body });
    const { data } = (await response.json()) as {
      readonly data: {
        readonly applyPositions: { readonly results: readonly { readonly position: { readonly id: string } }[] };
      };
    };
    ids.push(...data.applyPositions.results.map(({ position }) => position.id));
  }
  return ids.slice(0, count);
}

const batchOf = ({ data: { assetIds } }: ServerProcess): Operation => ({
  query: APPLY,
  variables: {
    input: { operations: Array.from({ length: BATCH }, (_, index) => ({ create: positionInput(assetIds, index) })) },
  },
});
