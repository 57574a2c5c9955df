import type { Plugin } from 'graphql-yoga';
import { uuidv7 } from 'uuidv7';
import { containsCredential } from './access/leakedCredentials.ts';
import type { RequestHead } from './requestHead.ts';
import type { ServerContext } from './serverContext.ts';

export const REQUEST_ID_HEADER = 'x-request-id';
const CLIENT_REQUEST_ID = /^[\w.:/+=-]{1,200}$/;

/**
 * Returns the id of the request, and adds it to the context: the client's X-Request-Id if the request was admitted and
 * the id is a plain word and not a secret, else a new one.
 */
export function requestIdOf(request: RequestHead, context: ServerContext): string {
  context.requestId ??= createRequestId(request, context.caller !== undefined);
  return context.requestId;
}

function createRequestId(request: RequestHead, isAdmitted: boolean): string {
  // The id is logged, and a request without a valid credential may have it in a wrong place.
  const sent = isAdmitted ? request.headers.get(REQUEST_ID_HEADER) : null;
  const isFit = sent !== null && CLIENT_REQUEST_ID.test(sent) && !containsCredential(request, sent);
  // In order of time, so that the audit log's index of them grows at its end and its pages stay full.
  return isFit ? sent : uuidv7();
}

/** Adds the request id to the response. */
export const useRequestId = (): Plugin<object, ServerContext> => ({
  onResponse: ({ request, response, serverContext }) =>
    response.headers.set(REQUEST_ID_HEADER, requestIdOf(request, serverContext)),
});
