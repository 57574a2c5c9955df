import { type ExecutionArgs, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Variables } from '../../schema/variables.ts';
import type { Access } from '../access/access.ts';
import type { CompiledQueries } from '../compiledQueries.ts';
import { requestError } from '../requestError.ts';
import type { Caller, OperationContext } from '../serverContext.ts';
import { checkLists } from './inputLists.ts';
import { type Operation, operationOf, type RequestedOperation } from './operation.ts';
import { checkNulls, checkSizes, coerceVariables, withJsonValues } from './variables.ts';

/** The limits that apply to each operation. */
export interface OperationLimits {
  /** The maximum number of objects that are read or built. */
  readonly cost: number;
  /** The maximum cost of the selection of a subscription, which is executed for each change. */
  readonly subscriptionCost: number;
  /** The maximum number of values in one list among its arguments. */
  readonly listValues: number;
}

/** The cost for which an operation counts as one more request. */
const COST_OF_A_REQUEST = 1_000;
/** The request header with which a client requests the cost in the response. */
export const COST_HEADER = 'x-graphql-cost';

/**
 * Adds the operation of the request to its context. Rejects variables that do not fit, with QUERY_TOO_COMPLEX lists
 * that are too long and operations that cost too much, and with RATE_LIMITED what exceeds the limits of the API key per
 * minute.
 */
export const useOperation = (
  limits: OperationLimits,
  access: Access,
  compiled: CompiledQueries | undefined,
): Plugin<OperationContext> => {
  const prepare = (args: OperationArgs): GraphQLError | undefined => {
    const { contextValue: context, variableValues } = args;
    const operation = operationOf(args.schema, args.document, args.operationName);
    if (!operation) return undefined;
    context.operation = operation;
    const sent = variableValues ?? {};
    const requested = requestedOperation(operation, sent, limits);
    if (requested instanceof GraphQLError) return requested;
    const error = charge(access, context.caller, requested);
    if (error) return error;
    context.requested = requested;
    if (operation.variableFacts.isWithinJson) args.document = withJsonValues(operation, operation.variableFacts, sent);
    return undefined;
  };
  return {
    onExecute: ({ args, setResultAndStopExecution }) => {
      const error = prepare(args);
      if (error) return setResultAndStopExecution({ errors: [error] });
      const { request, requested } = args.contextValue;
      if (requested?.variables) compiled?.note(requested.operation);
      if (!request.headers.has(COST_HEADER)) return undefined;
      const cost = requested?.estimate.cost ?? 0;
      return {
        onExecuteDone: ({ result, setResult }) => {
          if (Symbol.asyncIterator in result) return;
          setResult({ ...result, extensions: { ...result.extensions, cost } });
        },
      };
    },
    onSubscribe: ({ args, setResultAndStopExecution }) => {
      const error = prepare(args);
      if (error) setResultAndStopExecution({ errors: [error] });
    },
  };
};

type OperationArgs = ExecutionArgs & { readonly contextValue: OperationContext };

/** Returns the operation with its variables and its cost, or why it must not be executed. */
export function requestedOperation(
  operation: Operation,
  sent: Variables,
  limits: OperationLimits,
): RequestedOperation | GraphQLError {
  const { variableFacts, kind } = operation;
  const invalid = checkNulls(variableFacts, sent) ?? checkSizes(variableFacts, sent, limits.listValues);
  if (invalid) return invalid;
  const variables = coerceVariables(operation, variableFacts, sent);
  if (!variables) return { operation, variables, estimate: { cost: 0, bytes: 0 } };
  const tooLong = checkLists(operation.lists, variables, limits.listValues);
  if (tooLong) return tooLong;
  const estimate = operation.estimate(variables);
  const maxCost = kind === 'subscription' ? limits.subscriptionCost : limits.cost;
  return estimate.cost > maxCost ? tooComplex(estimate.cost, maxCost) : { operation, variables, estimate };
}

const tooComplex = (cost: number, max: number): GraphQLError =>
  requestError(
    `The operation must cost at most ${max}; it costs ${cost}. Request fewer items or fields.`,
    'QUERY_TOO_COMPLEX',
    { status: 400 },
  );

/** Charges what the operation costs in addition to one request. Returns RATE_LIMITED if too little is left. */
export function charge(
  access: Access,
  caller: Caller,
  { operation, variables, estimate }: RequestedOperation,
): GraphQLError | undefined {
  const requests = Math.floor(estimate.cost / COST_OF_A_REQUEST);
  try {
    if (requests > 0) access.charge(caller, 'key', requests);
    if (!variables) return undefined;
    for (const [field, points] of operation.rateLimitedFields(variables)) access.charge(caller, field, points);
    return undefined;
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}
