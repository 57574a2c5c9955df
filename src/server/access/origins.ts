import type { Plugin } from 'graphql-yoga';
import { errorResponse, requestError } from '../requestError.ts';
import type { RequestHead } from '../requestHead.ts';
import type { ServerContext } from '../serverContext.ts';

/** The origins of other pages that may send requests, compared exactly; "*" in place of a port means any port. */
export type Origins = readonly string[];

const METHODS = 'GET, POST';
const RESPONSE_HEADERS = 'retry-after, x-request-id, escrowgrid-lsn';
/** The time for which a browser may cache a preflight response, in seconds. */
const PREFLIGHT_SECONDS = 600;

/**
 * Whether a page of the origin may send requests to the server at `host`: the server's own pages and the listed ones
 * may.
 */
export function isAllowedOrigin(origin: string, host: string | null, origins: Origins): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (host !== null && url.host === host && /^https?:$/.test(url.protocol)) return true;
  return origins.includes(origin) || origins.includes(`${url.protocol}//${url.hostname}:*`);
}

/**
 * Returns the headers that a preflight names. Those of tracing and of GraphQL clients are as harmless here as any
 * other.
 */
const allowedHeadersOf = (request: RequestHead): string => {
  const requested = request.headers.get('access-control-request-headers') ?? '';
  return HEADER_NAMES.test(requested) ? requested : '';
};
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~, -]{0,2000}$/;

/** Answers preflights, and rejects requests from pages of other origins with 403. Cookies are never read. */
export const useOrigins = (origins: Origins): Plugin<object, ServerContext> => ({
  onRequest: ({ request, fetchAPI, serverContext, ...hook }) => {
    const origin = request.headers.get('origin');
    if (origin === null) return;
    if (!isAllowedOrigin(origin, request.headers.get('host'), origins)) {
      const error = requestError('Origin not allowed.', 'FORBIDDEN', { status: 403 });
      serverContext.record?.noteErrors([error]);
      hook.endResponse(errorResponse(error, request.headers.get('accept')));
    } else if (request.method === 'OPTIONS') {
      const headers = {
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': allowedHeadersOf(request),
        'access-control-max-age': String(PREFLIGHT_SECONDS),
      };
      hook.endResponse(new fetchAPI.Response(null, { status: 204, headers }));
    }
  },
  onResponse: ({ request, response }) => {
    response.headers.append('vary', request.method === 'OPTIONS' ? 'origin, access-control-request-headers' : 'origin');
    for (const [name, value] of Object.entries(originHeaders(request, origins))) response.headers.set(name, value);
  },
});

/** Returns the headers by which a browser lets a page of another origin read the response. */
export function originHeaders({ headers }: RequestHead, origins: Origins): Readonly<Record<string, string>> {
  const origin = headers.get('origin');
  if (origin === null || !isAllowedOrigin(origin, headers.get('host'), origins)) return {};
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': RESPONSE_HEADERS };
}
