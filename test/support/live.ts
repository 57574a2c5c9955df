import type { IncomingMessage } from 'node:http';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { AS_ROOT } from './program.ts';
import type { TestServer } from './server.ts';

/** A result of a subscription, or the only result of another operation. */
export interface Result {
  readonly data?: Readonly<Record<string, Change>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}
export interface Change {
  readonly cursor: string;
  readonly kind: string;
  readonly [object: string]: unknown;
}
export type Results = AsyncIterableIterator<Result>;
export type Variables = Record<string, unknown>;

/** A client of one server. */
export interface LiveClient {
  readonly ask: (query: string, variables?: Variables) => Results;
  /** Disconnects without closing the connection properly. */
  readonly vanish: () => void;
}
export interface Transport {
  readonly name: string;
  readonly connect: (address: string) => LiveClient;
}

export const sse: Transport = {
  name: 'server-sent events',
  connect: (url) => {
    const gone = new AbortController();
    const fetchFn: typeof fetch = (input, init) => {
      const signal = init?.signal ? AbortSignal.any([gone.signal, init.signal]) : gone.signal;
      return fetch(input, { ...init, signal });
    };
    const client = createSseClient({
      url,
      headers: { ...AS_ROOT },
      fetchFn,
      retryAttempts: 0,
      abortControllerImpl: AbortController,
    });
    return {
      ask: (query, variables = {}) => withErrors(client.iterate({ query, variables }) as unknown as Results),
      vanish: () => gone.abort(),
    };
  },
};

export const webSocket: Transport = {
  name: 'WebSocket',
  connect: (address) => {
    const sockets: WebSocket[] = [];
    class Socket extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        sockets.push(this);
      }
    }
    const url = address.replace(/^http/, 'ws');
    const client = createWsClient({
      url,
      connectionParams: { ...AS_ROOT },
      webSocketImpl: Socket,
      retryAttempts: 0,
      onNonLazyError: () => undefined,
    });
    return {
      ask: (query, variables = {}) => withErrors(client.iterate({ query, variables }) as unknown as Results),
      vanish: () => sockets.forEach((socket) => socket.terminate()),
    };
  },
};

/** Converts an exception of the client to a result. */
async function* withErrors(results: Results): AsyncGenerator<Result, void, undefined> {
  try {
    for await (const result of results) yield result;
  } catch (error) {
    if (!Array.isArray(error)) throw error;
    yield { errors: error as NonNullable<Result['errors']> };
  }
}

/** Starts the background jobs and listens until the test file ends. Returns the address. */
export async function listening(server: TestServer, atEnd: (end: () => Promise<void>) => void): Promise<string> {
  server.app.start();
  const bound = await server.app.listen(0, '127.0.0.1');
  atEnd(async () => {
    await server.app.stop();
    await bound.close();
  });
  return `${bound.origin}/graphql`;
}

/** Returns a client that disconnects when the test ends. */
export function clientOf({ connect }: Transport, address: string): LiveClient {
  const client = connect(address);
  onTestFinished(() => client.vanish());
  return client;
}

/** Returns the next changes, up to the given number. */
export async function changes(results: Results, count: number): Promise<readonly Change[]> {
  const seen: Change[] = [];
  while (seen.length < count) {
    const { value, done } = await results.next();
    if (done) throw new Error(`It ended after ${seen.length} changes of ${count}.`);
    const [change] = Object.values(value.data ?? {});
    if (value.errors || !change) throw new Error(`No change: ${JSON.stringify(value)}`);
    seen.push(change);
  }
  return seen;
}

/** Returns the code of the error that ends a subscription. There must be no other result. */
export async function refusalOf(results: Results): Promise<string | undefined> {
  const all: Result[] = [];
  for await (const result of results) all.push(result);
  const [only] = all;
  if (all.length !== 1 || !only?.errors?.[0] || Object.values(only.data ?? {}).some(Boolean)) {
    throw new Error(`Not a refusal: ${JSON.stringify(all)}`);
  }
  return only.errors[0].extensions?.code;
}

/** Yields the text of a response as it arrives. */
export async function* textOf(response: IncomingMessage): AsyncGenerator<string, void, undefined> {
  for await (const chunk of response) yield String(chunk);
}
