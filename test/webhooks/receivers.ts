import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import {
  type PostOutcome,
  type PostRequest,
  WebhookClient,
  type WebhookClientOptions,
} from '../../src/webhooks/post.ts';
import { atFileEnd } from '../support/fileEnd.ts';

/** A server on this computer that receives deliveries. */
export interface Receiver {
  readonly url: string;
  readonly port: number;
  /** All connections that were ever accepted. */
  readonly sockets: readonly Socket[];
  /** All bytes that were ever received, as Latin-1 text. */
  readonly received: () => string;
}

async function listen(server: Server, host: string, port: number): Promise<Receiver> {
  const sockets: Socket[] = [];
  const parts: Buffer[] = [];
  server.prependListener('connection', (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => parts.push(part));
  });
  server.listen(port, host);
  await once(server, 'listening');
  atFileEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const actualPort = (server.address() as AddressInfo).port;
  return {
    url: `http://${host}:${actualPort}/hook`,
    port: actualPort,
    sockets,
    received: () => Buffer.concat(parts).toString('latin1'),
  };
}

/** Starts a receiver that speaks HTTP. */
export const startReceiver = (handler: RequestListener): Promise<Receiver> =>
  listen(createServer({ keepAliveTimeout: 0 }, handler), '127.0.0.1', 0);

/** Starts a receiver that sends whatever it likes. */
export const startRawReceiver = (
  onConnection: (socket: Socket) => void,
  { host = '127.0.0.1', port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<Receiver> => listen(createTcpServer(onConnection), host, port);

/** Starts a receiver that sends the text as soon as the first bytes of a request arrive. */
export const startFixedReceiver = (text: string, mayEnd = true): Promise<Receiver> =>
  startRawReceiver((socket) => {
    socket.once('data', () => {
      if (mayEnd) socket.end(text, 'latin1');
      else socket.write(text, 'latin1');
    });
  });

/** Returns a client that may send to this computer. It is closed when the file ends. */
export function newClient(options: Partial<WebhookClientOptions> = {}): WebhookClient {
  const client = new WebhookClient({ allowPrivate: true, clock: Date.now, ...options });
  atFileEnd(() => client.close());
  return client;
}

export const requestTo = (url: string): PostRequest => ({
  url,
  headers: { 'webhook-id': 'whd_01' },
  body: '{"a":"ü"}',
});

/** Only ends attempts that wait forever. */
export const HANG_TIMEOUT_MS = 400;

export const postTo = (url: string, options: Partial<WebhookClientOptions> = {}): Promise<PostOutcome> =>
  newClient(options).post(requestTo(url));

export const response = (status: number, retryAfterMs: number | null = null): PostOutcome => ({
  kind: 'response',
  status,
  retryAfterMs,
});
export const failure = (error: string): unknown => ({ kind: 'error', error });

/** Resolves when the receiver's side of a connection is closed. */
export const closed = async (socket: Socket | undefined): Promise<void> => {
  if (!socket || socket.closed) return;
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
};
