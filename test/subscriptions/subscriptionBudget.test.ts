import { parse } from 'graphql';
import { expect, it, onTestFinished } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { operationOf } from '../../src/server/operations/operation.ts';
import { type KeyServer, newInstitution, newKey, serveKeys } from '../support/keyed.ts';
import { greeted, listeningWithKeys, overSocket, overSse, type Stream } from '../support/keyedLive.ts';
import { rated } from '../support/limited.ts';
import type { Change, Result } from '../support/live.ts';
import { openMemory } from '../support/stores.ts';

const FOLLOW = `subscription ($after: String) { chatSessionChanged(after: $after) { cursor kind chatSession { title } } }`;
/** The cost of one change, in whole points. */
const COST = Math.ceil(costOf(FOLLOW));
const ORDINARY = `subscription { positionChanged { cursor kind
  position { id state version held { formatted } asset { label template { code name } institution { name } } }
  event { sequence fromState toState moved { amount } } } }`;
const CREATE = `mutation($of: ID, $title: String!) {
  createChatSession(input: { institutionId: $of, ownerReference: "ada", title: $title }) { __typename } }`;

function costOf(query: string): number {
  const operation = operationOf(schema, parse(query));
  if (!operation) throw new Error('It is no operation.');
  return operation.estimate({}).cost;
}

type Subscribe = (address: string, token: string, query: string, variables?: object) => Promise<Stream>;
const WAYS: Readonly<Record<string, Subscribe>> = {
  'server-sent events by POST': (address, token, query, variables = {}) =>
    overSse(address, token, query, { variables }),
  'server-sent events by GET': (address, token, query, variables = {}) =>
    overSse(address, token, query, { method: 'GET', variables }),
  WebSocket: async (address, token, query, variables) => {
    const bare = await greeted(address, { 'x-api-key': token });
    await bare.next();
    return overSocket(bare, '1', query, variables);
  },
};

interface Limited {
  readonly server: KeyServer;
  readonly address: string;
  readonly of: string;
  readonly token: string;
  readonly create: (title: string) => Promise<void>;
}

/** Starts a server with a budget for subscription events per API key and minute. */
async function limited(subscriptionCost: number): Promise<Limited> {
  const server = serveKeys(await openMemory(), rated({ subscriptionCost }));
  const ends: (() => Promise<void>)[] = [];
  const address = await listeningWithKeys(server, (end) => ends.push(end));
  onTestFinished(async () => {
    for (const end of ends) await end();
  });
  const of = await newInstitution(server);
  const { token } = await newKey(server, of, { role: 'READ_ONLY' });
  const create = async (title: string): Promise<void> => {
    const { data } = await server.ask(CREATE, { of, title });
    expect(data).toEqual({ createChatSession: { __typename: 'CreateChatSessionPayload' } });
  };
  return { server, address, of, token, create };
}

const changeOf = (result: Result | undefined): Change => {
  const change = result?.data?.['chatSessionChanged'];
  if (!change) throw new Error(`No change: ${JSON.stringify(result)}`);
  return change;
};
const titleOf = (result: Result | undefined): unknown => changeOf(result)['chatSession'];

it.each(Object.entries(WAYS))(
  'a subscription resumes without loss after the budget ended its stream, over %s',
  async (_name, subscribe) => {
    const { server, address, token, create } = await limited(2 * COST);
    const stream = await subscribe(address, token, FOLLOW);
    expect(changeOf(await stream.next()).kind).toBe('CAUGHT_UP');
    await create('a');
    await create('b');
    expect(titleOf(await stream.next())).toEqual({ title: 'a' });
    const last = await stream.next();
    expect(titleOf(last)).toEqual({ title: 'b' });
    server.now += 15_000;
    await create('c');
    const ended = await stream.next();
    expect(ended).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED', retryAfter: 45 } }] });
    expect(ended?.data ?? null).toBeNull();
    expect(await stream.next()).toBeUndefined();
    const { cursor } = (ended?.errors?.[0]?.extensions ?? {}) as { readonly cursor?: string };
    expect(cursor).toBe(changeOf(last).cursor);

    // A resumption that is too early delivers nothing, and the cursor stays valid.
    const early = await subscribe(address, token, FOLLOW, { after: cursor });
    expect(await early.next()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED', retryAfter: 45 } }] });

    server.now += 45_000;
    const resumed = await subscribe(address, token, FOLLOW, { after: cursor });
    expect(titleOf(await resumed.next())).toEqual({ title: 'c' });
    expect(changeOf(await resumed.next()).kind).toBe('CAUGHT_UP');
  },
);

it.each(Object.entries(WAYS))(
  'equal subscriptions of two API keys share a result, over %s',
  async (_name, subscribe) => {
    const { server, address, of, token, create } = await limited(COST);
    const other = await newKey(server, of, { role: 'READ_ONLY' });
    // Two subscriptions per API key: without sharing, the second event of an API key would exceed its budget of one.
    const streams = await Promise.all(
      [token, token, other.token, other.token].map((each) => subscribe(address, each, FOLLOW)),
    );
    for (const stream of streams) expect(changeOf(await stream.next()).kind).toBe('CAUGHT_UP');
    await create('a');
    const results = await Promise.all(streams.map((stream) => stream.next()));
    const executed = results.filter((result) => result?.errors).length;
    // The API key that paid for the execution has nothing left for its second subscription.
    expect(executed).toBe(1);
    expect(results.filter((result) => result?.data).map(titleOf)).toEqual(['a', 'a', 'a'].map((title) => ({ title })));
  },
);

it('an ordinary selection is accepted, and an expensive one is rejected before the stream begins', async () => {
  const { server, address, token } = await limited(500);
  for (const subscribe of Object.values(WAYS)) {
    const ordinary = await subscribe(address, token, ORDINARY);
    expect(await ordinary.next()).toMatchObject({ data: { positionChanged: { kind: 'CAUGHT_UP', position: null } } });
    const expensive = await subscribe(
      address,
      token,
      'subscription { positionChanged { position { events(first: 100) { nodes { id position { asset { institution { name } } } ledgerEvent { id } } } } } }',
    );
    expect(await expensive.next()).toMatchObject({ errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }] });
    expect(await expensive.next()).toBeUndefined();
  }
  expect(server.faults).toEqual([]);
});
