import type { Plugin } from 'graphql-yoga';
import { refusal, refusalResponse } from '../refusal.ts';

/** Which pages of other origins may ask: their origins, exactly; "*" in the place of a port is any port. */
export type Origins = readonly string[];

const METHODS = 'GET, POST';
const REQUEST_HEADERS = [
  'accept',
  'authorization',
  'content-type',
  'x-api-key',
  'x-request-id',
  'x-graphql-cost',
  'idempotency-key',
  'x-graphql-yoga-csrf',
  'apollo-require-preflight',
  'graphql-require-preflight',
].join(', ');
const RESPONSE_HEADERS = 'retry-after, x-request-id';
/** How long a browser may remember an answer to a preflight, in seconds. */
const PREFLIGHT_SECONDS = 600;

/** Whether a page of the origin may ask the server that is called `host`: its own pages may, and those that are listed. */
export function mayAsk(origin: string, host: string | null, origins: Origins): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (host !== null && url.host === host && /^https?:$/.test(url.protocol)) return true;
  return origins.includes(origin) || origins.includes(`${url.protocol}//${url.hostname}:*`);
}

/** Answers preflights, and refuses with 403 what a page of another origin sends. No cookie is ever looked at. */
export const useOrigins = (origins: Origins): Plugin => ({
  onRequest: ({ request, fetchAPI, ...hook }) => {
    const origin = request.headers.get('origin');
    if (origin === null) return;
    if (!mayAsk(origin, request.headers.get('host'), origins)) {
      hook.endResponse(refusalResponse(refusal('Pages of this origin may not ask.', 'FORBIDDEN', { status: 403 })));
    } else if (request.method === 'OPTIONS') {
      const headers = {
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': String(PREFLIGHT_SECONDS),
      };
      hook.endResponse(new fetchAPI.Response(null, { status: 204, headers }));
    }
  },
  onResponse: ({ request, response }) => {
    response.headers.append('vary', 'origin');
    const origin = request.headers.get('origin');
    if (origin === null || !mayAsk(origin, request.headers.get('host'), origins)) return;
    response.headers.set('access-control-allow-origin', origin);
    response.headers.set('access-control-expose-headers', RESPONSE_HEADERS);
  },
});
