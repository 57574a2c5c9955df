import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

/** Answers a request with a text. */
export type Page = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A text that does not change while the server runs. */
export interface FixedText {
  readonly text: string;
  readonly contentType: string;
  /** The headers besides those of the content. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Only the compressed text is kept: GraphiQL has 9 MB, and nearly all clients accept gzip. */
interface Encoded extends Omit<FixedText, 'text'> {
  readonly zipped: Buffer;
  readonly etag: string;
}

/** Sends a text that is loaded and compressed once. A client that has it already receives 304. */
export function fixedText(load: () => Promise<FixedText>): Page {
  let encoded: Promise<Encoded> | undefined;
  return async (request, response) => {
    encoded ??= load().then(encode);
    await send(await encoded, request, response);
  };
}

async function encode({ text, ...fixed }: FixedText): Promise<Encoded> {
  // It is weak because it is the same for both encodings.
  const etag = `W/"${createHash('sha256').update(text).digest('base64url')}"`;
  return { ...fixed, zipped: await promisify(gzip)(text), etag };
}

async function send(
  { zipped, etag, contentType, headers }: Encoded,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const shared = { 'cache-control': 'no-cache', vary: 'accept-encoding', ...headers, etag };
  if (isKnown(request.headers['if-none-match'], etag)) {
    response.writeHead(304, shared).end();
    return;
  }
  const isZipped = acceptsGzip(request.headers['accept-encoding']);
  const content = isZipped ? zipped : await promisify(gunzip)(zipped);
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

/** Whether a client accepts gzip. Without Accept-Encoding the page is sent uncompressed. */
function acceptsGzip(acceptEncoding: string | string[] | undefined): boolean {
  const weights = new Map(
    String(acceptEncoding ?? '')
      .toLowerCase()
      .split(',')
      .map((entry) => {
        const [coding = '', weight] = entry.split(';').map((part) => part.trim());
        return [coding, Number(weight?.replace(/^q=/, '') ?? 1)] as const;
      }),
  );
  return (weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0) > 0;
}
