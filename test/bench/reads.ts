// The queries that are measured on both stores.
import type { ServerProcess } from './children.ts';
import { type Data, READER } from './data.ts';
import { CHAT_PAGE, GET, NESTED, type Operation, PAGE } from './operations.ts';
import type { Fact, Row } from './report.ts';
import type { Contestant } from './rounds.ts';

/** The name of this server in the table. */
export const OURS = 'EscrowGrid';

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
    expected: '"id"',
    operations: (data) => idsOf(data).map((id) => ({ query: GET, variables: { id } })),
  },
  'nested get': {
    requests: 4_000,
    expected: '"id"',
    operations: (data) => idsOf(data).map((id) => ({ query: NESTED, variables: { id } })),
  },
  'nested page of 50': {
    requests: 800,
    expected: '"id"',
    operations: () => [{ query: PAGE, variables: { first: 50 } }],
  },
  'page of 50 chat sessions': {
    requests: 400,
    expected: '"id"',
    operations: () => [{ query: CHAT_PAGE, variables: { first: 50, reader: READER } }],
  },
};

/** Returns ids of positions in all parts of the store. */
const idsOf = ({ positionIds }: Data): readonly string[] => {
  const step = Math.max(1, Math.floor(positionIds.length / DIFFERENT));
  return positionIds.filter((_id, index) => index % step === 0);
};

/** Returns a server that is sent a query. Only this server needs an API key. */
export function contestantOf(server: ServerProcess, read: Read): Contestant {
  const operations = read.operations(server.data);
  return { server, authorization: authorizationOf(server), operations: () => operations };
}

/** Returns the value of the Authorization header, or undefined for a peer, which reads none. */
export const authorizationOf = ({ name, data }: ServerProcess): string | undefined =>
  name === OURS ? `Bearer ${data.apiKey}` : undefined;

/** Returns the memory of a server. */
export async function memoryOf(store: Row['store'], server: ServerProcess): Promise<readonly Fact[]> {
  const { heapBytes, residentBytes } = await server.usage(true);
  const fact = (what: string, bytes: number): Fact => ({
    store,
    what: `${server.name}: ${what}`,
    value: bytes / 2 ** 20,
    unit: 'MiB',
  });
  return [fact('heap after collection', heapBytes), fact('resident memory', residentBytes)];
}
