import type { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import type { Arrival } from './arrival.ts';
import { JSON_LIMITS, passedLimit } from './documents/documentText.ts';
import { bodyTooLarge, refusal } from './refusal.ts';

/** One of these says that no mere form or link of a page has sent the request: a page would have had to ask before. */
const ASKED_BEFORE = ['x-graphql-yoga-csrf', 'apollo-require-preflight', 'graphql-require-preflight'];
const JSON_TYPES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/graphql+json']);
const NO_OBJECT = `The body must be a JSON object, at most ${JSON_LIMITS.brackets} levels deep, with at most ${JSON_LIMITS.texts} texts; batches are not taken.`;

/**
 * Takes JSON by POST, and by GET what has a header that no link can have. Refuses other bodies with 415, a GET without
 * such a header with 403, and what is no JSON, in a body or in a GET's variables or extensions, with 400.
 */
export const useTransport = (bodyBytes: number): Plugin<object, Arrival> => ({
  onRequestParse: ({ request, url, serverContext, setRequestParser }) => {
    if (request.method === 'POST') {
      const [type] = request.headers.get('content-type')?.split(';') ?? [];
      if (!JSON_TYPES.has(type?.trim().toLowerCase())) {
        throw bad('Send the request as JSON, with content-type application/json.', 415);
      }
      if ((request.headers.get('content-encoding') ?? 'identity') !== 'identity') {
        throw bad('Send the request as it is, without content-encoding.', 415);
      }
      setRequestParser(async (posted) => {
        const body = serverContext.body ? await serverContext.body() : Buffer.from(await posted.arrayBuffer());
        if (body.byteLength > bodyBytes) throw bodyTooLarge(bodyBytes);
        const params = jsonObject(body.toString()) ?? refuse(NO_OBJECT);
        return params as GraphQLParams;
      });
    } else if (request.method === 'GET') {
      if (!ASKED_BEFORE.some((name) => request.headers.has(name))) {
        throw bad(`A GET needs one of the headers ${ASKED_BEFORE.join(', ')}.`, 403);
      }
      for (const name of ['variables', 'extensions']) {
        const text = url.searchParams.get(name);
        if (text && text !== 'null' && jsonObject(text) === undefined)
          refuse(`${name} must be a JSON object, at most ${JSON_LIMITS.brackets} levels deep.`);
      }
    }
  },
});

const bad = (message: string, status: number): GraphQLError => refusal(message, 'BAD_REQUEST', { status });
const refuse = (message: string): never => {
  throw bad(message, 400);
};

/** The object that the text is; undefined for any other text, and for one that nests too deep or too often. */
function jsonObject(text: string): object | undefined {
  try {
    if (passedLimit(text, JSON_LIMITS)) return undefined;
    const value: unknown = JSON.parse(text);
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
/** A year: browsers that have come by TLS once come by TLS again. */
const STRICT_TRANSPORT = { 'strict-transport-security': 'max-age=31536000' };

/** What every answer tells browsers, beside its content. */
export const securityHeaders = (strictTransport: boolean): Readonly<Record<string, string>> =>
  strictTransport ? { ...ALWAYS, ...STRICT_TRANSPORT } : ALWAYS;

export const useSecurityHeaders = (headers: Readonly<Record<string, string>>): Plugin => ({
  onResponse: ({ response }) => {
    // A stream of events has its own rule of how it may be kept.
    for (const [name, value] of Object.entries(headers)) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
  },
});
