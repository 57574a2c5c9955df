import * as fc from 'fast-check';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { COUNTS, SEED } from '../counts.ts';
import { brokenRequests } from '../support/brokenRequest.ts';
import { bearer, type House, houseOf, PRODUCTION, post, ROOT_TOKEN } from '../support/endpoint.ts';
import { checked } from '../support/random.ts';
import { documentOf } from '../support/randomDocument.ts';
import { valuesOf } from '../support/randomValues.ts';
import { bytesOf, sendRaw } from '../support/rawHttp.ts';
import { START, serve } from '../support/server.ts';

/** One server with the direct lane and compiled queries, and one with neither, on one store. */
interface Lanes {
  readonly urls: readonly [direct: string, yoga: string];
  readonly houses: readonly [House, House];
  readonly faults: readonly [unknown[], unknown[]];
}
let lanes: Lanes;
let end = async (): Promise<void> => undefined;
const rates = { ...PRODUCTION.rates, key: null, institution: null, address: null, failedLogin: null, search: null };
const settings = { ...PRODUCTION, rates };

beforeAll(async () => {
  const store = createMemoryStore();
  const server = serve(store);
  const houses = [await houseOf(server), await houseOf(server)] as const;
  const open = async (fastPaths: boolean) => {
    const faults: unknown[] = [];
    const onInternalError = (_errorId: string, error: unknown) => void faults.push(error);
    const app = createApp({
      store,
      rootToken: ROOT_TOKEN,
      settings,
      onInternalError,
      clock: () => START + 1_000,
      fastPaths,
    });
    return { app, faults, listening: await app.listen(0, '127.0.0.1') };
  };
  const [direct, yoga] = [await open(true), await open(false)];
  const urls = [`${direct.listening.origin}/graphql`, `${yoga.listening.origin}/graphql`] as const;
  lanes = { urls, houses, faults: [direct.faults, yoga.faults] };
  end = async () => {
    for (const { app, listening } of [direct, yoga]) {
      await app.stop();
      await listening.close();
    }
  };
});
afterAll(async () => {
  process.stdout.write(`Seed ${SEED}\n`);
  await end();
});

/** Replaces what differs between any two requests: ids of requests and errors, ids of new objects, and the date. */
const comparable = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replaceAll(/\b[a-z]+_[0-9a-hjkmnp-tv-z]{26}\b/g, '<id>')
    .replace(/^date: .*$/im, '');

/** Returns the lines of a head in one spelling and order. */
const linesOf = (head: string): readonly string[] => {
  const [status = '', ...headers] = comparable(head).split('\r\n');
  const spelled = headers.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()));
  return [status, ...spelled.filter((line) => line !== '').toSorted()];
};

it('a malformed request has the same status, headers and body in both lanes', async () => {
  const statuses = new Map<number, number>();
  await checked(
    COUNTS.requests,
    fc.asyncProperty(brokenRequests(lanes.houses, ROOT_TOKEN), async (request) => {
      const bytes = bytesOf(request);
      const [direct, yoga] = await Promise.all(lanes.urls.map((url) => sendRaw(url, bytes)));
      const seen = (answer: typeof direct) => answer && [linesOf(answer.head), comparable(answer.body), answer.broken];
      expect(seen(direct)).toEqual(seen(yoga));
      statuses.set(direct?.status ?? 0, (statuses.get(direct?.status ?? 0) ?? 0) + 1);
    }),
  );
  process.stdout.write(`Malformed requests by status: ${JSON.stringify(Object.fromEntries(statuses))}\n`);
  expect(statuses.size).toBeGreaterThan(4);
  expect(lanes.faults.map(({ length }) => length)).toEqual([0, 0]);
});

/** The number of times that a document is sent: it is compiled after three executions. */
const TIMES = 7;

it('a random operation has the same status, headers and body in both lanes, compiled or not', async () => {
  let rows = 0;
  await checked(
    COUNTS.documents,
    fc.asyncProperty(
      fc.array(fc.nat(1_000), { minLength: 20, maxLength: 80 }),
      fc.array(fc.nat(1_000), { maxLength: 20 }),
      fc.boolean(),
      async (choices, values, isReader) => {
        const query = documentOf(choices);
        const [house] = lanes.houses;
        const token = isReader ? house.reader : ROOT_TOKEN;
        const seen: unknown[] = [];
        for (let times = 0; times < TIMES; times += 1) {
          // Most documents are valid with these, so that they are compiled.
          const usual = { rows: times, yes: times % 2 === 0, ids: house.ids.slice(0, 2) };
          const variables =
            times < TIMES - 1 ? { ...valuesOf(values, house.ids), ...usual } : valuesOf(values, house.ids);
          const [direct, yoga] = await Promise.all(lanes.urls.map((url) => answerTo(url, token, { query, variables })));
          expect(direct).toEqual(yoga);
          seen.push(direct);
        }
        rows += seen.length;
      },
    ),
  );
  process.stdout.write(`${rows} random operations in both lanes\n`);
});

