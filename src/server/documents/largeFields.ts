import { type DocumentNode, getOperationAST, visit } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../../schema/builder.ts';

/** Fields that can take many bytes of a row. The schema returns each as it is stored, under the same name. */
const LARGE_FIELDS = ['metadata', 'payload', 'reason', 'deletionReason', 'description', 'body'] as const;

const unselected = new WeakMap<DocumentNode, readonly string[]>();

/** The large fields that no selection of the document names. */
function unselectedIn(document: DocumentNode): readonly string[] {
  const known = unselected.get(document);
  if (known) return known;
  const named = new Set<string>();
  visit(document, { Field: ({ name }) => void named.add(name.value) });
  const fields = LARGE_FIELDS.filter((field) => !named.has(field));
  unselected.set(document, fields);
  return fields;
}

/** Spares a query the reading of large fields that it does not select. */
export const useLargeFields = (): Plugin<Context> => ({
  onExecute: ({ args: { document, operationName, contextValue } }) => {
    if (getOperationAST(document, operationName)?.operation !== 'query') return;
    contextValue.read.omit(unselectedIn(document));
  },
});
