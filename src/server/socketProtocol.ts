import type { IncomingMessage } from 'node:http';
import type { ExecutionArgs, ExecutionResult, FormattedExecutionResult, GraphQLError } from 'graphql';
import { CloseCode, type Context, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { ownerOf } from '../domain/viewer.ts';
import type { Access } from './access/access.ts';
import { credentialOf } from './access/credential.ts';
import { rejectLeakedCredentials } from './access/leakedCredentials.ts';
import { formatForStream, type Mask } from './errors.ts';
import { addressOf } from './http.ts';
import { type OnRequest, RequestRecord } from './requestRecord.ts';
import type { ResponseBuffer } from './responseBuffer.ts';
import type { ServerContext } from './serverContext.ts';
import { type SocketGuard, type SocketOperation, TOO_MANY_REQUESTS } from './socketGuard.ts';
import { socketRequest } from './socketRequest.ts';
import { documentOf, type TrustedDocuments } from './trustedDocuments.ts';
import type { Graphql } from './yoga.ts';

/** The maximum time for a client to send `connection_init`, in ms. */
const INIT_TIMEOUT_MS = 3_000;
/** The close code for a client whose API key cannot be checked now. */
const TRY_AGAIN_LATER = 1013;

export interface ProtocolOptions {
  readonly path: string;
  readonly graphql: Graphql;
  readonly access: Access;
  readonly mask: Mask;
  readonly trusted: TrustedDocuments;
  readonly trustedProxies: number;
  readonly buffer: ResponseBuffer;
  /** Undefined if operations are not logged. */
  readonly onRequest: OnRequest | undefined;
}

/** The data of one socket. */
export interface Extra {
  readonly request: IncomingMessage;
  readonly socket: WebSocket;
  readonly guard: SocketGuard;
  /** Set when the client has sent `connection_init`. */
  connected: Connection | undefined;
}
type Params = Readonly<Record<string, unknown>>;
type Connection = Context<Params, Extra>;

export interface Protocol {
  readonly server: Server<Extra>;
  /** Counts a message that is no operation as a request; closes the socket if it is rejected. */
  readonly countMessage: (extra: Extra) => Promise<void>;
}

/** Makes graphql-ws execute operations like those sent by POST. */
export function protocolOf(options: ProtocolOptions): Protocol {
  const server = makeServer<Params, Extra>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    // Anything thrown for one operation is an error of only this operation; others on the socket continue.
    execute: async (args) => maskThrown(options.mask, () => executorsOf(args).execute(args)),
    subscribe: async (args) => maskThrown(options.mask, () => executorsOf(args).subscribe(args)),
    onConnect: (connected) => {
      connected.extra.connected = connected;
      return connected.extra.guard.admit(() => connect(options, connected));
    },
    onPing: ({ extra }) => extra.guard.count(),
    onPong: ({ extra }) => extra.guard.count(),
    onSubscribe: (connected, id, params) => {
      const { guard } = connected.extra;
      const operation = guard.begin(id);
      recordOperation(options, connected, operation);
      return guard.admit(() => prepareOperation(options, connected, operation, params));
    },
    onOperation: ({ extra }, id, _payload, _args, results) => {
      if (!(Symbol.asyncIterator in results)) return;
      extra.guard.follow(id, results);
      if (options.onRequest) extra.guard.recordOf(id)?.start(options.onRequest, null);
    },
    onError: ({ extra }, id, _payload, errors) => {
      extra.guard.recordOf(id)?.noteErrors(errors);
      return errors.map(formatForStream);
    },
    onNext: ({ extra }, id, _payload, _args, result) => {
      if (!result.errors) return undefined;
      extra.guard.recordOf(id)?.noteErrors(result.errors);
      return { ...result, errors: result.errors.map(formatForStream) } as FormattedExecutionResult;
    },
  });
  return { server, countMessage: (extra) => countMessage(options, extra) };
}

async function maskThrown<R>(mask: Mask, run: () => Promise<R>): Promise<R> {
  try {
    return await run();
  } catch (error) {
    return { errors: [mask(error)] } as R;
  }
}

/** Logs an operation when it has ended. */
function recordOperation(
  { onRequest, trustedProxies }: ProtocolOptions,
  { extra }: Connection,
  operation: SocketOperation,
): void {
  if (!onRequest) return;
  const record = new RequestRecord({ address: addressOf(extra.request, trustedProxies) });
  operation.record = record;
  operation.onSettled = () => record.end(onRequest, null);
}

