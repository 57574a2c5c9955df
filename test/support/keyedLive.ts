import { once } from 'node:events';
import { request } from 'node:http';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { KeyServer } from './keyed.ts';
import { type Result, textOf } from './live.ts';

/** Starts the background jobs and listens until the end. Returns the address. */
export async function listeningWithKeys(server: KeyServer, atEnd: (end: () => Promise<void>) => void): Promise<string> {
  server.app.start();
  const bound = await server.app.listen(0, '127.0.0.1');
  atEnd(async () => {
    await server.app.stop();
    await bound.close();
  });
  return `${bound.origin}/graphql`;
}

/** An open subscription. */
export interface Stream {
  /** Returns the next result, or undefined when the stream has ended. */
  next(): Promise<Result | undefined>;
}

/** Subscribes over server-sent events with the token, by POST or GET. */
export async function overSse(
  address: string,
  token: string,
  query: string,
  { method = 'POST', variables = {} }: { readonly method?: 'GET' | 'POST'; readonly variables?: object } = {},
): Promise<Stream> {
  const credential = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
  const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  const clientRequest =
    method === 'POST'
      ? request(address, { method, headers: { ...credential, 'content-type': 'application/json' } })
      : request(`${address}?${search}`, { method, headers: { ...credential, 'x-graphql-yoga-csrf': '1' } });
  onTestFinished(() => void clientRequest.destroy());
  clientRequest.on('error', () => undefined).end(method === 'POST' ? JSON.stringify({ query, variables }) : undefined);
  const [response] = (await once(clientRequest, 'response')) as [Parameters<typeof textOf>[0]];
  const chunks = textOf(response);
  let text = '';
  return {
    next: async () => {
      for (;;) {
        const [, data, rest = ''] = /^(?:.*\n)*?event: next\ndata: (.+)\n\n([^]*)$/.exec(text) ?? [];
        if (data !== undefined) {
          text = rest;
          return JSON.parse(data) as Result;
        }
        const { value, done } = await chunks.next();
        if (done) return undefined;
        text += value;
      }
    },
  };
}

interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: unknown;
}

/** A minimal graphql-ws client that neither repeats nor hides messages. */
export interface BareSocket {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  send(message: Message): void;
  /** Returns the next message that is not a ping, or undefined when the socket is closed. */
  next(): Promise<Message | undefined>;
}

export async function bareSocket(address: string, headers: Readonly<Record<string, string>> = {}): Promise<BareSocket> {
  const socket = new WebSocket(address.replace(/^http/, 'ws'), 'graphql-transport-ws', { headers });
  onTestFinished(() => socket.terminate());
  socket.on('error', () => undefined);
  const waiting: (Message | undefined)[] = [];
  let wake = (): void => undefined;
  const put = (message: Message | undefined): void => {
    waiting.push(message);
    wake();
  };
  socket.on('message', (data: Buffer) => put(JSON.parse(data.toString()) as Message));
  const closed = once(socket, 'close').then(([code]) => Number(code));
  void closed.then(() => put(undefined));
  await once(socket, 'open');
  return {
    socket,
    closed,
    send: (message) => socket.send(JSON.stringify(message)),
    next: async () => {
      while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return waiting.shift();
    },
  };
}

/** Opens a socket and sends connection_init with these parameters. */
export async function greeted(
  address: string,
  payload: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<BareSocket> {
  const bare = await bareSocket(address, headers);
  bare.send({ type: 'connection_init', payload });
  return bare;
}

/** Runs one operation over a socket. Errors are returned as a result with errors, as over HTTP. */
export function overSocket(bare: BareSocket, id: string, query: string, variables: object = {}): Stream {
  bare.send({ id, type: 'subscribe', payload: { query, variables } });
  return {
    next: async () => {
      for (;;) {
        const message = await bare.next();
        if (message !== undefined && message.id !== id) continue;
        if (message === undefined || message.type === 'complete') return undefined;
        if (message.type === 'error') return { errors: message.payload as NonNullable<Result['errors']> };
        if (message.type === 'next') return message.payload as Result;
      }
    },
  };
}
