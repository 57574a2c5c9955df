import { createYoga, type YogaInitialContext, type YogaServerInstance } from 'graphql-yoga';
import { scopeOf, type Viewer } from '../domain/viewer.ts';
import type { Context } from '../schema/builder.ts';
import { schema } from '../schema/index.ts';
import { readingsOf } from '../schema/readings.ts';
import { deadlineIn } from '../store/deadline.ts';
import { type Access, UNAUTHENTICATED, useAccess } from './access/access.ts';
import type { Arrival } from './arrival.ts';
import { useDeadline } from './deadline.ts';
import { type DocumentRules, useDocumentRules } from './documents/documentRules.ts';
import { type Mask, useErrorCodes } from './errors.ts';
import { useIdempotencyKey } from './documents/idempotencyKey.ts';
import { useLargeFields } from './documents/largeFields.ts';
import { usePacing } from './documents/pacing.ts';
import { useLiveEvents } from './liveEvents.ts';
import { type OperationLimits, useOperationCost } from './documents/operationCost.ts';
import { useKeptSecrets } from './access/keptSecrets.ts';
import { type Origins, useOrigins } from './access/origins.ts';
import { type RefusalCharge, refusalCharge } from './access/refusalCharge.ts';
import { type Responses, useResponseLimits } from './responseLimits.ts';
import { requestIdOf, useRequestId } from './requestId.ts';
import { useResponseType } from './responseType.ts';
import { useSimilarNames } from './documents/similarNames.ts';
import { shortOnes } from './documents/shortOnes.ts';
import { useSecurityHeaders, useTransport } from './transport.ts';
import { type TrustedDocuments, useTrustedDocuments } from './documents/trustedDocuments.ts';
import { useVariableUses } from './documents/variableUses.ts';

/** The dependencies that all requests of a server share. */
export type Shared = Omit<
  Context,
  'viewer' | 'read' | 'requestId' | 'idempotencyKey' | 'lastEventId' | 'until' | keyof RefusalCharge
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

export type Graphql = YogaServerInstance<Arrival, Context>;

/** Creates the handler of GraphQL requests. The plugins run in the order of the list. */
export function createGraphql(options: YogaOptions): Graphql {
  const { shared, access, operationMs, responses, trusted, mask } = options;
  const contextFor = (request: Request, viewer: Viewer): Context => {
    const until = deadlineIn(operationMs);
    const read = readingsOf(shared.store, scopeOf(viewer), until);
    const charge = refusalCharge(access, access.callerOf(request));
    // Browsers send no header before the first event; an empty one means the same.
    const lastEventId = request.headers.get('last-event-id') || null;
    const requestId = requestIdOf(request);
    return { ...shared, viewer, read, until, ...charge, requestId, idempotencyKey: null, lastEventId };
  };
  const renew = async (context: Context & YogaInitialContext) => {
    const viewer = await access.viewerOf(context.request);
    if (viewer === undefined) throw UNAUTHENTICATED();
    const responseSize = responses.ofEvent(context, viewer);
    return { ...context, ...contextFor(context.request, viewer), responseSize };
  };
  const charge = ({ request }: YogaInitialContext, points: number): Promise<void> =>
    access.charge(access.callerOf(request), 'subscriptionCost', points);
  return createYoga<Arrival, Context>({
    schema,
    context: ({ request }) => contextFor(request, access.callerOf(request).viewer),
    plugins: [
      useRequestId(),
      useSecurityHeaders(options.headers),
      useOrigins(options.origins),
      useAccess(access, mask),
      useResponseType(),
      useTransport(options.bodyBytes),
      useKeptSecrets(),
      useTrustedDocuments(trusted),
      useErrorCodes(),
      useDocumentRules(options.documents, access),
      useSimilarNames(options.documents.introspection, access),
      useVariableUses(),
      useOperationCost(options.operations, access),
      useIdempotencyKey(),
      useLiveEvents({ renew, charge }),
      useDeadline(),
      useLargeFields(),
      usePacing(),
      useResponseLimits(responses, mask),
    ],
    maskedErrors: { maskError: mask },
    parserAndValidationCache: { documentCache: shortOnes(), errorCache: shortOnes() },
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
