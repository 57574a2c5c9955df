import { type DocumentNode, getOperationAST, GraphQLError, Kind, type SelectionSetNode } from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Context } from '../../schema/builder.ts';
import { fragmentsOf } from './fragments.ts';

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

/**
 * How many fields a selection has, those of its fragments included, up to two: more of them are not told apart. The
 * document is valid: fragments make no circle.
 */
function countFields(document: DocumentNode, { selections }: SelectionSetNode): number {
  const fragments = fragmentsOf(document);
  const sets = [selections];
  let count = 0;
  for (const set of sets) {
    for (const selection of set) {
      // __typename is no mutation.
      if (selection.kind === Kind.FIELD) count += selection.name.value.startsWith('__') ? 0 : 1;
      else if (selection.kind === Kind.INLINE_FRAGMENT) sets.push(selection.selectionSet.selections);
      else sets.push(fragments.get(selection.name.value)?.selectionSet.selections ?? []);
      if (count > 1 || sets.length > SETS) return 2;
    }
  }
  return count;
}

/** The most selections that are looked through: fragments that double each other are soon too many. */
const SETS = 1_000;