async function answerTo(url: string, token: string, body: object, others: Readonly<Record<string, string>> = {}) {
  const response = await post(url, token, body, { 'x-request-id': 'r', ...others });
  // A request that is not admitted gets a request id of the server.
  const headers = [...response.headers]
    .filter(([name]) => name !== 'date')
    .map(([name, value]) => [name, name === 'x-request-id' ? comparable(value) : value]);
  return { status: response.status, headers, text: comparable(await response.text()) };
}

/** What is sent along with a query that is compiled, and its headers. */
const UNUSUAL: Readonly<Record<string, readonly [object, Readonly<Record<string, string>>?]>> = {
  'nothing else': [{}],
  'an unknown parameter': [{ other: 1 }],
  'an unknown parameter that is null': [{ other: null }],
  'no variables': [{ variables: undefined }],
  'null as variables': [{ variables: null }],
  'a list as variables': [{ variables: [1] }],
  'a text as variables': [{ variables: '{}' }],
  'null as a variable': [{ variables: { id: null, rows: null } }],
  'a variable of another type': [{ variables: { id: 'a', rows: '3' } }],
  'a number as an id': [{ variables: { id: 7, rows: 3 } }],
  'a variable out of range': [{ variables: { id: 'a', rows: 1e12 } }],
  'an unknown variable': [{ variables: { id: 'a', rows: 1, other: [] } }],
  'an inherited variable': [JSON.parse('{ "variables": { "__proto__": { "id": "a" }, "rows": 1 } }') as object],
  'the token of an API key in a variable': [{ variables: { id: `eg_${'a'.repeat(12)}_${'b'.repeat(58)}`, rows: 1 } }],
  'its own name': [{ operationName: 'Own' }],
  'an empty name': [{ operationName: '' }],
  'another name': [{ operationName: 'Other' }],
  'a number as its name': [{ operationName: 5 }],
  extensions: [{ extensions: { client: 'a' } }],
  'a text as extensions': [{ extensions: 'a' }],
  'the hash of another text': [{ extensions: { persistedQuery: { sha256Hash: 'a'.repeat(64) } } }],
  'an unknown trusted document': [{ documentId: 'a' }],
  'a request for its cost': [{}, { 'x-graphql-cost': '1' }],
  'another media type': [{}, { accept: 'application/graphql-response+json' }],
  'a charset': [{}, { 'content-type': 'application/json; charset=utf-8' }],
  'a compressed body': [{}, { 'content-encoding': 'gzip' }],
  'another origin': [{}, { origin: 'http://other.example' }],
};

it.each(Object.entries(UNUSUAL))('a compiled query with %s has the same answer in both lanes', async (_what, sent) => {
  const [house] = lanes.houses;
  const [others, headers] = sent;
  const query = `query Own($id: ID!, $rows: Int = 2) {
    position(id: $id) { id state } positions(first: $rows) { nodes { id metadata } } }`;
  const usual = { query, variables: { id: house.ids[3], rows: 1 } };
  for (const body of [usual, usual, usual, usual, { ...usual, ...others }]) {
    const [direct, yoga] = await Promise.all(
      lanes.urls.map((url) => answerTo(url, house.reader, body, body === usual ? {} : headers)),
    );
    expect(direct).toEqual(yoga);
  }
});

const CREATE = `mutation ($input: CreatePositionInput!) { createPosition(input: $input) {
  ... on CreatePositionPayload { replayed position { id state version amount { amount } asset { label metadata } } }
  ... on ValidationError { issues { path message } } ... on UserError { code message } } }`;
const APPLY = `mutation ($input: ApplyPositionsInput!) { applyPositions(input: $input) {
  ... on ApplyPositionsPayload { committed results { status position { id state } } } ... on UserError { code } } }`;
