import { onTestFinished } from 'vitest';
import type { Limits } from '../../src/server/access/rateLimits.ts';
import { DEFAULTS, type Settings } from '../../src/settings.ts';
import type { Store } from '../../src/store/store.ts';
import { PRODUCTION } from './endpoint.ts';
import { type KeyedServer, serveKeyed } from './serveKeyed.ts';

/** The points per minute in production. */
export const RATES: Limits = PRODUCTION.rates;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}
export interface Network {
  readonly server: KeyedServer;
  /** Posts a query to a path, with only these headers. */
  readonly post: (headers: Readonly<Record<string, string>>, query?: string, path?: string) => Promise<HttpAnswer>;
}

export interface NetworkOptions {
  readonly rates?: Partial<Limits>;
  readonly trustedProxies?: number;
  readonly settings?: Partial<Settings>;
}

/** Starts a server on a port until the test ends. */
export async function overHttp(store: Store, options: NetworkOptions = {}): Promise<Network> {
  const { rates = {}, trustedProxies = 0 } = options;
  const http = { ...DEFAULTS.http, trustedProxies };
  const server = serveKeyed(store, { settings: { rates: { ...RATES, ...rates }, http, ...options.settings } });
  const bound = await server.app.listen(0, '127.0.0.1');
  onTestFinished(async () => {
    await server.app.stop();
    await bound.close();
  });
  return {
    server,
    post: async (headers, query = '{ viewer { role } }', path = '/graphql') => {
      const response = await fetch(`${bound.origin}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
  };
}

/** Counts the responses by status. */
export function tally(answers: readonly HttpAnswer[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
