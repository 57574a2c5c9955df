import { GraphQLError } from 'graphql';
import { createYoga, type Plugin, type YogaInitialContext, type YogaServerInstance } from 'graphql-yoga';
import { scopeOf, type Viewer } from '../domain/viewer.ts';
import type { Context } from '../schema/builder.ts';
import { schema } from '../schema/index.ts';
import { readingsOf } from '../schema/readings.ts';
import { maskFault, type OnFault, useErrorCodes } from './errors.ts';
import { useFreshEvents } from './liveEvents.ts';
import { useIdempotencyKey } from './idempotencyKey.ts';
import { requestIdOf, useRequestId } from './requestId.ts';

/** The most bytes of a request's body. */
const BODY_BYTES = 1024 * 1024;

/** What the requests of a server share. */
export type Shared = Omit<Context, 'viewer' | 'read' | 'requestId' | 'idempotencyKey'>;

export interface YogaOptions {
  readonly shared: Shared;
  /** Who asks. */
  readonly viewerOf: (request: Request) => Viewer;
  readonly onFault: OnFault;
}

/** How a GraphQL request is answered. */
export function createGraphql({ shared, viewerOf, onFault }: YogaOptions): YogaServerInstance<object, Context> {
  const contextOf = (request: Request): Context => {
    const viewer = viewerOf(request);
    const read = readingsOf(shared.store, scopeOf(viewer));
    return { ...shared, viewer, read, requestId: requestIdOf(request), idempotencyKey: null };
  };
  const renewed = (context: Context & YogaInitialContext) => ({ ...context, ...contextOf(context.request) });
  return createYoga<object, Context>({
    schema,
    context: ({ request }) => {
      return contextOf(request);
    },
    plugins: [
      useRequestId(),
      useErrorCodes(),
      useReadableParameters(),
      useShallowDocuments(),
      useIdempotencyKey(),
      useFreshEvents(renewed),
    ],
    maskedErrors: { maskError: maskFault(onFault) },
    maxRequestBodySize: BODY_BYTES,
    batching: false,
    multipart: false,
    graphiql: false,
    landingPage: false,
    logging: false,
  });
}

const refusal = (message: string, code: string, status: number): GraphQLError =>
  new GraphQLError(message, { extensions: { code, http: { status } } });

/** Refuses with 415 a body that is no JSON, and with 400 a GET whose variables or extensions are no JSON, before they are parsed. */
const useReadableParameters = (): Plugin => ({
  onRequestParse: ({ request, url, requestParser }) => {
    if (!requestParser)
      throw refusal('Send the request as JSON, with content-type application/json.', 'BAD_REQUEST', 415);
    if (request.method !== 'GET') return;
    for (const name of ['variables', 'extensions']) {
      const text = url.searchParams.get(name);
      if (text && !isJsonObject(text)) throw refusal(`${name} must be a JSON object.`, 'BAD_REQUEST', 400);
    }
  },
});

/** How deep the brackets of a document may nest: more could exhaust the stack of whatever reads it. */
const DOCUMENT_LEVELS = 100;

/** Refuses with 400 a document that nests too deep, before it is parsed; one that was parsed before is known to be fit. */
const useShallowDocuments = (): Plugin => ({
  onParse: ({ parseFn, setParseFn }) => {
    setParseFn((source: string, options: unknown) => {
      if (levelsOf(source) > DOCUMENT_LEVELS) {
        throw refusal(`The document must nest at most ${DOCUMENT_LEVELS} levels deep.`, 'QUERY_TOO_COMPLEX', 400);
      }
      return parseFn(source, options);
    });
  },
});

/** What may hold brackets that nest nothing. A text that does not end goes to its line's end, so that each character is read once. */
const TEXTS_AND_COMMENTS = /"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|#.*/g;

function levelsOf(document: string): number {
  let level = 0;
  let most = 0;
  for (const bracket of document.replace(TEXTS_AND_COMMENTS, '').match(/[[\](){}]/g) ?? []) {
    level += '[({'.includes(bracket) ? 1 : -1;
    most = Math.max(most, level);
  }
  return most;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value);
  } catch {
    return false;
  }
}