const KEY = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  ... on CreateApiKeyPayload { apiKey { label role } } ... on UserError { code message } } }`;

/** A mutation, sent with an idempotency key of its own in each lane if the text of one is in its header or input. */
interface Sent {
  readonly query: string;
  readonly input: (deal: House['deal']) => unknown;
  readonly header?: string;
  readonly isReader?: boolean;
}
const usd = (amount: string) => ({ amount, currencyCode: 'USD' });
const created = ({ assetId }: House['deal']) => ({ assetId, holderReference: 'h', amount: usd('5') });
const MUTATIONS: Readonly<Record<string, Sent>> = {
  'a mutation': { query: CREATE, input: created },
  'an unknown object': { query: CREATE, input: () => ({ assetId: 'ast_x', holderReference: 'h', amount: usd('5') }) },
  'an invalid input': { query: CREATE, input: (deal) => ({ ...created(deal), amount: usd('-5.001') }) },
  'an invalid variable': { query: CREATE, input: (deal) => ({ ...created(deal), amount: 5 }) },
  'a missing variable': { query: CREATE, input: () => undefined },
  'the role of a reader': { query: CREATE, input: created, isReader: true },
  'an idempotency key in the header': { query: CREATE, input: created, header: 'key' },
  'an empty idempotency key in the header': { query: CREATE, input: created, header: ' ' },
  'a header that is not UTF-8': { query: CREATE, input: created, header: '\u00ff' },
  'two idempotency keys': { query: CREATE, input: (deal) => ({ ...created(deal), idempotencyKey: 'a' }), header: 'b' },
  'a header that the mutation does not take': {
    query: KEY,
    input: ({ institution }) => ({ institutionId: institution.id, label: 'l', role: 'READ_ONLY' }),
    header: 'key',
  },
  'a batch': {
    query: APPLY,
    input: (deal) => ({ operations: [{ create: created(deal) }, { create: created(deal) }] }),
  },
  'a large batch': {
    query: APPLY,
    input: (deal) => ({ operations: Array.from({ length: 200 }, () => ({ create: created(deal) })) }),
  },
};

it.each(Object.entries(MUTATIONS))('%s has the same status, headers and body in both lanes', async (name, sent) => {
  const [{ deal, admin, reader }] = lanes.houses;
  const body = { query: sent.query, variables: { input: sent.input(deal) } };
  for (let times = 0; times < TIMES; times += 1) {
    const [direct, yoga] = await Promise.all(
      lanes.urls.map((url, lane) => {
        const header = sent.header?.replace('key', `${name.length}${lane}`);
        const others = header === undefined ? undefined : { 'idempotency-key': header };
        return answerTo(url, sent.isReader ? reader : admin, body, others);
      }),
    );
    expect(direct).toEqual(yoga);
    expect(direct?.text).not.toContain('GRAPHQL_VALIDATION_FAILED');
  }
});

it('the audits of the specification receive the same answers in both lanes', async () => {
  const answers = await Promise.all(
    lanes.urls.map(async (url) => {
      const seen: unknown[] = [];
      const fetchFn: typeof fetch = async (input, init) => {
        const headers = { ...(init?.headers as object), ...bearer(ROOT_TOKEN), 'graphql-require-preflight': '1' };
        const response = await fetch(input, { ...init, headers });
        const kept = [...response.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
        seen.push([response.status, kept, comparable(await response.clone().text())]);
        return response;
      };
      for (const audit of serverAudits({ url, fetchFn })) await audit.fn();
      return seen;
    }),
  );
  expect(answers[0]?.length).toBeGreaterThan(60);
  expect(answers[0]).toEqual(answers[1]);
});

it.each(['GET', 'HEAD'])('a compiled mutation is not executed by %s', async (method) => {
  const [{ deal, admin }] = lanes.houses;
  const headers = { ...bearer(admin), 'x-requested-with': 'test' };
  const params = new URLSearchParams({ query: CREATE, variables: JSON.stringify({ input: created(deal) }) });
  const statuses = await Promise.all(
    lanes.urls.map(async (url) => {
      for (let times = 0; times < TIMES; times += 1) {
        const { text } = await answerTo(url, admin, { query: CREATE, variables: { input: created(deal) } });
        expect(text).toContain('"replayed":false');
      }
      return (await fetch(`${url}?${params}`, { method, headers })).status;
    }),
  );
  expect(statuses).toEqual([405, 405]);
});
