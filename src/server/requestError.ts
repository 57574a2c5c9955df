import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { GraphQLError } from 'graphql';
import { resultTypeFor } from './mediaTypes.ts';

/** The HTTP status and headers of a request error. */
export interface RequestErrorOptions {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Returns an error for a whole request. */
export const requestError = (message: string, code: string, http: RequestErrorOptions): GraphQLError =>
  new GraphQLError(message, { extensions: { code, http } });

export const bodyTooLarge = (maxBytes: number): GraphQLError =>
  requestError(`The request body must have at most ${maxBytes} bytes.`, 'BAD_REQUEST', { status: 413 });

/** The HTTP status and the headers of a response that has no data because the service is unavailable for a moment. */
export const UNAVAILABLE: RequestErrorOptions = { status: 503, headers: { 'retry-after': '1' } };

/** The same of errors that the request did not cause, by their code. */
const RESPONSES: ReadonlyMap<string | undefined, RequestErrorOptions> = new Map([
  ['INTERNAL_SERVER_ERROR', { status: 500 }],
  ['SERVICE_UNAVAILABLE', UNAVAILABLE],
  ['BUSY', UNAVAILABLE],
  ['TIMEOUT', { status: 504 }],
]);

/** A response whose body is complete. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Returns the response for a request that is rejected before GraphQL is involved. Its media type is negotiated like
 * that of every response: Apollo Client reads the code of a 401 only from `application/graphql-response+json`.
 */
export function errorReply(error: GraphQLError, accept: string | null | undefined): Reply {
  const { http, ...extensions } = error.extensions as { readonly http?: RequestErrorOptions; readonly code?: string };
  const { status, headers = {} } = http ?? RESPONSES.get(extensions.code) ?? { status: 400 };
  const body = JSON.stringify({ errors: [{ message: error.message, extensions }] });
  const type = resultTypeFor(accept ?? null) ?? 'application/json';
  return { status, headers: { 'content-type': `${type}; charset=utf-8`, ...headers }, body };
}

/** Sends the same. */
export function sendError(error: GraphQLError, request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = errorReply(error, request.headers.accept);
  response.writeHead(status, headers).end(body);
}

/** Returns the same as a response of the Fetch API. */
export function errorResponse(error: GraphQLError, accept: string | null | undefined): Response {
  const { status, headers, body } = errorReply(error, accept);
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  return new Response(body, { status, statusText: STATUS_CODES[status] ?? '', headers: { ...headers, ...length } });
}
