import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Access } from '../access/access.ts';
import { type Introspection, mayIntrospect } from './documentRules.ts';

/** Removes suggestions of similar names from the errors of variables for viewers who may not introspect the schema. */
export const useHiddenSuggestions = (introspection: Introspection, access: Access): Plugin<YogaInitialContext> => {
  const mayKnow = ({ request }: YogaInitialContext): boolean =>
    mayIntrospect(access.callerOf(request).viewer, introspection);
  const hide = (result: object, context: YogaInitialContext, setResult: (result: ExecutionResult) => void): void => {
    // A result without data was not executed, so its errors concern the variables.
    if (!('errors' in result) || 'data' in result || mayKnow(context)) return;
    setResult({ ...result, errors: (result.errors as readonly GraphQLError[]).map(hideSuggestions) });
  };
  return {
    onExecute: ({ args }) => ({
      onExecuteDone: ({ result, setResult }) => hide(result, args.contextValue, setResult),
    }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: ({ result, setResult }) => hide(result, args.contextValue, setResult),
    }),
  };
};

/** The end that graphql appends to a message with suggestions. */
const SUGGESTION = ' Did you mean ';

function hideSuggestions(error: GraphQLError): GraphQLError {
  const index = error.message.lastIndexOf(SUGGESTION);
  if (index < 0 || !error.message.endsWith('?')) return error;
  const { nodes = null, source = null, positions = null, path = null, originalError = null, extensions } = error;
  return new GraphQLError(error.message.slice(0, index), { nodes, source, positions, path, originalError, extensions });
}
