import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

/** A tab that GraphiQL opens with; its name is the operation's. */
export interface Tab {
  readonly query: string;
  readonly variables?: string;
}

/** Answers with the page; false if the request does not ask for it. */
export type Page = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** GraphiQL from its package: one page without a request to anywhere else, compressed once. */
export function graphiqlPage(path: string, tabs: readonly Tab[]): Page {
  let compressed: Promise<{ readonly body: Buffer; readonly etag: string }> | undefined;
  return async (request, response) => {
    const [pathname] = (request.url ?? '').split('?');
    if (request.method !== 'GET' || pathname !== path || !request.headers.accept?.includes('text/html')) return false;
    compressed ??= compress(tabs);
    const { body, etag } = await compressed;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end();
      return true;
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-encoding': 'gzip',
      'content-length': body.byteLength,
      'cache-control': 'no-cache',
      vary: 'accept, accept-encoding',
      etag,
    });
    response.end(body);
    return true;
  };
}

async function compress(tabs: readonly Tab[]): Promise<{ readonly body: Buffer; readonly etag: string }> {
  const page = renderGraphiQL({
    title: 'EscrowGrid',
    defaultTabs: tabs.map(({ query, variables }) => ({ query, variables: variables ?? null })),
    schemaDescription: true,
  });
  const body = await promisify(gzip)(page);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}
