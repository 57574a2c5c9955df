import {
  type DocumentNode,
  type ExecutionArgs,
  getOperationAST,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Access } from '../access/access.ts';
import { isGivenAt, type Variables } from './argumentValues.ts';
import { type Estimate, estimateOf } from './cost.ts';
import { checkLists } from './inputLists.ts';
import { requestError } from '../requestError.ts';
import { checkVariables } from './variables.ts';

/** The limits that apply to each operation. */
export interface OperationLimits {
  /** The maximum number of objects that are read or built. */
  readonly cost: number;
  /** The maximum cost of the selection of a subscription, which is executed for each change. */
  readonly subscriptionCost: number;
  /** The maximum number of values in one list among its arguments. */
  readonly listValues: number;
}

/** The context of a subscription after its cost was computed. */
export interface WithOperationCost {
  readonly operationCost: number;
}

/** The cost for which an operation counts as one more request. */
const COST_OF_A_REQUEST = 1_000;
const tooComplex = (cost: number, max: number): GraphQLError =>
  requestError(
    `The operation must cost at most ${max}; it costs ${cost}. Request fewer items or fields.`,
    'QUERY_TOO_COMPLEX',
    {
      status: 400,
    },
  );

/** The request header with which a client requests the cost in the response. */
const HEADER = 'x-graphql-cost';

const NOTHING: Estimate = { cost: 0, bytes: 0 };

interface Estimated {
  readonly estimate?: Estimate;
}
/** Returns the estimate of an operation by its context, or undefined before it was made. */
export const estimateIn = (context: object): Estimate | undefined => (context as Estimated).estimate;

/**
 * Computes the cost of each operation from the values of its arguments before it is executed. Throws QUERY_TOO_COMPLEX
 * if it is too high, and RATE_LIMITED if the API key has requested too much within a minute.
 */
export const useOperationCost = (
  limits: OperationLimits,
  access: Access,
): Plugin<YogaInitialContext & WithOperationCost> => {
  const weigh = async (args: ExecutionArgs): Promise<Estimate | GraphQLError> => {
    const { schema, document, operationName, variableValues } = args;
    const operation = getOperationAST(document, operationName);
    if (!operation) return NOTHING;
    const unfit = checkVariables(schema, operation, variableValues ?? {}, limits.listValues);
    if (unfit) return unfit;
    const definitions = operation.variableDefinitions ?? [];
    const { coerced } = getVariableValues(schema, definitions, variableValues ?? {}, { maxErrors: 0 });
    // The execution reports what is wrong with the variables.
    if (!coerced) return NOTHING;
    const long = checkLists(schema, document, operation, coerced, limits.listValues);
    if (long) return long;
    const estimate = estimateOf(schema, document, operation, coerced);
    const { cost } = estimate;
    const maxCost = operation.operation === 'subscription' ? limits.subscriptionCost : limits.cost;
    if (cost > maxCost) return tooComplex(cost, maxCost);
    const { request } = args.contextValue as YogaInitialContext;
    const more = Math.floor(cost / COST_OF_A_REQUEST);
    const caller = access.callerOf(request);
    try {
      if (more > 0) await access.charge(caller, 'key', more);
      for (const [limit, points] of rateLimitedFields(document, operation, coerced))
        await access.charge(caller, limit, points);
    } catch (error) {
      if (error instanceof GraphQLError) return error;
      throw error;
    }
    const estimated: Estimated = { estimate };
    Object.assign(args.contextValue as object, estimated);
    return estimate;
  };
  return {
    onExecute: async ({ args, setResultAndStopExecution }) => {
      const weighed = await weigh(args);
      if (weighed instanceof GraphQLError) {
        setResultAndStopExecution({ errors: [weighed] });
        return;
      }
      const { cost } = weighed;
      if (!args.contextValue.request.headers.has(HEADER)) return;
      return {
        onExecuteDone: ({ result, setResult }) => {
          if (Symbol.asyncIterator in result) return;
          setResult({ ...result, extensions: { ...result.extensions, cost } });
        },
      };
    },
    onSubscribe: async ({ args, setResultAndStopExecution, extendContext }) => {
      const weighed = await weigh(args);
      if (weighed instanceof GraphQLError) setResultAndStopExecution({ errors: [weighed] });
      else extendContext({ operationCost: weighed.cost } satisfies WithOperationCost);
    },
  };
};

/** Returns how often an operation selects each field with a separate rate limit. */
function rateLimitedFields(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables) {
  const counts = new Map<'search' | 'createApiKey', number>();
  const count = (limit: 'search' | 'createApiKey'): void => void counts.set(limit, (counts.get(limit) ?? 0) + 1);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION && definition !== operation) continue;
    visit(definition, {
      Field: (field) => {
        if (field.name.value === 'createApiKey') count('createApiKey');
        if (field.name.value === 'chatSessions' && isGivenAt(field, ['filter', 'search'], variables)) count('search');
      },
    });
  }
  return counts;
}
