import { onTestFinished } from 'vitest';
import { startTestServer, type TestServer, type TestServerOptions } from '../../src/testing/index.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly data?: Readonly<Record<string, never>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

/** Starts a test server that is closed when the test ends. */
export async function started(options?: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer(options);
  onTestFinished(() => server.close());
  return server;
}

export const headersWith = (key: string): Record<string, string> => ({
  'content-type': 'application/json',
  authorization: `Bearer ${key}`,
});

/** Sends an operation, by default within the process and as root. */
export async function ask(
  server: TestServer,
  query: string,
  variables: object = {},
  {
    key = server.keys.root,
    fetch = server.fetch,
  }: { readonly key?: string; readonly fetch?: typeof globalThis.fetch } = {},
): Promise<Answer> {
  const body = JSON.stringify({ query, variables });
  const response = await fetch(server.url, { method: 'POST', headers: headersWith(key), body });
  const text = await response.text();
  return { ...(JSON.parse(text) as object), status: response.status, text };
}

export const POSITION = 'query Position($id: ID!) { position(id: $id) { id state updatedAt held { amount } } }';

export const FUND = `mutation Fund($input: FundPositionInput!) {
  fundPosition(input: $input) {
    ... on FundPositionPayload { replayed position { state } }
    ... on UserError { code message }
  }
}`;