/** Counts the request and checks the API key. */
const enter = (
  { access, path, trustedProxies }: ProtocolOptions,
  connected: Connection,
  request = requestOf(connected, path),
) => access.enter(request, addressOf(connected.extra.request, trustedProxies));

/** The reason of a close frame has at most 123 bytes. */
const MISSING_KEY = 'Missing API key. Send `authorization` or `x-api-key` in the payload of `connection_init`.';

/** Checks the credentials. Returns whether the client may connect. */
async function connect(options: ProtocolOptions, connected: Connection): Promise<boolean> {
  const { guard, socket } = connected.extra;
  const request = requestOf(connected, options.path);
  try {
    const { viewer } = await enter(options, connected, request);
    options.buffer.countSends(ownerOf(viewer), socket);
    guard.isAcknowledged = true;
    return true;
  } catch (error) {
    const masked = options.mask(error);
    const isMissing = credentialOf((name) => request.headers.get(name)) === 'NONE';
    if (masked.extensions['code'] === 'UNAUTHENTICATED' && isMissing) guard.close(CloseCode.Forbidden, MISSING_KEY);
    else closeBecauseOf(masked, guard);
    return false;
  }
}

async function countMessage(options: ProtocolOptions, { request, guard, connected }: Extra): Promise<void> {
  try {
    if (guard.isAcknowledged && connected) await enter(options, connected);
    else options.access.countAddress(addressOf(request, options.trustedProxies));
  } catch (error) {
    closeBecauseOf(options.mask(error), guard);
  }
}

/** Closes a socket with 4403 or 4429, or with 1013 if the API key cannot be checked now. */
function closeBecauseOf({ extensions: { code } }: GraphQLError, guard: SocketGuard): void {
  if (code === 'RATE_LIMITED') guard.close(TOO_MANY_REQUESTS, 'Too many requests');
  else if (code === 'UNAUTHENTICATED') guard.close(CloseCode.Forbidden, 'Forbidden');
  else guard.close(TRY_AGAIN_LATER, 'Try again later');
}

/** Prepares an operation for execution: access, limits, parsing and validation as over HTTP. */
async function prepareOperation(
  options: ProtocolOptions,
  connected: Connection,
  operation: SocketOperation,
  params: SubscribePayload,
) {
  const { path, graphql, mask, trusted } = options;
  const { guard } = connected.extra;
  const request = requestOf(connected, path);
  try {
    const caller = await enter(options, connected, request);
    if (operation.record) operation.record.context.caller = caller;
    // The end of a completed operation with the same id removes the entry of this one.
    if (await guard.add(operation)) connected.subscriptions[operation.id] ??= null;
    rejectLeakedCredentials(request, params);
    const { operationName, ...others } = params;
    const query = documentOf(params, trusted) ?? '';
    // Many clients send an empty name instead of none.
    const named = { ...others, ...(operationName && { operationName }), query };
    const { record } = operation;
    const enveloped = graphql.getEnveloped({ request, params: named, caller, ...(record && { record }) });
    const { schema, execute, subscribe, contextFactory, parse, validate } = enveloped;
    const document = parse(query);
    const errors = validate(schema, document);
    if (errors.length > 0) return errors as readonly GraphQLError[];
    const contextValue = (await contextFactory()) as ServerContext;
    if (record) record.context = contextValue;
    const rootValue: Executors = { execute, subscribe };
    return {
      schema,
      document,
      operationName: operationName || undefined,
      variableValues: params.variables,
      contextValue,
      rootValue,
    };
  } catch (error) {
    const masked = mask(error);
    operation.record?.noteErrors([masked]);
    // A client whose API key has since expired or been revoked is disconnected.
    if (masked.extensions['code'] === 'UNAUTHENTICATED') closeBecauseOf(masked, guard);
    return [masked];
  }
}

const requestOf = ({ extra, connectionParams }: Connection, path: string): Request =>
  socketRequest(extra.request, connectionParams, path);

/** The functions that execute an operation, passed along with its arguments as the root value. */
interface Executors {
  execute(args: unknown): Promise<ExecutionResult>;
  subscribe(args: unknown): Promise<AsyncGenerator<ExecutionResult> | ExecutionResult>;
}
const executorsOf = ({ rootValue }: ExecutionArgs): Executors => rootValue as Executors;
