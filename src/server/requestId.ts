import { randomUUID } from 'node:crypto';
import type { Plugin } from 'graphql-yoga';
import { containsCredential } from './access/leakedCredentials.ts';
import type { RequestHead } from './requestHead.ts';
import type { ServerContext } from './serverContext.ts';

export const REQUEST_ID_HEADER = 'x-request-id';
const CLIENT_REQUEST_ID = /^[\w.:/+=-]{1,200}$/;

/**
 * Returns the id of the request, and adds it to the context: the client's X-Request-Id if it is a plain word and not a
 * secret, else a new one.
 */
export function requestIdOf(request: RequestHead, context: ServerContext): string {
  context.requestId ??= createRequestId(request);
  return context.requestId;
}

function createRequestId(request: RequestHead): string {
  const sent = request.headers.get(REQUEST_ID_HEADER);
  const isFit = sent !== null && CLIENT_REQUEST_ID.test(sent) && !containsCredential(request, sent);
  return isFit ? sent : randomUUID();
}

/** Adds the request id to the response. */
export const useRequestId = (): Plugin<object, ServerContext> => ({
  onResponse: ({ request, response, serverContext }) =>
    response.headers.set(REQUEST_ID_HEADER, requestIdOf(request, serverContext)),
});
