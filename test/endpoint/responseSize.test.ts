import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { LIMITS } from '../../src/domain/limits.ts';
import { bearer, endpointOn, PRODUCTION, post } from '../support/endpoint.ts';
import { WIRES } from '../support/wire.ts';

const MEBIBYTE = 1024 * 1024;
const UNLIMITED = {
  key: null,
  institution: null,
  address: null,
  failedLogin: null,
  search: null,
  createApiKey: null,
  subscriptionCost: null,
};
const RESPONSES = { bytes: 8 * MEBIBYTE, bufferBytes: 48 * MEBIBYTE };
const endpoint = endpointOn({ ...PRODUCTION, rates: UNLIMITED, responses: RESPONSES });
const ROWS = 100;
/** Each nested page repeats the same metadata five times. */
const ATTACK = `{ positions(first: 10) { nodes { asset { positions(first: 100) { nodes { asset {
  a: metadata b: metadata c: metadata d: metadata e: metadata } } } } } } }`;
/** The same with a cost below the one from which a query is not compiled. */
const COMPILED_ATTACK = ATTACK.replace('first: 10', 'first: 9');
const PAGE = '{ positions(first: 100) { nodes { asset { metadata } } } }';

type Result = Readonly<Record<string, Readonly<Record<string, { readonly id: string }>>>>;
interface Answer {
  readonly data?: Result | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

/** Creates an asset of the first institution with metadata of the maximum size, and positions of it. */
async function prepare(): Promise<{ readonly assetId: string; readonly templateId: string }> {
  const { url, houses } = endpoint();
  const [{ admin, deal }] = houses;
  const metadata = { text: 'm'.repeat(LIMITS.jsonBytes - 100) };
  const input = { templateId: deal.templateId, label: 'large', metadata };
  const query = `mutation ($input: CreateAssetInput!) { createAsset(input: $input) {
    ... on CreateAssetPayload { asset { id } } } }`;
  const made = (await (await post(url, admin, { query, variables: { input } })).json()) as Answer;
  const assetId = made.data?.['createAsset']?.['asset']?.id ?? '';
  const create = { create: { assetId, holderReference: 'h', amount: { amount: '1', currencyCode: 'USD' } } };
  const operations = Array.from({ length: ROWS }, () => create);
  const batch = 'mutation ($input: ApplyPositionsInput!) { applyPositions(input: $input) { __typename } }';
  await post(url, admin, { query: batch, variables: { input: { operations } } });
  return { assetId, templateId: deal.templateId };
}
let prepared: ReturnType<typeof prepare> | undefined;
const large = () => (prepared ??= prepare());

const used = (before: NodeJS.CpuUsage): string => {
  const { user, system } = process.cpuUsage(before);
  return `${((user + system) / 1000).toFixed(0)} ms of CPU, ${(process.memoryUsage().rss / MEBIBYTE).toFixed(0)} MiB resident`;
};

describe('a response that would be too large', () => {
  it.each(WIRES)(
    'a response that would be too large ends over $name with one QUERY_TOO_COMPLEX',
    async ({ name, open }) => {
      await large();
      const { url, houses, faults } = endpoint();
      const line = await open(url, houses[0].reader);
      const before = process.cpuUsage();
      const { text } = await line.send(ATTACK, '{}');
      process.stdout.write(
        `five times the metadata of 1,000 rows over ${name}: ${text.length} bytes, ${used(before)}\n`,
      );
      expect(text.length).toBeLessThan(1_000);
      expect(text.match(/"code":"QUERY_TOO_COMPLEX"/g)).toHaveLength(1);
      expect(text).not.toContain('"data":{');
      expect(faults).toEqual([]);
      line.close();
    },
  );

  it('a response that would be too large has status 400, and a page within the limit is returned completely', async () => {
    await large();
    const { url, houses } = endpoint();
    expect((await post(url, houses[0].reader, { query: ATTACK })).status).toBe(400);
    const page = await post(url, houses[0].reader, { query: PAGE });
    expect([page.status, (await page.text()).length > 100 * 65_000]).toEqual([200, true]);
  });

  it('a response to a compiled query is rejected, or returned completely, each time', async () => {
    await large();
    const { url, houses, faults } = endpoint();
    const answers = { [COMPILED_ATTACK]: new Set<string>(), [PAGE]: new Set<string>() };
    for (let times = 0; times < 6; times += 1) {
      for (const [query, seen] of Object.entries(answers)) {
        const before = process.cpuUsage();
        const response = await post(url, houses[0].reader, { query });
        const text = await response.text();
        seen.add(`${response.status} ${text}`);
        process.stdout.write(`${text.length} bytes with status ${response.status}: ${used(before)}\n`);
      }
    }
    const [attack, page] = Object.values(answers).map((seen) => [...seen]);
    expect(attack).toEqual([expect.stringMatching(/^400 .*QUERY_TOO_COMPLEX/)]);
    expect([page?.length, (page?.[0]?.length ?? 0) > 100 * 65_000]).toEqual([1, true]);
    expect(faults).toEqual([]);
  });

  it('a response that is too large because of long aliases or introspection ends with QUERY_TOO_COMPLEX', async () => {
    const { url, houses } = endpoint();
    await large();
    const alias = 'a'.repeat(20_000);
    const typename = `{ positions(first: 100) { nodes { asset { positions(first: 10) { nodes { ${alias}: __typename } } } } } }`;
    for (const query of [typename, `{ __schema { types { name fields { ${alias}: name } } } }`]) {
      const response = await post(url, houses[0].reader, { query });
      expect(await response.text()).toMatch(/QUERY_TOO_COMPLEX|GRAPHQL_VALIDATION_FAILED/);
    }
  });

  it('a response with many errors returns the first 100', async () => {
    await large();
    const { url, houses } = endpoint();
    const query =
      '{ positions(first: 100) { nodes { a: events(first: -1) { totalCount } b: events(last: -1) { totalCount } } } }';
    const { errors } = (await (await post(url, houses[0].reader, { query })).json()) as Answer;
    expect(errors).toHaveLength(100);
  });
});

describe('a mutation whose response could be too large', () => {
  const BATCH = `mutation ($input: ApplyPositionsInput!) { applyPositions(input: $input) {
    ... on ApplyPositionsPayload { results { position { metadata } } } } }`;

  it('a mutation whose response could be too large is rejected before it is executed', async () => {
    const { assetId } = await large();
    const { url, houses } = endpoint();
    const create = { create: { assetId, holderReference: 'refused', amount: { amount: '1', currencyCode: 'USD' } } };
    const variables = { input: { operations: Array.from({ length: 150 }, () => create) } };
    const response = await post(url, houses[0].admin, { query: BATCH, variables });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('QUERY_TOO_COMPLEX')]);
    const found = '{ positions(filter: { holderReference: "refused" }) { totalCount } }';
    expect(await (await post(url, houses[0].reader, { query: found })).json()).toMatchObject({
      data: { positions: { totalCount: 0 } },
    });
  });
});

