import { type ExecutionResult, GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import type { Context } from '../schema/builder.ts';
import type { MaybePromise } from '../store/store.ts';
import type { Access } from './access/access.ts';
import { rejectLeakedCredentials } from './access/leakedCredentials.ts';
import type { CompiledQueries, CompiledQuery } from './compiledQueries.ts';
import { type Mask, maskedResult } from './errors.ts';
import { setIdempotencyKey } from './idempotencyKey.ts';
import { acceptReplica } from './lsn.ts';
import type { RequestedOperation } from './operations/operation.ts';
import { COST_HEADER, charge, type OperationLimits, requestedOperation } from './operations/requestedOperation.ts';
import { withinDeadline } from './operationTimeout.ts';
import { readOptionsOf, withJsonTexts } from './readOptions.ts';
import type { RequestHead } from './requestHead.ts';
import { type Responses, withErrorsReduced } from './responseLimits.ts';
import { callerIn, type ServerContext } from './serverContext.ts';
import type { Tracing } from './tracing.ts';
import { documentOf, type TrustedDocuments } from './trustedDocuments.ts';

export interface CompiledExecutionOptions {
  readonly compiled: CompiledQueries;
  readonly limits: OperationLimits;
  readonly access: Access;
  readonly responses: Responses;
  readonly trusted: TrustedDocuments;
  readonly mask: Mask;
  /** Undefined if nothing is traced. */
  readonly tracing: Tracing | undefined;
  readonly contextOf: (request: RequestHead, context: ServerContext) => Context & { idempotencyKey: string | null };
}

/**
 * Executes compiled queries without the hooks of the other plugins. It does what they do for a small valid query: it
 * checks and charges the operation, makes the context, and applies the deadline, the limits of responses and the masking
 * of errors. Everything else is left to them.
 */
export class CompiledExecution {
  readonly #options: CompiledExecutionOptions;

  constructor(options: CompiledExecutionOptions) {
    this.#options = options;
  }

  /**
   * Returns the result of a request, or undefined if it must be executed by Yoga. Throws the errors that are reported
   * before a request is executed.
   */
  resultOf(params: GraphQLParams, request: RequestHead, context: ServerContext) {
    const query = hasUsualParams(params) ? this.find(this.#textOf(params), params.operationName, request) : undefined;
    if (!query) return undefined;
    rejectLeakedCredentials(request, params);
    return this.execute(query, params, request, context);
  }

  #textOf(params: GraphQLParams): string | null | undefined {
    try {
      return documentOf(params, this.#options.trusted);
    } catch {
      // The plugin for trusted documents reports the error.
      return undefined;
    }
  }

  /**
   * Returns the compiled query of a document. A request for the cost of its operation is left to Yoga, and a mutation by
   * another method than POST, which Yoga rejects.
   */
  find(text: unknown, operationName: string | null | undefined, request: RequestHead): CompiledQuery | undefined {
    if (typeof text !== 'string' || request.headers.has(COST_HEADER)) return undefined;
    const query = this.#options.compiled.get(text, operationName === '' ? undefined : operationName);
    return query?.operation.kind === 'mutation' && request.method !== 'POST' ? undefined : query;
  }

  /** Returns the result of a query, or undefined if its variables do not fit or it is too expensive. */
  execute(
    query: CompiledQuery,
    params: GraphQLParams,
    request: RequestHead,
    context: ServerContext,
  ): MaybePromise<ExecutionResult> | undefined {
    const requested = requestedOperation(query.operation, params.variables ?? {}, this.#options.limits);
    const isSmall = !(requested instanceof GraphQLError) && requested.estimate.cost < query.maxCost;
    return isSmall && requested.variables ? this.#run(query, requested, request, context) : undefined;
  }

  #run(
    { operation, shape, execute }: CompiledQuery,
    requested: RequestedOperation,
    request: RequestHead,
    context: ServerContext,
  ): MaybePromise<ExecutionResult> {
    const { access, responses, contextOf, mask, tracing } = this.#options;
    const isMutation = operation.kind === 'mutation';
    context.operation = operation;
    const rejection = charge(access, callerIn(context), requested);
    if (rejection) return { errors: [rejection] };
    context.requested = requested;
    const ofResolvers = contextOf(request, context);
    const { requestId } = context;
    const error = setIdempotencyKey(ofResolvers, operation, request) ?? responses.admit(context, isMutation);
    if (error) return { errors: [error] };
    const readOptions = isMutation ? undefined : readOptionsOf(operation);
    if (readOptions) {
      ofResolvers.read.use(readOptions);
      acceptReplica(ofResolvers.until, request);
    }
    const finish = (executed: ExecutionResult): ExecutionResult => {
      const counted = responses.counted(executed, shape, context);
      const reduced = counted.errors ? withErrorsReduced(counted, isMutation, mask, requestId) : counted;
      const result = maskedResult(reduced, mask, requestId);
      return readOptions ? withJsonTexts(result, readOptions) : result;
    };
    const run = () => execute(undefined, ofResolvers, requested.variables ?? {});
    const result = tracing ? tracing.execute(run) : run();
    if (!(result instanceof Promise)) return finish(result);
    // A mutation is awaited: only the store knows whether its change was committed.
    return (isMutation ? result : withinDeadline(result, ofResolvers.until)).then(finish);
  }
}

const PARAMS: ReadonlySet<string> = new Set(['query', 'variables', 'operationName', 'extensions', 'documentId']);

/** Whether a body has only known parameters with values of their types. Yoga reports the others. */
function hasUsualParams(params: GraphQLParams): boolean {
  for (const name in params) if (!PARAMS.has(name)) return false;
  return isObjectOrAbsent(params.variables) && isObjectOrAbsent(params.extensions);
}

const isObjectOrAbsent = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && !Array.isArray(value));

/** Executes the compiled queries of requests that Yoga handles. */
export const useCompiledQueries = (execution: CompiledExecution | undefined): Plugin<object, ServerContext> => ({
  onParams: ({ params, request, context, paramsHandler, setParamsHandler }) => {
    const query = execution?.find(params.query, params.operationName, request);
    if (!query) return;
    setParamsHandler((sent) => execution?.execute(query, sent.params, request, context) ?? paramsHandler(sent));
  },
});
