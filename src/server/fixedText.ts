import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsGzip, type Page } from './graphiql.ts';

/** A text that does not change while the server runs. */
export interface FixedText {
  readonly text: string;
  readonly contentType: string;
  /** The headers besides those of the content. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface Encoded extends FixedText {
  readonly plain: Buffer;
  readonly zipped: Buffer;
  readonly etag: string;
}

/** Sends a text that is loaded and compressed once. A client that has it already receives 304. */
export function fixedText(load: () => Promise<FixedText>): Page {
  let encoded: Promise<Encoded> | undefined;
  return async (request, response) => {
    encoded ??= load().then(encode);
    send(await encoded, request, response);
  };
}

async function encode(fixed: FixedText): Promise<Encoded> {
  const plain = Buffer.from(fixed.text);
  // It is weak because it is the same for both encodings.
  const etag = `W/"${createHash('sha256').update(plain).digest('base64url')}"`;
  return { ...fixed, plain, zipped: await promisify(gzip)(plain), etag };
}

function send(
  { plain, zipped, etag, contentType, headers }: Encoded,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const shared = { 'cache-control': 'no-cache', vary: 'accept-encoding', ...headers, etag };
  if (isKnown(request.headers['if-none-match'], etag)) {
    response.writeHead(304, shared).end();
    return;
  }
  const isZipped = acceptsGzip(request.headers['accept-encoding']);
  const content = isZipped ? zipped : plain;
  response.writeHead(200, {
    ...shared,
    'content-type': contentType,
    ...(isZipped && { 'content-encoding': 'gzip' }),
    'content-length': content.byteLength,
  });
  response.end(content);
}

/** Whether a header If-None-Match names the ETag. */
const isKnown = (names: string | undefined, etag: string): boolean =>
  (names ?? '').split(',').some((name) => {
    const own = name.trim();
    return own === '*' || own.replace(/^W\//, '') === etag.replace(/^W\//, '');
  });
