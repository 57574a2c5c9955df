import { randomUUID } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import { scopeOf, type Viewer } from '../domain/viewer.ts';
import type { Context } from '../schema/builder.ts';
import { loadersOf } from '../schema/loaders.ts';
import { deadlineIn } from '../store/deadline.ts';
import { type Access, unauthenticated, useAccess } from './access/access.ts';
import { type FailedMutationCharge, failedMutationCharge } from './access/failedMutationCharge.ts';
import { useLeakedCredentials } from './access/leakedCredentials.ts';
import { type Origins, useOrigins } from './access/origins.ts';
import { CompiledExecution, useCompiledQueries } from './compiledExecution.ts';
import type { CompiledQueries } from './compiledQueries.ts';
import { documentCache } from './documentCache.ts';
import { type Mask, useErrorCodes, useMaskedResults } from './errors.ts';
import { useIdempotencyKey } from './idempotencyKey.ts';
import { useLsn } from './lsn.ts';
import { type DocumentRules, useDocumentRules, useHiddenSuggestions } from './operations/documentRules.ts';
import { type OperationLimits, useOperation } from './operations/requestedOperation.ts';
import { useOperationTimeout } from './operationTimeout.ts';
import { usePacing } from './pacing.ts';
import { useReadOptions } from './readOptions.ts';
import type { RequestHead } from './requestHead.ts';
import { requestIdOf, useRequestId } from './requestId.ts';
import { useRequestRecord } from './requestLog.ts';
import type { OnRequest } from './requestRecord.ts';
import { type Responses, useResponseLimits } from './responseLimits.ts';
import { useResponseType } from './responseType.ts';
import { type Caller, callerIn, type OperationContext, type ServerContext } from './serverContext.ts';
import { useSubscriptionContext } from './subscriptionContext.ts';
import { type Tracing, useTracing } from './tracing.ts';
import { useSecurityHeaders, useTransport } from './transport.ts';
import { type TrustedDocuments, useTrustedDocuments } from './trustedDocuments.ts';

/** The dependencies that all requests of a server share. */
export type Shared = Omit<
  Context,
  'viewer' | 'read' | 'requestId' | 'idempotencyKey' | 'lastEventId' | 'until' | keyof FailedMutationCharge
>;

export interface YogaOptions {
  readonly schema: GraphQLSchema;
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
  /** Undefined if requests are not logged, and nothing is noted about them. */
  readonly onRequest: OnRequest | undefined;
  /** Undefined if nothing is traced. */
  readonly tracing: Tracing | undefined;
}

/** The values that are added to the context of a request before its operation is executed. */
type RequestContext = Context & { readonly caller: Caller; readonly requestId: string };

export type Graphql = YogaServerInstance<ServerContext, RequestContext>;

/** Executes operations. */
export interface Engine {
  readonly graphql: Graphql;
  /** Undefined if no query is compiled. */
  readonly compiledExecution: CompiledExecution | undefined;
  /** Makes the context of an operation that no request has sent. */
  readonly contextOfViewer: (viewer: Viewer) => Context;
}

type ContextMaker = (
  request: RequestHead,
  caller: Caller,
  requestId: string,
  noted: Pick<ServerContext, 'record' | 'until'>,
) => RequestContext;

/** Returns a function that makes the context of a request. It names each value: spreading them takes much longer. */
function contextMaker({ shared, access, operationMs }: YogaOptions): ContextMaker {
  const { store, ledger, clock, newId, newToken, webhooks, failedAttempts, hub } = shared;
  const { chatLimits, apiKeysPerInstitution } = shared;
  return ({ headers }, caller, requestId, noted) => {
    const { viewer } = caller;
    const until = deadlineIn(operationMs);
    const { record } = noted;
    noted.until = until;
    if (record) record.until = until;
    const read = loadersOf(store, scopeOf(viewer), until);
    const { onUserError, admitMutation } = failedMutationCharge(access, caller, record);
    // Browsers send no header before the first event; an empty one means the same.
    const lastEventId = headers.get('last-event-id') || null;
    return {
      chatLimits,
      apiKeysPerInstitution,
      store,
      ledger,
      clock,
      newId,
      newToken,
      webhooks,
      failedAttempts,
      hub,
      onUserError,
      admitMutation,
      caller,
      viewer,
      read,
      until,
      requestId,
      idempotencyKey: null,
      lastEventId,
    };
  };
}

/** Creates what executes operations. The plugins run in the order of the list. */
export function createEngine(options: YogaOptions): Engine {
  const { schema, access, operations, responses, trusted, mask, compiled, tracing } = options;
  const contextFor = contextMaker(options);
  const contextOf = (request: RequestHead, context: ServerContext): RequestContext =>
    contextFor(request, callerIn(context), requestIdOf(request, context), context);
  const compiledExecution =
    compiled &&
    new CompiledExecution({ compiled, limits: operations, access, responses, trusted, mask, tracing, contextOf });
  const renew = async (context: OperationContext): Promise<OperationContext> => {
    const { request, caller, requestId } = context;
    const viewer = await access.viewerOf(request);
    if (viewer === undefined) throw unauthenticated();
    const responseSize = responses.ofEvent(context, viewer);
    return { ...context, ...contextFor(request, { ...caller, viewer }, requestId, {}), responseSize };
  };
  const chargeSubscription = ({ caller }: OperationContext, points: number): void =>
    access.charge(caller, 'subscriptionCost', points);
  const graphql = createYoga<ServerContext, RequestContext>({
    schema,
    context: (context) => contextOf(context.request, context),
    plugins: [
      ...(options.onRequest ? [useRequestRecord()] : []),
      ...(tracing ? [useTracing(tracing)] : []),
      useRequestId(),
      useSecurityHeaders(options.headers),
      useOrigins(options.origins),
      useAccess(access, mask),
      useResponseType(),
      useTransport(options.bodyBytes),
      useLsn(),
      useLeakedCredentials(),
      useTrustedDocuments(trusted),
      useCompiledQueries(compiledExecution),
      useErrorCodes(),
      useDocumentRules(options.documents),
      useHiddenSuggestions(options.documents.introspection),
      useOperation(operations, access, compiled),
      useIdempotencyKey(),
      useSubscriptionContext({ renew, charge: chargeSubscription }),
      useOperationTimeout(),
      useReadOptions(),
      usePacing(),
      useResponseLimits(responses, mask),
      useMaskedResults(mask),
    ],
    maskedErrors: { maskError: (error) => mask(error) },
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
  const contextOfViewer = (viewer: Viewer): Context =>
    contextFor({ method: 'POST', url: '/', headers: new Headers() }, { viewer, address: '' }, randomUUID(), {});
  return { graphql, compiledExecution, contextOfViewer };
}
