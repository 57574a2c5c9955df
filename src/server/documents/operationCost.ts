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
import { judgeLists } from './inputLists.ts';
import { refusal } from '../refusal.ts';
import { judgeVariables } from './variables.ts';

/** What one operation may ask for. */
export interface OperationLimits {
  /** The most objects that answering may have to read or build. */
  readonly cost: number;
  /** The maximum cost of the selection of a subscription, which is executed for each change. */
  readonly subscriptionCost: number;
  /** The most values of one list among its arguments. */
  readonly listValues: number;
}

/** What the context of a subscription contains once it was weighed. */
export interface Weighed {
  readonly operationCost: number;
}

/** For each so much of its cost an operation counts as one request more. */
const COST_OF_A_REQUEST = 1_000;
const tooComplex = (cost: number, most: number): GraphQLError =>
  refusal(`The operation must cost at most ${most}; it costs ${cost}: ask for less at once.`, 'QUERY_TOO_COMPLEX', {
    status: 400,
  });

/** A client that sends this header is told what its operation costs. */
const HEADER = 'x-graphql-cost';

const NOTHING: Estimate = { cost: 0, bytes: 0 };

interface Estimated {
  readonly estimate?: Estimate;
}
/** What an operation was estimated at, by its context; undefined before that. */
export const estimateIn = (context: object): Estimate | undefined => (context as Estimated).estimate;

/**
 * Weighs each operation by the values of its arguments before it is executed. Refuses with QUERY_TOO_COMPLEX what costs
 * too much, and with RATE_LIMITED a key that has asked for too much within a minute.
 */
export const useOperationCost = (limits: OperationLimits, access: Access): Plugin<YogaInitialContext & Weighed> => {
  const weigh = async (args: ExecutionArgs): Promise<Estimate | GraphQLError> => {
    const { schema, document, operationName, variableValues } = args;
    const operation = getOperationAST(document, operationName);
    if (!operation) return NOTHING;
    const unfit = judgeVariables(schema, operation, variableValues ?? {}, limits.listValues);
    if (unfit) return unfit;
    const definitions = operation.variableDefinitions ?? [];
    const { coerced } = getVariableValues(schema, definitions, variableValues ?? {}, { maxErrors: 0 });
    // What is wrong with the variables is told by the execution.
    if (!coerced) return NOTHING;
    const long = judgeLists(schema, document, operation, coerced, limits.listValues);
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
      for (const [limit, points] of dearOnes(document, operation, coerced)) await access.charge(caller, limit, points);
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
      else extendContext({ operationCost: weighed.cost } satisfies Weighed);
    },
  };
};

/** How often an operation asks for what has a limit of its own. */
function dearOnes(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables) {
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
