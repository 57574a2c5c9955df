import type { ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import { type FetchAPI, type GraphQLParams, processRegularResult } from 'graphql-yoga';
import type { Access } from './access/access.ts';
import { isAllowedOrigin, type Origins, originHeaders } from './access/origins.ts';
import type { Mask } from './errors.ts';
import { checkMinLsn, LSN_HEADER, lsnOf } from './lsn.ts';
import { type ResultType, resultTypeFor } from './mediaTypes.ts';
import { errorReply, type Reply } from './requestError.ts';
import { type RequestHead, requestHeadOf } from './requestHead.ts';
import { REQUEST_ID_HEADER, requestIdOf } from './requestId.ts';
import { busy, type Responses } from './responseLimits.ts';
import type { GraphqlHandler, ServerContext } from './serverContext.ts';
import { bodyHeaderError, parseParams } from './transport.ts';
import { documentOf, type TrustedDocuments } from './trustedDocuments.ts';
import type { Engine } from './yoga.ts';

export interface DirectLaneOptions extends Engine {
  readonly access: Access;
  readonly origins: Origins;
  readonly responses: Responses;
  /** The maximum bytes of a request's body. */
  readonly bodyBytes: number;
  readonly trusted: TrustedDocuments;
  /** The security headers of every response. */
  readonly headers: Readonly<Record<string, string>>;
  readonly mask: Mask;
}

/**
 * Returns the handler of GraphQL requests. It answers what nearly all clients send itself: a JSON body by POST, with
 * one JSON result. Everything else is passed to Yoga. Only the objects Request and Response and the handling of the
 * body are replaced: compiled queries are executed as for Yoga, and Yoga executes the others with the same plugins, so
 * the answers are equal.
 */
export function createDirectLane(options: DirectLaneOptions): GraphqlHandler {
  const { graphql } = options;
  const headers = Object.entries(options.headers).flat();
  return async (incoming, response, context) => {
    const request = requestHeadOf(incoming);
    const type = resultTypeFor(request.headers.get('accept'));
    const reply =
      type !== undefined && isDirect(request, options) ? await replyTo(options, request, context, type) : ELSE;
    if (reply === ELSE) {
      await graphql(incoming, response, context);
      return;
    }
    if (context.pace) await context.pace.yield();
    send(options, headers, request, response, context, reply);
  };
}

/** Whether a request is answered here: a JSON body by POST, of the server's own pages or of no page. */
const isDirect = (request: RequestHead, { origins }: DirectLaneOptions): boolean => {
  const origin = request.headers.get('origin');
  return (
    request.method === 'POST' &&
    bodyHeaderError(request.headers) === undefined &&
    (origin === null || isAllowedOrigin(origin, request.headers.get('host'), origins))
  );
};

/** In place of a reply: Yoga handles the request. */
const ELSE = 'else';

async function replyTo(
  options: DirectLaneOptions,
  request: RequestHead,
  context: ServerContext,
  type: ResultType,
): Promise<Reply | typeof ELSE> {
  const { access, mask, bodyBytes, trusted, graphql, compiledExecution } = options;
  try {
    const caller = access.enter(request, context.address ?? '');
    context.caller = caller instanceof Promise ? await caller : caller;
  } catch (error) {
    const masked = mask(error, requestIdOf(request, context));
    context.record?.noteErrors([masked]);
    return errorReply(masked, request.headers.get('accept'));
  }
  try {
    const body = (await context.body?.()) ?? Buffer.alloc(0);
    checkMinLsn(request);
    const params = parseParams(body, bodyBytes);
    const compiled = compiledExecution?.resultOf(params, request, context);
    if (compiled) return replyOf(compiled instanceof Promise ? await compiled : compiled, type, context);
    if (mayStream(params, trusted)) {
      context.body = () => Promise.resolve(body);
      return ELSE;
    }
    const result = await graphql.getResultForParams({ params, request: request as Request }, context);
    return replyOf(result as ExecutionResult, type, context);
  } catch (error) {
    return replyOf({ errors: [mask(error, requestIdOf(request, context))] }, type, context);
  }
}

/** Whether the result can be a stream. Without the keyword, no operation of a document is a subscription. */
function mayStream(params: GraphQLParams, trusted: TrustedDocuments): boolean {
  if (typeof params.query === 'string') return params.query.includes('subscription');
  try {
    return documentOf(params, trusted)?.includes('subscription') ?? false;
  } catch {
    // The plugin for trusted documents reports the error.
    return false;
  }
}

/** Takes the place of a Response: it keeps what Yoga decides about the result. */
class ReplyResponse implements Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;

  constructor(body: string, { status, headers }: Pick<Reply, 'status' | 'headers'>) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}
/** Yoga only constructs a Response for a single result. */
const REPLIES = { Response: ReplyResponse } as unknown as FetchAPI;

function replyOf(result: ExecutionResult, type: ResultType, { record }: ServerContext): Reply {
  if (result.errors) record?.noteErrors(result.errors);
  return processRegularResult(result, REPLIES, type) as unknown as ReplyResponse;
}

function send(
  { origins, responses }: DirectLaneOptions,
  securityHeaders: readonly string[],
  request: RequestHead,
  response: ServerResponse,
  context: ServerContext,
  reply: Reply,
): void {
  const bytes = Buffer.byteLength(reply.body);
  const sent = responses.send(context, bytes) ? reply : rejectBusy(request, context);
  const headers = [...securityHeaders];
  for (const name in sent.headers) headers.push(name, sent.headers[name] ?? '');
  headers.push('content-length', String(sent === reply ? bytes : Buffer.byteLength(sent.body)), 'vary', 'origin');
  if (request.headers.has('origin')) headers.push(...Object.entries(originHeaders(request, origins)).flat());
  headers.push(REQUEST_ID_HEADER, requestIdOf(request, context));
  const lsn = lsnOf(context);
  if (lsn !== undefined) headers.push(LSN_HEADER, lsn);
  response.writeHead(sent.status, headers);
  response.end(sent.body);
}

function rejectBusy({ headers }: RequestHead, { record }: ServerContext): Reply {
  const error = busy();
  record?.noteErrors([error]);
  return errorReply(error, headers.get('accept'));
}
