import type { App } from '../../src/app.ts';
import type { Limits } from '../../src/server/access/rateLimits.ts';
import { DEFAULTS, type Settings } from '../../src/settings.ts';
import { atFileEnd } from './fileEnd.ts';

/** Listens until the test file ends, without background jobs. Returns the address. */
export async function atAddress(app: App): Promise<string> {
  const bound = await app.listen(0, '127.0.0.1');
  atFileEnd(async () => {
    await app.stop();
    await bound.close();
  });
  return `${bound.origin}/graphql`;
}

/** Returns settings with only these rate limits. */
export const rated = (rates: Partial<Limits>, more: Partial<Settings> = {}): { settings: Partial<Settings> } => ({
  settings: { rates: { ...DEFAULTS.rates, ...rates }, ...more },
});

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly code: string | undefined;
  readonly body: {
    readonly data?: Readonly<Record<string, unknown>> | null;
    readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code?: string } }[];
    readonly extensions?: { readonly cost?: number };
  };
}

/** Sends a query over HTTP. */
export async function overHttp(
  address: string,
  token: string | null,
  query = '{ __typename }',
  headers: Readonly<Record<string, string>> = {},
  variables: object = {},
): Promise<Answered> {
  const credential: Readonly<Record<string, string>> = token === null ? {} : { authorization: `Bearer ${token}` };
  return answered(
    await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...credential, ...headers },
      body: JSON.stringify({ query, variables }),
    }),
  );
}

export async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  const body = (response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : {}) as Answered['body'];
  return { status: response.status, headers: response.headers, code: body.errors?.[0]?.extensions.code, body };
}
