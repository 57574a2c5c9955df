import { afterAll, beforeAll } from 'vitest';
import { type App, type AppOptions, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { Settings } from '../../src/settings.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import { chat } from './chat.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from './deal.ts';
import { serve, type TestServer } from './server.ts';

export const ROOT_TOKEN = 'root-Zk4WtN8cPq2LxVh7BdRy9JmSf3GuTe6A';
/** The default settings in production. */
export const PRODUCTION: Settings = readConfig({ NODE_ENV: 'production', ROOT_API_KEY: ROOT_TOKEN }).settings;

/** An institution with its objects and API keys. */
export interface House {
  readonly deal: Deal;
  /** Ids of every type. */
  readonly ids: readonly string[];
  readonly admin: string;
  readonly reader: string;
}

/** A server on the loopback interface, with real API keys. */
export interface Endpoint {
  readonly url: string;
  readonly app: App;
  readonly store: MemoryStore;
  readonly houses: readonly [House, House];
  readonly faults: unknown[];
}

/** Serves over HTTP until the test file ends. It must be called where hooks can be registered. */
export function endpointOn(settings: Partial<Settings> = {}, options: Partial<AppOptions> = {}): () => Endpoint {
  let endpoint: Endpoint;
  let end = async (): Promise<void> => undefined;
  beforeAll(async () => {
    const store = createMemoryStore();
    const faults: unknown[] = [];
    const builder = serve(store);
    const houses = [await houseOf(builder), await houseOf(builder)] as const;
    const onInternalError = (_errorId: string, error: unknown) => void faults.push(error);
    const app = createApp({ store, rootToken: ROOT_TOKEN, settings, onInternalError, ...options });
    app.start();
    const bound = await app.listen(0, '127.0.0.1');
    end = async () => {
      await app.stop();
      await bound.close();
    };
    endpoint = { url: `${bound.origin}/graphql`, app, store, houses, faults };
  });
  afterAll(() => end());
  return () => endpoint;
}

/** Creates an institution with one object of every type. */
export async function houseOf(server: TestServer): Promise<House> {
  const deal = await makeDeal(server);
  const { institution, templateId, assetId } = deal;
  const [open, funded] = [await openPosition(server, deal), await fundedPosition(server, deal)];
  const say = chat(server);
  const input = { institutionId: institution.id, ownerReference: 'ann', title: 'Pier 9', positionId: funded.id };
  const chatSessionId = await say('createChatSession', input);
  const message = await say('postChatMessage', { chatSessionId, authorReference: 'ann', body: 'Hello' });
  const [admin, reader] = [await keyOf(server, deal, 'ADMIN'), await keyOf(server, deal, 'READ_ONLY')];
  const ids = [institution.id, templateId, assetId, open.id, funded.id, chatSessionId, message, admin.id, reader.id];
  return { deal, ids, admin: admin.token, reader: reader.token };
}

async function keyOf(server: TestServer, { institution }: Deal, role: 'ADMIN' | 'READ_ONLY') {
  type Made = { readonly createApiKey: { readonly token?: string; readonly apiKey: { readonly id: string } } | null };
  const { data, text } = await server.ask<Made>(
    `mutation ($input: CreateApiKeyInput!) {
      createApiKey(input: $input) { ... on CreateApiKeyPayload { token apiKey { id } } ... on UserError { message } }
    }`,
    { input: { institutionId: institution.id, label: role, role } },
  );
  const { token, apiKey } = data?.createApiKey ?? {};
  if (!token || !apiKey) throw new Error(`There is no key: ${text}`);
  return { token, id: apiKey.id };
}

/** Returns the header with a token. */
export const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });

/** Posts a body as JSON. */
export const post = (url: string, token: string, body: unknown, headers: object = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token), ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
