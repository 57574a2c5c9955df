import { type App, type AppOptions, createApp } from '../../src/app.ts';
import type { Settings } from '../../src/settings.ts';
import type { Store } from '../../src/store/store.ts';
import { START } from './server.ts';

export const ROOT_TOKEN = 'root-token-of-the-tests-0000000000000000';

/** A complete response. */
export interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A server that authenticates with API keys, and a clock that only the test advances. */
export interface KeyedServer {
  readonly app: App;
  readonly faults: unknown[];
  now: number;
  /** Sends a query with a token, or without one if it is null. */
  ask(
    token: string | null,
    query: string,
    variables?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Said>;
  /** Sends a query that must succeed, and returns its data; the test fails on any error. */
  data<T>(token: string, query: string, variables?: object, headers?: Readonly<Record<string, string>>): Promise<T>;
}

/** Allows large documents, whose limits have separate tests. */
const ROOMY: Partial<Settings> = {
  documents: { tokens: 100_000, depth: 50, aliases: 1_000, directives: 8, introspection: 'all' },
  operations: { cost: 1e9, subscriptionCost: 1e9, listValues: 1_000 },
};

export function serveKeyed(store: Store, options: Partial<AppOptions> = {}): KeyedServer {
  const faults: unknown[] = [];
  const time = { now: START };
  const app = createApp({
    store,
    rootToken: ROOT_TOKEN,
    clock: () => time.now,
    onInternalError: (_errorId, error) => faults.push(error),
    settings: ROOMY,
    ...options,
  });
  const server: KeyedServer = Object.assign(time, {
    app,
    faults,
    ask: async (token: string | null, query: string, variables = {}, headers: Readonly<Record<string, string>> = {}) =>
      saidOf(await app.fetch(requestOf(token, query, variables, headers))),
    data: async <T>(token: string, query: string, variables?: object, headers?: Readonly<Record<string, string>>) => {
      const { text } = await server.ask(token, query, variables, headers);
      const { data, errors } = JSON.parse(text) as { readonly data?: T; readonly errors?: unknown };
      if (errors || !data) throw new Error(`The request failed: ${text}`, { cause: faults.at(-1) });
      return data;
    },
  });
  return server;
}

function requestOf(token: string | null, query: string, variables: object, headers: Readonly<Record<string, string>>) {
  const shown = token === null ? {} : { authorization: `Bearer ${token}` };
  return new Request('http://localhost/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...shown, ...headers },
    body: JSON.stringify({ query, variables }),
  });
}

/** Matches cursors of CAUGHT_UP, which differ each time. */
const ID_OF_CAUGHT_UP = /^id: .*\n(?=event: next\ndata: [^\n]*CAUGHT_UP)/gm;

/** Returns the text of a response without pings. A stream is read until it has caught up, or has ended. */
async function saidOf(response: Response): Promise<Said> {
  const { status, headers } = response;
  if (!headers.get('content-type')?.startsWith('text/event-stream')) {
    return { status, headers, text: await response.text() };
  }
  let text = '';
  const decoder = new TextDecoder();
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(part, { stream: true });
    // Leaving the loop ends the subscription.
    if (/CAUGHT_UP[^\n]*\n\n/.test(text)) break;
  }
  return { status, headers, text: text.replaceAll(/^:.*\n\n/gm, '').replaceAll(ID_OF_CAUGHT_UP, '') };
}
