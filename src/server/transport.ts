import { isAscii } from 'node:buffer';
import type { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { rejectInexactNumbers } from './jsonNumbers.ts';
import { bodyTooLarge, requestError } from './requestError.ts';
import type { RequestHead } from './requestHead.ts';
import type { ServerContext } from './serverContext.ts';
import { exceededLimit, JSON_LIMITS } from './textLimits.ts';

/** Headers that no form, link or image can send: a page of another origin needs a preflight for each of them. */
const PREFLIGHT_HEADERS = [
  'authorization',
  'x-api-key',
  'x-graphql-yoga-csrf',
  'apollo-require-preflight',
  'graphql-require-preflight',
];
const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/graphql+json']);
/** Content encodings that do not change the body. */
const PLAIN_ENCODINGS: ReadonlySet<string> = new Set(['', 'identity', 'none']);
const NO_OBJECT = `The request body must be a JSON object with at most ${JSON_LIMITS.brackets} levels of nesting and ${JSON_LIMITS.texts} strings. Batched requests are not supported.`;

/**
 * Parses JSON requests by POST, and by GET if a header proves that no link or form of another origin sent them. Rejects
 * other bodies with 415, a GET without such a header with 403, and with 400 anything that is not UTF-8 or not JSON, in
 * a body as well as in a GET's variables and extensions.
 */
export const useTransport = (bodyBytes: number): Plugin<object, ServerContext> => ({
  onParams: ({ params, setParams }) => {
    const { operationName, ...others } = params;
    // Many clients send an empty name instead of none.
    if (operationName === '') setParams(others);
  },
  onRequestParse: ({ request, url, serverContext, setRequestParser }) => {
    if (request.method === 'POST') {
      const error = bodyHeaderError(request.headers);
      if (error) throw error;
      setRequestParser(async (posted) => {
        const body = serverContext.body ? await serverContext.body() : Buffer.from(await posted.arrayBuffer());
        return parseParams(body, bodyBytes);
      });
    } else if (request.method === 'GET') {
      if (!isUtf8(request.url)) throw badRequest('The address must be UTF-8, percent-encoded.', 400);
      const isJson = JSON_TYPES.has(parseContentType(request.headers).type);
      if (!isJson && !PREFLIGHT_HEADERS.some((name) => request.headers.has(name))) {
        throw badRequest(`A GET request must have one of the headers ${PREFLIGHT_HEADERS.join(', ')}.`, 403);
      }
      for (const name of ['variables', 'extensions']) {
        const text = url.searchParams.get(name);
        if (text && text !== 'null' && jsonObject(text) === undefined)
          throwBadRequest(`\`${name}\` must be a JSON object with at most ${JSON_LIMITS.brackets} levels of nesting.`);
      }
    }
  },
});

/** Parses the body of a POST with at most `maxBytes`. Throws BAD_REQUEST. */
export function parseParams(body: Buffer, maxBytes: number): GraphQLParams {
  if (body.byteLength > maxBytes) throw bodyTooLarge(maxBytes);
  const params = jsonObject(utf8(body)) ?? throwBadRequest(NO_OBJECT);
  return params as GraphQLParams;
}

/**
 * Whether the query of an address, percent-decoded, is UTF-8. Incomplete escapes such as "100%" stand for themselves.
 */
function isUtf8(url: string): boolean {
  try {
    decodeURIComponent(url.replaceAll(/%(?![\dA-Fa-f]{2})/g, '%25'));
    return true;
  } catch {
    return false;
  }
}

interface ContentType {
  readonly type: string;
  readonly charset: string;
}

function parseContentType(headers: RequestHead['headers']): ContentType {
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').split(';').map((part) => part.trim());
  const charset = parameters.find((each) => /^charset=/i.test(each))?.slice('charset='.length) ?? 'utf-8';
  return { type: type.toLowerCase(), charset: charset.replaceAll('"', '').toLowerCase() };
}

/** Returns the error for the headers of a body that is not plain JSON in UTF-8. */
export function bodyHeaderError(headers: RequestHead['headers']): GraphQLError | undefined {
  // Nearly all clients send these headers.
  if (headers.get('content-type') === 'application/json' && !headers.has('content-encoding')) return undefined;
  const { type, charset } = parseContentType(headers);
  if (!JSON_TYPES.has(type))
    return badRequest('The request body must be JSON. Send it with the header `Content-Type: application/json`.', 415);
  if (!/^utf-?8$/.test(charset)) return badRequest('The request body must be UTF-8 text.', 415);
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  if (!PLAIN_ENCODINGS.has(encoding))
    return badRequest('The request body must not be compressed. Send it without the header Content-Encoding.', 415);
  return undefined;
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** Decodes a body, without a byte order mark. */
function utf8(body: Buffer): string {
  try {
    return isAscii(body) ? body.toString('latin1') : UTF_8.decode(body);
  } catch {
    return throwBadRequest('The request body must be UTF-8 text.');
  }
}

const badRequest = (message: string, status: number): GraphQLError => requestError(message, 'BAD_REQUEST', { status });
const throwBadRequest = (message: string): never => {
  throw badRequest(message, 400);
};

/** The number of characters up to which no text exceeds a limit of JSON. */
const SHORT_CHARACTERS = Math.min(...Object.values(JSON_LIMITS));

/** Parses an object; undefined for any other text, and for one that exceeds the limits of JSON. */
function jsonObject(text: string): object | undefined {
  try {
    if (text.length > SHORT_CHARACTERS && exceededLimit(text, JSON_LIMITS)) return undefined;
    const value: unknown = JSON.parse(rejectInexactNumbers(text));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const ALWAYS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;
/** One year: a browser that has used TLS once then always uses TLS. */
const STRICT_TRANSPORT = { 'strict-transport-security': 'max-age=31536000' };

/** Returns the security headers of every response. */
export const securityHeaders = (strictTransport: boolean): Readonly<Record<string, string>> =>
  strictTransport ? { ...ALWAYS, ...STRICT_TRANSPORT } : ALWAYS;

export const useSecurityHeaders = (headers: Readonly<Record<string, string>>): Plugin => ({
  onResponse: ({ response }) => {
    // A stream of events has its own rule for caching.
    for (const [name, value] of Object.entries(headers)) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
  },
});
