import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import { scopeOf } from '../domain/viewer.ts';
import type { Context } from '../schema/builder.ts';
import { schema } from '../schema/index.ts';
import { loadersOf } from '../schema/loaders.ts';
import { deadlineIn } from '../store/deadline.ts';
import { type Access, unauthenticated, useAccess } from './access/access.ts';
import { type FailedMutationCharge, failedMutationCharge } from './access/failedMutationCharge.ts';
import { useLeakedCredentials } from './access/leakedCredentials.ts';
import { type Origins, useOrigins } from './access/origins.ts';
import { useCompiledQueries } from './compiledExecution.ts';
import type { CompiledQueries } from './compiledQueries.ts';
import { documentCache } from './documentCache.ts';
import { type Mask, useErrorCodes } from './errors.ts';
import { useIdempotencyKey } from './idempotencyKey.ts';
import { useLargeFields } from './largeFields.ts';
import { type DocumentRules, useDocumentRules, useHiddenSuggestions } from './operations/documentRules.ts';
import { type OperationLimits, useOperation } from './operations/requestedOperation.ts';
import { useOperationTimeout } from './operationTimeout.ts';
import { usePacing } from './pacing.ts';
import { requestIdOf, useRequestId } from './requestId.ts';
import { type Responses, useResponseLimits } from './responseLimits.ts';
import { useResponseType } from './responseType.ts';
import { type Caller, callerIn, type OperationContext, type ServerContext } from './serverContext.ts';
import { useSubscriptionContext } from './subscriptionContext.ts';
import { useSecurityHeaders, useTransport } from './transport.ts';
import { type TrustedDocuments, useTrustedDocuments } from './trustedDocuments.ts';

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
  /** Compiles repeated queries; undefined if none is compiled. */
  readonly compiled: CompiledQueries | undefined;
}

/** The values that are added to the context of a request before its operation is executed. */
type RequestContext = Context & { readonly caller: Caller; readonly requestId: string };

export type Graphql = YogaServerInstance<ServerContext, RequestContext>;

/** Creates the handler of GraphQL requests. The plugins run in the order of the list. */
export function createGraphql(options: YogaOptions): Graphql {
  const { shared, access, operationMs, responses, trusted, mask, compiled } = options;
  const contextFor = (request: Request, caller: Caller, requestId: string): RequestContext => {
    const { viewer } = caller;
    const until = deadlineIn(operationMs);
    const read = loadersOf(shared.store, scopeOf(viewer), until);
    const failedCharge = failedMutationCharge(access, caller);
    // Browsers send no header before the first event; an empty one means the same.
    const lastEventId = request.headers.get('last-event-id') || null;
    return { ...shared, ...failedCharge, caller, viewer, read, until, requestId, idempotencyKey: null, lastEventId };
  };
  const contextOf = (context: ServerContext & { readonly request: Request }): RequestContext =>
    contextFor(context.request, callerIn(context), requestIdOf(context.request, context));
  const renew = async (context: OperationContext): Promise<OperationContext> => {
    const { request, caller, requestId } = context;
    const viewer = await access.viewerOf(request);
    if (viewer === undefined) throw unauthenticated();
    const responseSize = responses.ofEvent(context, viewer);
    return { ...context, ...contextFor(request, { ...caller, viewer }, requestId), responseSize };
  };
  const chargeSubscription = ({ caller }: OperationContext, points: number): void =>
    access.charge(caller, 'subscriptionCost', points);
  return createYoga<ServerContext, RequestContext>({
    schema,
    context: contextOf,
    plugins: [
      useRequestId(),
      useSecurityHeaders(options.headers),
      useOrigins(options.origins),
      useAccess(access, mask),
      useResponseType(),
      useTransport(options.bodyBytes),
      useLeakedCredentials(),
      useTrustedDocuments(trusted),
      useCompiledQueries({ compiled, limits: options.operations, access, responses, mask, contextOf }),
      useErrorCodes(),
      useDocumentRules(options.documents),
      useHiddenSuggestions(options.documents.introspection),
      useOperation(options.operations, access, compiled),
      useIdempotencyKey(),
      useSubscriptionContext({ renew, charge: chargeSubscription }),
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
