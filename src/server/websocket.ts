import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GraphQLError } from 'graphql';
import { handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { unauthenticated } from './access/access.ts';
import { ConnectionLimiter } from './access/connectionLimiter.ts';
import { credentialOf } from './access/credential.ts';
import { isAllowedOrigin, type Origins } from './access/origins.ts';
import { formatForStream } from './errors.ts';
import { addressOf, convertToOriginForm, isAt } from './http.ts';
import { logRejection } from './requestLog.ts';
import { SocketGuard } from './socketGuard.ts';
import { type Extra, type ProtocolOptions, protocolOf } from './socketProtocol.ts';
import { credentialHeaders } from './socketRequest.ts';

/**
 * The maximum time for a client to answer a close frame before its socket is destroyed, in ms. The types of ws lack it.
 */
const CLOSING = { closeTimeout: 3_000 } as const;
/** The close code for all clients when the server stops. */
const GOING_AWAY = 1001;

export interface WebSocketOptions extends ProtocolOptions {
  readonly origins: Origins;
  /** The maximum bytes of one message of a client. */
  readonly bodyBytes: number;
  /** The maximum number of sockets that are open at once. */
  readonly maxWebSockets: number;
  readonly socketsPerAddress: number;
  /** The maximum number of operations on one socket at once. */
  readonly operationsPerSocket: number;
  /** The number of unread bytes above which a socket is terminated. */
  readonly socketBufferBytes: number;
}

/** Serves graphql-ws at the path of the HTTP server; returns a function that ends all sockets. */
export function serveWebSockets(server: Server, options: WebSocketOptions): () => Promise<void> {
  const { path, origins, trustedProxies, onRequest } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: options.bodyBytes,
    ...CLOSING,
    // Reads at most one message per socket and turn of the event loop, so a flood on one socket leaves time for all
    // others.
    allowSynchronousEvents: false,
  });
  const connections = new ConnectionLimiter(options.maxWebSockets, options.socketsPerAddress);
  const open = openerOf(options);
  server.on('upgrade', (request, socket, head) => {
    convertToOriginForm(request);
    const address = addressOf(request, trustedProxies);
    const reject: RejectUpgrade = (status, error) => {
      rejectUpgrade(socket, status, error);
      logRejection(onRequest, address, status, error);
    };
    const { origin, host = null } = request.headers;
    if (!isAt(request, path)) return reject(404);
    if (origin !== undefined && !isAllowedOrigin(origin, host, origins)) return reject(403);
    if (hasSeveralCredentials(request)) return void rejectCredentials(options, request, socket, reject);
    const release = connections.acquire(address);
    if (!release) return reject(503);
    socket.once('close', release);
    sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => open(webSocket, request));
  });
  return async () => {
    for (const client of sockets.clients) client.close(GOING_AWAY, 'Going away');
    await new Promise((resolve) => sockets.close(resolve));
  };
}

function openerOf(options: WebSocketOptions): (socket: WebSocket, request: IncomingMessage) => void {
  const { server, countMessage } = protocolOf(options);
  return (socket, request) => {
    const guard = new SocketGuard(socket, {
      ...options,
      countRequest: () => countMessage(extra),
      onError: options.mask,
    });
    const extra: Extra = { request, socket, guard, connected: undefined };
    const closed = server.opened(guard, extra);
    socket.once('close', (code, reason) => void closed(code, String(reason)));
  };
}

const hasSeveralCredentials = ({ headers }: IncomingMessage): boolean =>
  credentialOf((name) => headers[name]?.toString() ?? null) === 'SEVERAL';

type RejectUpgrade = (status: number, error?: GraphQLError) => void;

/** Counts the upgrade as a failed request, and rejects it with the reason. */
async function rejectCredentials(
  { path, access, mask, trustedProxies }: WebSocketOptions,
  upgrade: IncomingMessage,
  socket: Duplex,
  reject: RejectUpgrade,
): Promise<void> {
  socket.on('error', () => undefined);
  const headers = credentialHeaders(Object.entries(upgrade.headers));
  const request = new Request(`http://localhost${path}`, { headers });
  const enter = async () => access.enter(request, addressOf(upgrade, trustedProxies));
  const error = await enter().then(() => unauthenticated(), mask);
  reject(error.extensions['code'] === 'RATE_LIMITED' ? 429 : 401, error);
}

/** Ends the socket of a rejected upgrade. No other handler would receive its errors or close its side. */
function rejectUpgrade(socket: Duplex, status: number, error: GraphQLError | undefined): void {
  socket.on('error', () => undefined);
  const json = error && JSON.stringify({ errors: [formatForStream(error)] });
  const type = json === undefined ? '' : 'Content-Type: application/json; charset=utf-8\r\n';
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${type}Connection: close\r\n\r\n`;
  socket.end(`${head}${json ?? ''}`, () => socket.destroy());
}
