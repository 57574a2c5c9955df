import { beforeAll, expect, it } from 'vitest';
import { type App, createApp } from '../../src/app.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import { bearer, type House, houseOf, PRODUCTION, ROOT_TOKEN } from '../support/endpoint.ts';
import { START, serve } from '../support/server.ts';

let store: MemoryStore;
let house: House;
beforeAll(async () => {
  store = createMemoryStore();
  house = await houseOf(serve(store));
});

/** Returns a server whose responses have at most this number of bytes. */
const appOf = (bytes: number, fastPaths: boolean): App =>
  createApp({
    store,
    rootToken: ROOT_TOKEN,
    settings: { ...PRODUCTION, responses: { bytes, bufferBytes: 2 ** 20 } },
    clock: () => START + 1_000,
    onInternalError: (_id, error) => {
      throw error;
    },
    fastPaths,
  });

/** The number of times that a query is sent to one server: it is compiled after three executions. */
const TIMES = 5;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Returns the answer to a query, which is the same each time. */
async function answerOf(bytes: number, fastPaths: boolean, query: string, token: string): Promise<Answer> {
  const app = appOf(bytes, fastPaths);
  const headers = { 'content-type': 'application/json', ...bearer(token) };
  const answers = new Set<string>();
  for (let times = 0; times < TIMES; times += 1) {
    const body = JSON.stringify({ query });
    const response = await app.fetch(new Request('http://localhost/graphql', { method: 'POST', headers, body }));
    answers.add(JSON.stringify({ status: response.status, text: await response.text() }));
  }
  await app.stop();
  expect(answers.size).toBe(1);
  return JSON.parse([...answers][0] ?? '') as Answer;
}

/** Returns the smallest limit with which a query is answered by the executor of graphql. */
async function smallestLimit(query: string, token: string): Promise<number> {
  let [refused, answered] = [0, 2 ** 16];
  while (answered - refused > 1) {
    const middle = Math.floor((refused + answered) / 2);
    const { text } = await answerOf(middle, false, query, token);
    if (text.includes('QUERY_TOO_COMPLEX')) refused = middle;
    else answered = middle;
  }
  return answered;
}

/** A selection whose response can have more bytes than are sent without being counted. */
const LARGE = 'assets { nodes { label metadata } }';

it.each([
  [
    'objects, lists, amounts and times',
    `{ positions { nodes { id createdAt expiresAt amount { amount currencyCode } asset { label metadata } }
     edges { cursor node { state } } pageInfo { hasNextPage endCursor } totalCount } }`,
  ],
  [
    'enums with numbers, texts and aliases',
    '{ chatSessions { nodes { first: priority second: priority title messages { nodes { body sequence } } } } }',
  ],
  [
    'lists of enums, interfaces and fragments',
    `query { lifecycle { state next: allowedTransitions terminal } viewer { __typename ...Role } ${LARGE}
     nodes(ids: ["unknown"]) { __typename id ... on Asset { label } } } fragment Role on Viewer { role role }`,
  ],
  ['a field that the reader may not use', `{ auditEvents { nodes { id } } viewer { role } ${LARGE} }`],
  ['a field with an invalid argument', `{ invalid: positions(first: -1) { nodes { id } } ${LARGE} }`],
])('a compiled query with %s is refused at the same number of bytes as an executed one', async (_what, query) => {
  for (const token of [house.admin, house.reader]) {
    const limit = await smallestLimit(query, token);
    process.stdout.write(`answered from ${limit} bytes\n`);
    for (const bytes of [1, limit - 1, limit, limit + 1, 2 ** 16]) {
      const [compiled, executed] = [
        await answerOf(bytes, true, query, token),
        await answerOf(bytes, false, query, token),
      ];
      expect(compiled).toEqual(executed);
      expect(compiled.text.includes('QUERY_TOO_COMPLEX')).toBe(bytes < limit);
    }
  }
});
