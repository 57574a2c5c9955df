import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../schema/builder.ts';
import type { MaybePromise } from '../store/store.ts';
import type { Access } from './access/access.ts';
import type { CompiledQueries, CompiledQuery } from './compiledQueries.ts';
import type { Mask } from './errors.ts';
import { readOptionsOf, withJsonTexts } from './largeFields.ts';
import type { RequestedOperation } from './operations/operation.ts';
import { COST_HEADER, charge, type OperationLimits, requestedOperation } from './operations/requestedOperation.ts';
import { withinDeadline } from './operationTimeout.ts';
import { limited, type Responses } from './responseLimits.ts';
import { callerIn, type ServerContext } from './serverContext.ts';

export interface CompiledExecutionOptions {
  /** Undefined if no query is compiled. */
  readonly compiled: CompiledQueries | undefined;
  readonly limits: OperationLimits;
  readonly access: Access;
  readonly responses: Responses;
  readonly mask: Mask;
  readonly contextOf: (context: ServerContext & { readonly request: Request }) => Context;
}

/**
 * The cost from which a query is executed by graphql, which yields to other requests. It corresponds to a few
 * milliseconds of a compiled query.
 */
const MAX_COST = 2_000;

/**
 * Executes compiled queries without the hooks of the other plugins. It does what they do for a small valid query: it
 * checks and charges the operation, adds the context, and applies the deadline, the limits of responses and the masking
 * of errors. Everything else is left to them.
 */
export const useCompiledQueries = (options: CompiledExecutionOptions): Plugin<object, ServerContext> => ({
  onParams: ({ params, request, context, paramsHandler, setParamsHandler }) => {
    const { compiled, limits, responses } = options;
    if (typeof params.query !== 'string' || request.headers.has(COST_HEADER)) return;
    const query = compiled?.get(params.query, params.operationName);
    if (!query) return;
    setParamsHandler((sent) => {
      const requested = requestedOperation(query.operation, sent.params.variables ?? {}, limits);
      const isSmall =
        !(requested instanceof GraphQLError) &&
        requested.estimate.cost < MAX_COST &&
        !responses.isCounted(requested.estimate.bytes);
      if (!isSmall || !requested.variables) return paramsHandler(sent);
      return execute(options, query, requested, Object.assign(context, { request }));
    });
  },
});

function execute(
  options: CompiledExecutionOptions,
  { operation, execute: run }: CompiledQuery,
  requested: RequestedOperation,
  context: ServerContext & { readonly request: Request },
): MaybePromise<ExecutionResult> {
  const { access, responses, contextOf } = options;
  const rejection = charge(access, callerIn(context), requested);
  if (rejection) return { errors: [rejection] };
  context.requested = requested;
  const busy = responses.admit(context, false);
  if (busy) return { errors: [busy] };
  const readOptions = readOptionsOf(operation);
  const ofResolvers = contextOf(context);
  ofResolvers.read.use(readOptions);
  const finish = (result: ExecutionResult): ExecutionResult =>
    withJsonTexts(result.errors ? masked(limited(result), options.mask) : result, readOptions);
  const result = run(undefined, ofResolvers, requested.variables ?? {});
  return result instanceof Promise ? withinDeadline(result, ofResolvers.until).then(finish) : finish(result);
}

const masked = (result: ExecutionResult, mask: Mask): ExecutionResult => ({
  ...result,
  errors: (result.errors ?? []).map(mask),
});
