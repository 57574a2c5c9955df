import { type App, type AppOptions, createApp } from '../../src/app.ts';
import { createIds } from '../../src/ids.ts';
import type { Store } from '../../src/store/store.ts';
import type { Answer } from './server.ts';
import { START } from './server.ts';

export const ROOT_TOKEN = 'root-q7Vd3xKe9TzBn2Wm6JpLc8RfYh4GsXu5';

/** A server that authenticates with API keys only, and a clock that only the test advances. */
export interface KeyServer {
  readonly app: App;
  readonly faults: unknown[];
  now: number;
  /** Sends a query with the token, or without one if it is null. */
  ask<T = Record<string, unknown>>(
    query: string,
    variables?: object,
    token?: string | null,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<T> & { readonly headers: Headers }>;
}

export function serveKeys(store: Store, options: Partial<AppOptions> = {}): KeyServer {
  const faults: unknown[] = [];
  const world = { now: START };
  const clock = (): number => world.now;
  const app = createApp({
    store,
    clock,
    newId: createIds(clock),
    rootToken: ROOT_TOKEN,
    onInternalError: (_errorId, error) => faults.push(error),
    ...options,
  });
  return Object.assign(world, {
    app,
    faults,
    ask: async (
      query: string,
      variables: object = {},
      token: string | null = ROOT_TOKEN,
      headers: Readonly<Record<string, string>> = {},
    ) => {
      const credential: Readonly<Record<string, string>> = token === null ? {} : { authorization: `Bearer ${token}` };
      const response = await app.fetch(
        new Request('http://localhost/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...credential, ...headers },
          body: JSON.stringify({ query, variables }),
        }),
      );
      const text = await response.text();
      return { ...(JSON.parse(text) as object), status: response.status, headers: response.headers, text };
    },
  });
}

const KEY = 'apiKey { id label role prefix createdAt expiresAt revokedAt lastUsedAt }';
export const MUTATIONS = {
  createApiKey: `mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) {
    ... on CreateApiKeyPayload { token ${KEY} } ... on UserError { code message path } } }`,
  revokeApiKey: `mutation($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) {
    ... on RevokeApiKeyPayload { ${KEY} } ... on UserError { code message path } } }`,
  rotateApiKey: `mutation($input: RotateApiKeyInput!) { rotateApiKey(input: $input) {
    ... on RotateApiKeyPayload { token ${KEY} previous { id expiresAt revokedAt } }
    ... on UserError { code message path } } }`,
} as const;

export interface KeyRow {
  readonly id: string;
  readonly label: string;
  readonly role: 'ADMIN' | 'READ_ONLY';
  readonly prefix: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}
/** The result of a mutation of API keys. */
export interface KeyReply {
  readonly apiKey?: KeyRow;
  readonly token?: string;
  readonly previous?: Pick<KeyRow, 'id' | 'expiresAt' | 'revokedAt'>;
  readonly code?: string;
  readonly message?: string;
}

export async function callKey(
  server: KeyServer,
  mutation: keyof typeof MUTATIONS,
  input: object,
  token: string = ROOT_TOKEN,
): Promise<KeyReply> {
  const { data, text } = await server.ask<Record<string, KeyReply>>(MUTATIONS[mutation], { input }, token);
  const reply = data?.[mutation];
  if (!reply) throw new Error(`${mutation} was not answered: ${text}`, { cause: server.faults.at(-1) });
  return reply;
}

/** Creates an API key, and returns it with its token. */
export async function newKey(
  server: KeyServer,
  institutionId: string,
  patch: object = {},
): Promise<{ readonly id: string; readonly token: string; readonly institutionId: string }> {
  const input = { institutionId, label: 'Key', role: 'ADMIN', ...patch };
  const { apiKey, token, message } = await callKey(server, 'createApiKey', input);
  if (!apiKey || token === undefined) throw new Error(`No key: ${message}`);
  return { id: apiKey.id, token, institutionId };
}

/** Creates an institution, and returns its id. */
export async function newInstitution(server: KeyServer, name = 'Harbor Bank'): Promise<string> {
  const { data, text } = await server.ask<{ createInstitution: { institution?: { id: string } } }>(
    `mutation($input: CreateInstitutionInput!) { createInstitution(input: $input) {
      ... on CreateInstitutionPayload { institution { id } } } }`,
    { input: { name, regions: ['US'] } },
  );
  const id = data?.createInstitution.institution?.id;
  if (id === undefined) throw new Error(`No institution: ${text}`);
  return id;
}
