import { STATUS_CODES } from 'node:http';
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

/** The HTTP statuses of errors that the request did not cause. */
const STATUSES: ReadonlyMap<string | undefined, number> = new Map([
  ['INTERNAL_SERVER_ERROR', 500],
  ['SERVICE_UNAVAILABLE', 503],
  ['BUSY', 503],
  ['TIMEOUT', 504],
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
  const { status = STATUSES.get(extensions.code) ?? 400, headers = {} } = http ?? {};
  const body = JSON.stringify({ errors: [{ message: error.message, extensions }] });
  const type = resultTypeFor(accept ?? null) ?? 'application/json';
  return { status, headers: { 'content-type': `${type}; charset=utf-8`, ...headers }, body };
}

/** Returns the same as a response of the Fetch API. */
export function errorResponse(error: GraphQLError, accept: string | null | undefined): Response {
  const { status, headers, body } = errorReply(error, accept);
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  return new Response(body, { status, statusText: STATUS_CODES[status] ?? '', headers: { ...headers, ...length } });
}
