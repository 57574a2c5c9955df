import { type DocumentNode, getOperationAST, GraphQLError, Kind, type SelectionSetNode } from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Context } from '../schema/builder.ts';

/**
 * Hands the header Idempotency-Key to the mutation. Refuses with BAD_USER_INPUT a document with several mutation
 * fields: one key cannot stand for all of them.
 */
export const useIdempotencyKey = (): Plugin<Context & YogaInitialContext> => ({
  onExecute: ({ args, setResultAndStopExecution }) => {
    const { contextValue: context } = args;
    const key = context.request.headers.get('idempotency-key');
    const operation = getOperationAST(args.document, args.operationName);
    if (key === null || operation?.operation !== 'mutation') return;
    if (countFields(args.document, operation.selectionSet) === 1) {
      Object.assign(context, { idempotencyKey: key });
      return;
    }
    const message = 'The header Idempotency-Key goes with one mutation field; give each of several a key of its own.';
    setResultAndStopExecution({ errors: [new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })] });
  },
});

/** How many fields a selection has, those of its fragments included. The document is valid: fragments make no circle. */
function countFields(document: DocumentNode, { selections }: SelectionSetNode): number {
  return selections.reduce((count, selection) => {
    // __typename is no mutation.
    if (selection.kind === Kind.FIELD) return selection.name.value.startsWith('__') ? count : count + 1;
    if (selection.kind === Kind.INLINE_FRAGMENT) return count + countFields(document, selection.selectionSet);
    const fragment = document.definitions.find(
      (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value,
    );
    return fragment?.kind === Kind.FRAGMENT_DEFINITION ? count + countFields(document, fragment.selectionSet) : count;
  }, 0);
}
