import { afterAll, beforeAll, beforeEach } from 'vitest';
import {
  type Client,
  type ClientOptions,
  CreatePositionDocument,
  createClient,
  FundPositionDocument,
  unwrap,
} from '../../src/client/index.ts';
import { type Endpoint, endpointOn, PRODUCTION } from '../support/endpoint.ts';
import { type Relay, startRelay } from '../support/relay.ts';

/** A server, a relay in front of it, and clients of its first institution that connect through the relay. */
export interface ClientWorld {
  readonly endpoint: Endpoint;
  readonly relay: Relay;
  /** The URL through the relay. */
  readonly url: string;
  readonly client: (options?: Partial<ClientOptions>) => Client;
}

/** Serves with the limits of production until the test file ends. It must be called where hooks can be registered. */
export function clientWorld(): () => ClientWorld {
  const { operations, documents } = PRODUCTION;
  const endpoint = endpointOn({ operations, documents }, { origins: ['http://127.0.0.1:*'] });
  let relay: Relay;
  let url: string;
  beforeAll(async () => {
    relay = await startRelay(Number(new URL(endpoint().url).port));
    url = `http://127.0.0.1:${relay.port}/graphql`;
  });
  beforeEach(() => {
    relay.dropsAnswers = false;
    relay.isStalled = false;
  });
  afterAll(() => relay.close());
  const client = (options: Partial<ClientOptions> = {}): Client =>
    createClient({ url, key: endpoint().houses[0].admin, ...options });
  return () => ({ endpoint: endpoint(), relay, url, client });
}

/** A request that a client has sent. */
export interface Sent {
  readonly headers: Headers;
  readonly query: string;
}

/** Returns a fetch that records its requests. `before` may answer a request itself; it is called with its number from 0. */
export function recordingFetch(
  before: (index: number) => Response | void | Promise<Response | void> = () => undefined,
) {
  const sent: Sent[] = [];
  const recording: typeof fetch = async (url, init) => {
    const { query } = JSON.parse(init?.body as string) as { readonly query: string };
    sent.push({ headers: new Headers(init?.headers), query });
    return (await before(sent.length - 1)) ?? fetch(url, init);
  };
  return { fetch: recording, sent };
}

/** Opens a position, funds it, and returns its id. */
export async function newFundedPosition({ endpoint, client }: ClientWorld): Promise<string> {
  const { assetId } = endpoint.houses[0].deal;
  const input = { assetId, holderReference: 'ann', amount: { amount: '100.00', currencyCode: 'USD' } };
  const { createPosition } = await client().execute(CreatePositionDocument, { input });
  const { id } = unwrap(createPosition).position;
  unwrap((await client().execute(FundPositionDocument, { input: { positionId: id } })).fundPosition);
  return id;
}

/** Creates an API key that may read, and returns its token and a function that revokes it. */
export async function newApiKey(client: Client) {
  type Created = { readonly createApiKey: { readonly token: string; readonly apiKey: { readonly id: string } } };
  const { createApiKey } = await client.execute<Created, object>(
    `mutation { createApiKey(input: { label: "a", role: READ_ONLY }) {
      ... on CreateApiKeyPayload { token apiKey { id } } } }`,
  );
  const { token, apiKey } = createApiKey;
  const revoke = `mutation { revokeApiKey(input: { apiKeyId: "${apiKey.id}" }) { __typename } }`;
  return { token, revoke: () => client.execute(revoke) };
}

/** Returns what a promise rejects with. */
export const rejectionOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
