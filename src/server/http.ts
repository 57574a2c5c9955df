import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GraphQLError } from 'graphql';
import { clientAddress } from './access/address.ts';
import { readBody } from './body.ts';
import { Connections } from './connections.ts';
import type { Page } from './fixedText.ts';
import { isGetOrHead, isPageRequest } from './graphiql.ts';
import { resultTypeFor } from './mediaTypes.ts';
import { probeAnswer, type Readiness } from './readiness.ts';
import { requestError, sendError } from './requestError.ts';
import { loggedHandler, logRejection } from './requestLog.ts';
import type { OnRequest } from './requestRecord.ts';
import type { GraphqlHandler } from './serverContext.ts';
import { type Tracing, tracedHandler } from './tracing.ts';

/** The time for which requests in progress may continue when the server closes, in ms. */
const DRAIN_MS = 10_000;
/** The interval at which Node checks for requests that arrive too slowly, in ms. */
const CHECK_MS = 1_000;
/** The path of the metrics. */
export const METRICS_PATH = '/metrics';
/** The maximum bytes of a request's headers. */
const HEADER_BYTES = 16 * 1024;

export interface Listening {
  /** The bound origin: http://127.0.0.1:4000 */
  readonly origin: string;
  /** The connections of clients. */
  readonly connections: Connections;
  /** Accepts no more connections, waits for requests in progress for `ms` milliseconds, then closes the rest. */
  close(ms?: number): Promise<void>;
}

/** The limits for requests and connections. Times in ms. */
export interface HttpLimits {
  readonly bodyBytes: number;
  /** The maximum time to receive the headers of a request. */
  readonly headersMs: number;
  /** The maximum time to receive a request. */
  readonly requestMs: number;
  /**
   * The time for which an idle connection is kept open for the next request. Must be longer than that of a load
   * balancer.
   */
  readonly keepAliveTimeoutMs: number;
  /** The maximum time without data on a socket during a request or a response. */
  readonly idleTimeoutMs: number;
  /** The number of proxies before the server whose statements about the client's address are trusted. */
  readonly trustedProxies: number;
  readonly connections: number;
}

export interface ListenOptions {
  readonly path: string;
  readonly graphql: GraphqlHandler;
  /** GraphiQL, or null if it is off. */
  readonly page: Page | null;
  /** The texts at other paths, by path. */
  readonly texts: ReadonlyMap<string, Page>;
  /** Answers requests for the metrics, or null if there are none. */
  readonly metrics: Answer | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: HttpLimits;
  readonly readiness: Readiness;
  /** Called for every request but probes, pages and metrics; undefined if none is logged. */
  readonly onRequest: OnRequest | undefined;
  readonly tracing: Tracing | undefined;
  /** Serves WebSockets. Returns a function that closes them. */
  readonly upgrade: (server: Server) => () => Promise<void>;
  readonly port: number;
  readonly host: string;
}

/** Serves the page if a browser requests it, and passes requests for the path to GraphQL. Anything else is 404. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { upgrade, port, host, limits } = options;
  const server = createServer(
    // Repeated headers are joined, so that a repeated Authorization or Host is invalid and rejected. By default Node
    // silently keeps the first.
    { maxHeaderSize: HEADER_BYTES, connectionsCheckingInterval: CHECK_MS, joinDuplicateHeaders: true },
  );
  const connections = new Connections(server);
  const logged = loggedHandler(options.graphql, options.onRequest);
  const observed = { ...options, graphql: tracedHandler(logged, options.tracing) };
  server.on('request', (request, response) => {
    connections.answer(response, () => handle(observed, request, response)).catch(() => response.destroy());
  });
  server.headersTimeout = Math.min(limits.headersMs, limits.requestMs);
  server.requestTimeout = limits.requestMs;
  server.keepAliveTimeout = limits.keepAliveTimeoutMs;
  server.timeout = limits.idleTimeoutMs;
  server.maxConnections = limits.connections;
  const endSockets = upgrade(server);
  const origin = await listenAt(server, port, host);
  const close = async (ms = DRAIN_MS): Promise<void> => {
    await endSockets();
    await connections.close(ms);
  };
  return { origin, connections, close };
}

/** Listens, and returns the bound origin: http://127.0.0.1:4000 */
export async function listenAt(server: Server, port: number, host: string): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

/** A host that was found to be valid, as nearly all requests name the same one. */
let knownHost = 'localhost';

/** Whether a header Host is valid. */
function isHost(host: string): boolean {
  if (host === knownHost) return true;
  if (!HOST.test(host) || !URL.canParse(`http://${host}`)) return false;
  knownHost = host;
  return true;
}

