import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FormattedExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import { type Context as Connected, CloseCode, type SubscribePayload } from 'graphql-ws';
import { type Extra, useServer } from 'graphql-ws/use/ws';
import { WebSocket, WebSocketServer } from 'ws';
import { ownerOf } from '../domain/viewer.ts';
import { JSON_LIMITS, passedLimit } from './documents/documentText.ts';
import type { Access } from './access/access.ts';
import { knownCode, type Mask } from './errors.ts';
import { addressOf, isAt } from './http.ts';
import { mustKeepSecrets } from './access/keptSecrets.ts';
import { mayAsk, type Origins } from './access/origins.ts';
import { Places } from './access/places.ts';
import { documentOf, type TrustedDocuments } from './documents/trustedDocuments.ts';
import type { ResponseBuffer } from './responseBuffer.ts';
import type { Graphql } from './yoga.ts';

/** How often a socket that is silent is asked whether it is still there, in ms. */
const HEARTBEAT_MS = 12_000;
/** How long a client may take to say hello, in ms. */
const HELLO_MS = 3_000;
/** Why a socket is closed: its key has asked for too much; or the server cannot tell whose it is now. */
const TOO_MANY_REQUESTS = 4429;
/** Sent where the record cannot be asked who the client is. */
const TRY_AGAIN_LATER = 1013;

export interface WebSocketOptions {
  readonly path: string;
  readonly graphql: Graphql;
  readonly access: Access;
  readonly mask: Mask;
  readonly trusted: TrustedDocuments;
  readonly origins: Origins;
  /** The most bytes of one message of a client. */
  readonly bodyBytes: number;
  /** The most sockets that are open at once. */
  readonly sockets: number;
  readonly socketsPerAddress: number;
  readonly trustedProxies: number;
  readonly buffer: ResponseBuffer;
}

/** Serves graphql-ws at the path of the HTTP server; answers how to end all sockets. */
export function serveWebSockets(server: Server, options: WebSocketOptions): () => Promise<void> {
  const { path, origins, trustedProxies } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: options.bodyBytes, WebSocket: JudgedSocket });
  const places = new Places(options.sockets, options.socketsPerAddress);
  server.on('upgrade', (request, socket, head) => {
    const { origin, host = null } = request.headers;
    if (!isAt(request, path)) return turnAway(socket, '404 Not Found');
    if (origin !== undefined && !mayAsk(origin, host, origins)) return turnAway(socket, '403 Forbidden');
    const leave = places.take(addressOf(request, trustedProxies));
    if (!leave) return turnAway(socket, '503 Service Unavailable');
    socket.once('close', leave);
    sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) =>
      sockets.emit('connection', webSocket, request),
    );
  });
  const served = useServer<Params, Extra & Record<PropertyKey, unknown>>(
    {
      connectionInitWaitTimeout: HELLO_MS,
      execute: (args) => (args as unknown as Enveloped).rootValue.execute(args),
      subscribe: (args) => (args as unknown as Enveloped).rootValue.subscribe(args),
      onConnect: (connected) => greet(options, connected),
      onSubscribe: (connected, _id, params) => asked(options, connected, params),
      onError: (_connected, _id, _payload, errors) => errors.map(plain),
      onNext: (_connected, _id, _payload, _args, result) =>
        result.errors && ({ ...result, errors: result.errors.map(plain) } as FormattedExecutionResult),
    },
    sockets,
    HEARTBEAT_MS,
  );
  return async () => {
    await served.dispose();
  };
}

/** Closes where a message would take long to be read as JSON, before that is tried. */
class JudgedSocket extends WebSocket {
  override emit(event: string | symbol, ...told: unknown[]): boolean {
    if (event !== 'message' || !passedLimit(String(told[0]), JSON_LIMITS)) return super.emit(event, ...told);
    this.close(CloseCode.BadRequest, 'The message nests too deep or too often');
    return true;
  }
}

type Params = Readonly<Record<string, unknown>>;
type Connection = Connected<Params, Extra & Record<PropertyKey, unknown>>;

/** Whether the client may come in; one that may not is closed, with 4403 or 4429, or with 1013 where we cannot tell. */
async function greet(
  { path, access, mask, trustedProxies, buffer }: WebSocketOptions,
  connected: Connection,
): Promise<boolean> {
  const { request, socket } = connected.extra;
  try {
    const { viewer } = await access.enter(requestOf(connected, path), addressOf(request, trustedProxies));
    buffer.countSends(ownerOf(viewer), socket);
    return true;
  } catch (error) {
    const { code } = mask(error).extensions;
    if (code === 'RATE_LIMITED') socket.close(TOO_MANY_REQUESTS, 'Too many requests');
    else if (code !== 'UNAUTHENTICATED') socket.close(TRY_AGAIN_LATER, 'Try again later');
    return false;
  }
}

/** One operation: let in, judged and run as one that is posted. */
async function asked(options: WebSocketOptions, connected: Connection, params: SubscribePayload) {
  const { path, graphql, access, mask, trusted, trustedProxies } = options;
  const request = requestOf(connected, path);
  try {
    await access.enter(request, addressOf(connected.extra.request, trustedProxies));
    mustKeepSecrets(request, params);
    const { operationName, variables: variableValues } = params;
    const query = documentOf(params, trusted) ?? '';
    const enveloped = graphql.getEnveloped({ request, params: { ...params, query } } as never);
    const { schema, execute, subscribe, contextFactory, parse, validate } = enveloped;
    const document = parse(query);
    const errors = validate(schema, document);
    if (errors.length > 0) return errors as readonly GraphQLError[];
    const contextValue: unknown = await contextFactory();
    return { schema, document, operationName, variableValues, contextValue, rootValue: { execute, subscribe } };
  } catch (error) {
    const refused = mask(error);
    // Whoever came with a key that is over since is not served any more.
    if (refused.extensions['code'] === 'UNAUTHENTICATED')
      connected.extra.socket.close(CloseCode.Forbidden, 'Forbidden');
    return [refused];
  }
}

/** The operation as if it were posted (the upgrade was a GET), with the credential that the client said hello with. */
function requestOf({ extra, connectionParams }: Connection, path: string): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(extra.request.headers)) {
    if (typeof value === 'string' && !CREDENTIALS.includes(name)) headers.set(name, value);
  }
  for (const [name, value] of Object.entries(connectionParams ?? {})) {
    if (typeof value !== 'string' || !CREDENTIALS.includes(name.toLowerCase())) continue;
    // No header can have such a value, so it is no credential that anybody has.
    headers.set(name, PRINTABLE.test(value) ? value : 'unreadable');
  }
  return new Request(`http://localhost${path}`, { method: 'POST', headers });
}
const CREDENTIALS: readonly string[] = ['authorization', 'x-api-key'];
const PRINTABLE = /^[\x20-\x7e]*$/;

/** What a client is told of an error: how HTTP would say it is nothing to a socket. */
function plain(error: GraphQLError): GraphQLFormattedError {
  const { extensions: { http: _http, code, ...extensions } = {}, ...rest } = error.toJSON();
  return { ...rest, extensions: { ...extensions, code: knownCode(code) } };
}

/** Ends a socket that asked for something else. Nobody else hears of its errors now, nor ends its half. */
function turnAway(socket: Duplex, status: string): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
}

/** How an operation is run goes along with its arguments. */
interface Enveloped {
  readonly rootValue: {
    execute(args: unknown): never;
    subscribe(args: unknown): never;
  };
}
