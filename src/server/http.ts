import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Page } from './graphiql.ts';

/** How long requests that are under way may still take when the server closes, in ms. */
const DRAIN_MS = 10_000;

export interface Listening {
  /** The origin that was bound: http://127.0.0.1:4000 */
  readonly origin: string;
  /** Takes no more connections, lets what is under way finish, then closes the rest. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly graphql: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly page: Page;
  /** Serves what comes as a WebSocket; answers how to end that. */
  readonly upgrade: (server: Server) => () => Promise<void>;
  readonly port: number;
  readonly host: string;
}

/** Serves the page where it is asked for, and hands everything else on. */
export async function listen({ graphql, page, upgrade, port, host }: ListenOptions): Promise<Listening> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!(await page(request, response))) await graphql(request, response);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  // Connections that have asked for nothing yet: to Node they are not idle, and would hold up the end.
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  const endSockets = upgrade(server);
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  const close = async (): Promise<void> => {
    await endSockets();
    const closed = closeGently(server);
    for (const socket of silent) socket.destroy();
    await closed;
  };
  return { origin: `http://${name}:${bound}`, close };
}

async function closeGently(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const hurry = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(hurry);
}
