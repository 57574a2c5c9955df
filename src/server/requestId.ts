import { randomUUID } from 'node:crypto';
import type { Plugin } from 'graphql-yoga';
import { containsCredential } from './access/leakedCredentials.ts';

const HEADER = 'x-request-id';
const CLIENT_REQUEST_ID = /^[\w.:/+=-]{1,200}$/;
const ids = new WeakMap<Request, string>();

/** Returns the id of a request: the client's X-Request-Id if it is a plain word and not a secret, else a new one. */
export function requestIdOf(request: Request): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const named = request.headers.get(HEADER);
  const isFit = named !== null && CLIENT_REQUEST_ID.test(named) && !containsCredential(request, named);
  const id = isFit ? named : randomUUID();
  ids.set(request, id);
  return id;
}

/** Adds the request id to the response. */
export const useRequestId = (): Plugin => ({
  onResponse: ({ request, response }) => response.headers.set(HEADER, requestIdOf(request)),
});