const sockets: Socket[] = [];
afterAll(() => sockets.forEach((socket) => socket.destroy()));

/** Sends a query four times over a connection that is never read, which exceeds the buffers of the operating system. */
async function unread(url: string, token: string, query: string, accept: string): Promise<void> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.on('error', () => undefined).pause();
  await once(socket, 'connect');
  const body = JSON.stringify({ query });
  const head = `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer(token)['authorization']}\r\nContent-Type: application/json`;
  socket.write(`${head}\r\nAccept: ${accept}\r\nContent-Length: ${body.length}\r\n\r\n${body}`.repeat(4));
}

/**
 * Requests until the response has the code, within a maximum number of tries. Returns the number of tries before it.
 */
async function triesBefore(code: string, ask: () => Promise<string>): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    if ((await ask()).includes(`"code":"${code}"`)) return tries;
  }
  throw new Error(`There was no ${code} within ${MAX_TRIES} tries.`);
}
const MAX_TRIES = 60;
/** The time for a request to be executed before the next try, in ms. */
const PAUSE_MS = 20;

describe('responses that are not read', () => {
  it.each(['application/json', 'text/event-stream'])(
    'unread responses of %s cause BUSY only for their API key',
    async (accept) => {
      await large();
      const { url, houses } = endpoint();
      const [{ reader, admin, deal }, other] = houses;
      const before = process.cpuUsage();
      const ask = async () => (await post(url, reader, { query: PAGE })).text();
      const tries = await triesBefore('BUSY', async () => {
        await unread(url, reader, PAGE, accept);
        await setTimeout(PAUSE_MS);
        return ask();
      });
      process.stdout.write(`BUSY after ${tries} unread responses of ${accept}: ${used(before)}\n`);
      // Other API keys and small responses are not affected, and a mutation is rejected before it is executed.
      expect(await (await post(url, other.reader, { query: PAGE })).text()).not.toContain('BUSY');
      expect(await (await post(url, admin, { query: PAGE })).text()).not.toContain('BUSY');
      expect(await (await post(url, reader, { query: '{ viewer { role } }' })).text()).not.toContain('BUSY');
      expect(deal.assetId).not.toBe('');
      sockets.splice(0).forEach((socket) => socket.destroy());
      await expect.poll(ask, { timeout: 20_000 }).not.toContain('"code":"BUSY"');
    },
  );

  it('unread responses of a WebSocket cause BUSY, and a mutation is rejected before it is executed', async () => {
    const { templateId } = await large();
    const { url, houses } = endpoint();
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: bearer(houses[0].admin) }));
    await once(socket, 'message');
    socket.pause();
    const ask = async (query: string) => (await post(url, houses[0].admin, { query })).text();
    const create = `mutation { createAsset(input: { templateId: "${templateId}", label: "made", metadata: { a: 1 } }) {
      ... on CreateAssetPayload { asset { ${Array.from({ length: 15 }, (_, index) => `a${index}: metadata`).join(' ')} } } } }`;
    let id = 0;
    const made = await triesBefore('BUSY', async () => {
      socket.send(
        JSON.stringify({ id: `${(id += 1)}`, type: 'subscribe', payload: { query: PAGE.replace('100', '20') } }),
      );
      await setTimeout(PAUSE_MS);
      return ask(create);
    });
    socket.terminate();
    await expect.poll(() => ask(PAGE), { timeout: 20_000 }).not.toContain('"code":"BUSY"');
    const labels = await ask('{ assets(first: 100) { nodes { label } } }');
    expect(labels.match(/"label":"made"/g) ?? []).toHaveLength(made);
  });
});
