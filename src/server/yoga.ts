import { GraphQLError } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { scopeOf, type Viewer } from '../domain/viewer.ts';
import type { Context } from '../schema/builder.ts';
import { schema } from '../schema/index.ts';
import { readingsOf } from '../schema/readings.ts';
import { maskFault, type OnFault, useErrorCodes } from './errors.ts';
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
  return createYoga<object, Context>({
    schema,
    context: ({ request }) => {
      const viewer = viewerOf(request);
      const read = readingsOf(shared.store, scopeOf(viewer));
      return { ...shared, viewer, read, requestId: requestIdOf(request), idempotencyKey: null };
    },
    plugins: [useRequestId(), useErrorCodes(), useReadableParameters(), useIdempotencyKey()],
    maskedErrors: { maskError: maskFault(onFault) },
    maxRequestBodySize: BODY_BYTES,
    batching: false,
    multipart: false,
    graphiql: false,
    landingPage: false,
    logging: false,
  });
}

/** Refuses with 400 a GET whose variables or extensions are no JSON, before they are parsed. */
const useReadableParameters = (): Plugin => ({
  onRequestParse: ({ request, url }) => {
    if (request.method !== 'GET') return;
    for (const name of ['variables', 'extensions']) {
      const text = url.searchParams.get(name);
      if (text && !isJsonObject(text)) {
        throw new GraphQLError(`${name} must be a JSON object.`, {
          extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
        });
      }
    }
  },
});

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value);
  } catch {
    return false;
  }
}
