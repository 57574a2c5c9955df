import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { TOKEN_BYTES, tokenOf } from '../../src/domain/apiKey.ts';
import { createIds } from '../../src/ids.ts';
import { INSTITUTION_MULTIPLE } from '../../src/server/access/rateLimits.ts';
import type { Store } from '../../src/store/store.ts';
import { COUNTS } from '../counts.ts';
import { PRODUCTION } from '../support/endpoint.ts';
import { type KeyServer, newInstitution, newKey, ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { rated } from '../support/limited.ts';
import { openMemory, openPostgres, openPostgresTwice } from '../support/stores.ts';

const MINUTE_MS = 60_000;
const NOTHING = '{ __typename }';
const newId = createIds(Date.now);
/** Returns a token with a valid checksum that belongs to no API key. */
const forged = (): string => tokenOf(randomBytes(TOKEN_BYTES), newId('inst'));

/** Creates an institution with the given number of API keys. */
async function institutionWith(
  store: Store,
  keys: number,
): Promise<{ readonly id: string; readonly tokens: string[] }> {
  const free = serveKeys(store);
  const id = await newInstitution(free);
  const tokens: string[] = [];
  for (let made = 0; made < keys; made += 1) tokens.push((await newKey(free, id)).token);
  return { id, tokens };
}

/** Counts the status codes when every token sends the given number of requests. */
async function statusesOf(
  server: KeyServer,
  tokens: readonly (string | null)[],
  each = 1,
  query = NOTHING,
  variables = {},
) {
  const counts: Record<number, number> = {};
  for (let sent = 0; sent < each; sent += 1) {
    for (const token of tokens) {
      const { status } = await server.ask(query, variables, token);
      counts[status] = (counts[status] ?? 0) + 1;
    }
  }
  return counts;
}

const printed: string[] = [];
afterAll(() => void process.stdout.write(`${printed.join('\n')}\n`));

describe('the limit of an institution', () => {
  it('the limit of an institution applies to all of its 26 API keys together, and to no other institution', async () => {
    const store = await openMemory();
    const [many, other] = [await institutionWith(store, 26), await institutionWith(store, 1)];
    const each = COUNTS.requestsPerApiKey;
    // The limit of production for the 231 requests of the full run, and a proportional limit for fewer.
    const limit = Math.floor((Number(PRODUCTION.rates.institution) * each) / 231);
    const server = serveKeys(store, rated({ ...PRODUCTION.rates, institution: limit }));
    const counts = await statusesOf(server, many.tokens, each);
    printed.push(`26 API keys sent ${26 * each} requests in a minute: before all were executed, now ${counts[200]}`);
    expect(counts).toEqual({ 200: limit, 429: 26 * each - limit });
    expect(await statusesOf(server, [...other.tokens, ROOT_TOKEN])).toEqual({ 200: 2 });
    server.now += MINUTE_MS;
    expect(await statusesOf(server, many.tokens)).toEqual({ 200: 26 });
  });

  it('requests beyond the limit of an API key do not count for its institution', async () => {
    const store = await openMemory();
    const { tokens } = await institutionWith(store, 2);
    const server = serveKeys(store, rated({ key: 3, institution: 6 }));
    expect(await statusesOf(server, tokens.slice(0, 1), 20)).toEqual({ 200: 3, 429: 17 });
    expect(await statusesOf(server, tokens.slice(1), 4)).toEqual({ 200: 3, 429: 1 });
  });

  it('root is limited like one institution', async () => {
    const server = serveKeys(await openMemory(), rated({ institution: 2 }));
    expect(await statusesOf(server, [ROOT_TOKEN], 3)).toEqual({ 200: 2, 429: 1 });
  });

  it('the limit of an institution counts the cost of operations', async () => {
    const store = await openMemory();
    const { tokens } = await institutionWith(store, 2);
    const query = '{ institutions(first: 100) { nodes { apiKeys(first: 10) { nodes { id } } } } }';
    const free = await serveKeys(store).ask<unknown>(query, {}, ROOT_TOKEN, { 'x-graphql-cost': '1' });
    const { cost } = (free as unknown as { readonly extensions: { readonly cost: number } }).extensions;
    const points = 1 + Math.floor(cost / 1_000);
    expect(points).toBeGreaterThan(1);
    const server = serveKeys(store, rated({ institution: 2 * points - 1 }));
    expect(await statusesOf(server, tokens, 1, query)).toEqual({ 200: 1, 429: 1 });
  });

  it.each([
    ['search', '{ chatSessions(first: 1, filter: { search: "pier" }) { nodes { id } } }'],
    [
      'createApiKey',
      'mutation($id: ID!) { createApiKey(input: { institutionId: $id, label: "x", role: ADMIN }) { __typename } }',
    ],
  ] as const)('the limit of %s per institution is a multiple of that per API key', async (limit, query) => {
    const store = await openMemory();
    const { id, tokens } = await institutionWith(store, INSTITUTION_MULTIPLE + 1);
    const server = serveKeys(store, rated({ [limit]: 2 }));
    const variables = limit === 'search' ? {} : { id };
    const [first = '', ...others] = tokens;
    expect(await statusesOf(server, [first], 5, query, variables)).toEqual({ 200: 2, 429: 3 });
    const rest = await statusesOf(server, others, 2, query, variables);
    expect(rest).toEqual({ 200: 2 * (INSTITUTION_MULTIPLE - 1), 429: 2 });
  });

  it('the limit of an institution is shared by the servers on one database', async () => {
    const stores = await openPostgresTwice();
    const { tokens } = await institutionWith(stores[0], 4);
    const [one, other] = stores.map((store) => serveKeys(store, rated({ institution: 4 })));
    if (!one || !other) throw new Error('There are two servers.');
    expect(await statusesOf(one, tokens.slice(0, 2))).toEqual({ 200: 2 });
    expect(await statusesOf(other, tokens.slice(2))).toEqual({ 200: 2 });
    for (const server of [one, other, one]) await server.app.flushCounters();
    // A server learns the counts of others when it reports its own.
    await statusesOf(one, tokens.slice(0, 1));
    await one.app.flushCounters();
    expect(await statusesOf(one, tokens.slice(3))).toEqual({ 429: 1 });
  });
});

describe('an address with many invalid requests', () => {
  /** Starts a server on PostgreSQL with an address limit of 5, and counts its reads of the database. */
  const flooded = async () => {
    let statements = 0;
    const store = await openPostgres(() => {
      statements += 1;
    });
    const { tokens } = await institutionWith(store, 3);
    const server = serveKeys(store, rated({ address: 5 }));
    return { server, tokens, statements: () => statements };
  };

  it('forged tokens cause a bounded number of look-ups, and known API keys are accepted', async () => {
    const { server, tokens, statements } = await flooded();
    const [known = '', fresh = ''] = tokens;
    expect(await statusesOf(server, [known])).toEqual({ 200: 1 });
    const before = statements();
    const counts = await statusesOf(server, Array.from({ length: 50 }, forged));
    // One look-up was that of the now known API key.
    expect(counts).toEqual({ 401: 4, 429: 46 });
    expect(statements() - before).toBe(4);
    expect(await statusesOf(server, [known, ROOT_TOKEN], 3)).toEqual({ 200: 6 });
    // An API key that is new to this server has to wait for the next minute, and is known afterwards.
    expect(await statusesOf(server, [fresh])).toEqual({ 429: 1 });
    server.now += MINUTE_MS;
    expect(await statusesOf(server, [fresh])).toEqual({ 200: 1 });
    await statusesOf(server, Array.from({ length: 50 }, forged));
    expect(await statusesOf(server, [known, fresh], 3)).toEqual({ 200: 6 });
  });

  it('requests without a well-formed token use no look-ups of API keys that are new to the server', async () => {
    const { server, tokens, statements } = await flooded();
    const before = statements();
    const garbage = ['nonsense', `${forged().slice(0, -1)}!`, 'x'.repeat(201), null];
    expect(await statusesOf(server, garbage, 5)).toEqual({ 401: 5, 429: 15 });
    expect(statements()).toBe(before);
    expect(await statusesOf(server, tokens)).toEqual({ 200: 3 });
  });
});
