import { createYoga, type YogaInitialContext, type YogaServerInstance } from 'graphql-yoga';
import { scopeOf, type Viewer } from '../domain/viewer.ts';
import type { Context } from '../schema/builder.ts';
import { schema } from '../schema/index.ts';
import { loadersOf } from '../schema/loaders.ts';
import { deadlineIn } from '../store/deadline.ts';
import { type Access, unauthenticated, useAccess } from './access/access.ts';
import type { ServerContext } from './serverContext.ts';
import { useOperationTimeout } from './operationTimeout.ts';
import { type DocumentRules, useDocumentRules } from './operations/documentRules.ts';
import { type Mask, useErrorCodes } from './errors.ts';
import { useIdempotencyKey } from './operations/idempotencyKey.ts';
import { useLargeFields } from './operations/largeFields.ts';
import { usePacing } from './operations/pacing.ts';
import { useSubscriptionContext } from './subscriptionContext.ts';
import { type OperationLimits, useOperationCost } from './operations/operationCost.ts';
import { useLeakedCredentials } from './access/leakedCredentials.ts';
import { type Origins, useOrigins } from './access/origins.ts';
import { type FailedMutationCharge, failedMutationCharge } from './access/failedMutationCharge.ts';
import { type Responses, useResponseLimits } from './responseLimits.ts';
import { requestIdOf, useRequestId } from './requestId.ts';
import { useResponseType } from './responseType.ts';
import { useHiddenSuggestions } from './operations/hideSuggestions.ts';
import { documentCache } from './operations/documentCache.ts';
import { useSecurityHeaders, useTransport } from './transport.ts';
import { type TrustedDocuments, useTrustedDocuments } from './operations/trustedDocuments.ts';
import { useVariableUses } from './operations/variableUses.ts';

/** The dependencies that all requests of a server share. */
export type Shared = Omit<
  Context,
  'viewer' | 'read' | 'requestId' | 'idempotencyKey' | 'lastEventId' | 'until' | keyof FailedMutationCharge
>;

export interface YogaOptions {
  readonly shared: Shared;
  readonly access: Access;
  readonly documents: DocumentRules;
  readonly operations: OperationLimits;
  readonly responses: Responses;
  /** The maximum time of an operation, in ms. */
  readonly operationMs: number;
  readonly origins: Origins;
  /** The maximum bytes of a request's body. */
  readonly bodyBytes: number;
  readonly trusted: TrustedDocuments;
  readonly headers: Readonly<Record<string, string>>;
  readonly mask: Mask;
}

export type Graphql = YogaServerInstance<ServerContext, Context>;

/** Creates the handler of GraphQL requests. The plugins run in the order of the list. */
export function createGraphql(options: YogaOptions): Graphql {
  const { shared, access, operationMs, responses, trusted, mask } = options;
  const contextFor = (request: Request, viewer: Viewer): Context => {
    const until = deadlineIn(operationMs);
    const read = loadersOf(shared.store, scopeOf(viewer), until);
    const charge = failedMutationCharge(access, access.callerOf(request));
    // Browsers send no header before the first event; an empty one means the same.
    const lastEventId = request.headers.get('last-event-id') || null;
    const requestId = requestIdOf(request);
    return { ...shared, viewer, read, until, ...charge, requestId, idempotencyKey: null, lastEventId };
  };
  const renew = async (context: Context & YogaInitialContext) => {
    const viewer = await access.viewerOf(context.request);
    if (viewer === undefined) throw unauthenticated();
    const responseSize = responses.ofEvent(context, viewer);
    return { ...context, ...contextFor(context.request, viewer), responseSize };
  };
  const charge = ({ request }: YogaInitialContext, points: number): Promise<void> =>
    access.charge(access.callerOf(request), 'subscriptionCost', points);
  return createYoga<ServerContext, Context>({
    schema,
    context: ({ request }) => contextFor(request, access.callerOf(request).viewer),
    plugins: [
      useRequestId(),
      useSecurityHeaders(options.headers),
      useOrigins(options.origins),
      useAccess(access, mask),
      useResponseType(),
      useTransport(options.bodyBytes),
      useLeakedCredentials(),
      useTrustedDocuments(trusted),
      useErrorCodes(),
      useDocumentRules(options.documents, access),
      useHiddenSuggestions(options.documents.introspection, access),
      useVariableUses(),
      useOperationCost(options.operations, access),
      useIdempotencyKey(),
      useSubscriptionContext({ renew, charge }),
      useOperationTimeout(),
      useLargeFields(),
      usePacing(),
      useResponseLimits(responses, mask),
    ],
    maskedErrors: { maskError: mask },
    parserAndValidationCache: { documentCache: documentCache(), errorCache: documentCache() },
    extraParamNames: ['documentId'],
    maxRequestBodySize: false,
    cors: false,
    batching: false,
    multipart: false,
    graphiql: false,
    landingPage: false,
    logging: false,
  });
}