/** A host name or an address, with or without a port. Internationalized names are sent in ASCII. */
const HOST = /^(?:[\w.~-]+|\[[\dA-Fa-f:.]+\])(?::\d{1,5})?$/;

async function handle(options: ListenOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { graphql, limits, headers } = options;
  convertToOriginForm(request);
  const answer = otherAnswer(options, request);
  if (answer) {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    return answer(request, response);
  }
  await graphql(request, response, {
    address: addressOf(request, limits.trustedProxies),
    body: () => readBody(request, limits.bodyBytes),
    res: response,
  });
  // Yoga removes the timeout from the sockets of streams, and a client that never reads would then stay forever.
  if (!response.writableEnded) request.socket.setTimeout(limits.idleTimeoutMs);
}

/** Answers a request. */
type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Returns what answers a request that is not passed to GraphQL, or undefined. */
function otherAnswer(options: ListenOptions, request: IncomingMessage): Answer | undefined {
  const { path, page } = options;
  const { host, accept } = request.headers;
  const rejectWith = (error: GraphQLError): Answer => reject(options, error);
  if (host !== undefined && !isHost(host)) return rejectWith(badRequest('The header Host must be a valid host.'));
  if (isRepeated(request, 'idempotency-key')) {
    return rejectWith(badRequest('Send the header Idempotency-Key only once.'));
  }
  if (!isAt(request, path)) return answerElsewhere(options, request);
  if (!isPageRequest(request)) return undefined;
  return page ?? (resultTypeFor(accept ?? null) === undefined ? rejectWith(notFound(path)) : undefined);
}

/** Returns what answers a request for another path than that of GraphQL. */
function answerElsewhere(options: ListenOptions, request: IncomingMessage): Answer {
  const { path, page, texts, metrics, readiness } = options;
  const text = texts.get(request.url?.split('?', 1)[0] ?? '');
  if (text) return isGetOrHead(request) ? text : reject(options, methodNotAllowed());
  if (!isGetOrHead(request)) return reject(options, notFound(path));
  const probe = probeAnswer((probed) => isAt(request, probed), readiness);
  if (probe) return probe;
  if (metrics && isAt(request, METRICS_PATH)) return metrics;
  return page && isAt(request, '/') ? redirectTo(path) : reject(options, notFound(path));
}

/** Whether the request is for the path, exactly. */
export const isAt = ({ url = '' }: IncomingMessage, path: string): boolean =>
  url.startsWith(path) && (url.length === path.length || url[path.length] === '?');

/** Returns the client's address, as far as it can be trusted. */
export function addressOf({ socket, headers }: IncomingMessage, trustedProxies: number): string {
  const forwarded = headers['x-forwarded-for'];
  return clientAddress(socket.remoteAddress, typeof forwarded === 'string' ? forwarded : undefined, trustedProxies);
}

/** The target of a request in absolute form: "POST http://host/graphql HTTP/1.1". */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)([^#]*)/i;

/**
 * Converts a target in absolute form, as clients of a forward proxy send it, to the usual one. Its host replaces the
 * header Host (RFC 9112, 3.2.2).
 */
export function convertToOriginForm(request: IncomingMessage): void {
  if (request.url?.startsWith('/')) return;
  const [, host, target] = ABSOLUTE_FORM.exec(request.url ?? '') ?? [];
  if (host === undefined || target === undefined) return;
  request.headers.host = host;
  request.url = target.startsWith('/') ? target : `/${target}`;
}

const notFound = (path: string): GraphQLError =>
  requestError(`Not found. The GraphQL API is at ${path}.`, 'NOT_FOUND', { status: 404 });

const methodNotAllowed = (): GraphQLError =>
  requestError('Send a GET or HEAD request.', 'BAD_REQUEST', { status: 405, headers: { allow: 'GET, HEAD' } });

const badRequest = (message: string): GraphQLError => requestError(message, 'BAD_REQUEST', { status: 400 });

const redirectTo =
  (path: string): Answer =>
  (_request, response) =>
    void response.writeHead(302, { location: path }).end();

const reject =
  ({ onRequest, limits }: ListenOptions, error: GraphQLError): Answer =>
  (request, response) => {
    sendError(error, request, response);
    logRejection(onRequest, addressOf(request, limits.trustedProxies), response.statusCode, error);
  };

/** Whether the request has a header more than once. */
const isRepeated = (request: IncomingMessage, name: string): boolean =>
  request.headers[name] !== undefined && (request.headersDistinct[name]?.length ?? 0) > 1;
