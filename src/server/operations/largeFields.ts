import { randomUUID } from 'node:crypto';
import { type DocumentNode, type ExecutionResult, getOperationAST, visit } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../../schema/builder.ts';
import { stringifyWithTexts } from '../../store/jsonText.ts';

/** The fields of JSON objects that can be large. The schema returns each as it is stored, under the same name. */
const JSON_FIELDS = ['metadata', 'payload'] as const;
/** The fields of texts that can be large. */
const TEXT_FIELDS = ['reason', 'deletionReason', 'description', 'body'] as const;

const unselected = new WeakMap<DocumentNode, readonly string[]>();

/** Returns the large fields that no selection of the document names. */
function unselectedIn(document: DocumentNode): readonly string[] {
  const known = unselected.get(document);
  if (known) return known;
  const named = new Set<string>();
  visit(document, { Field: ({ name }) => void named.add(name.value) });
  const fields = [...JSON_FIELDS, ...TEXT_FIELDS].filter((field) => !named.has(field));
  unselected.set(document, fields);
  return fields;
}

/** Keeps a query from loading large fields that it does not select, and from parsing the JSON that it does. */
export const useLargeFields = (): Plugin<Context> => ({
  onExecute: ({ args: { document, operationName, contextValue } }) => {
    if (getOperationAST(document, operationName)?.operation !== 'query') return;
    const omit = unselectedIn(document);
    contextValue.read.use({ omit, asText: JSON_FIELDS });
    if (JSON_FIELDS.every((field) => omit.includes(field))) return;
    return {
      onExecuteDone: ({ result, setResult }) => {
        if (Symbol.asyncIterator in result) return;
        // The library writes the result with this function instead of JSON.stringify.
        const stringify = (value: unknown): string => stringifyWithTexts(value, randomUUID());
        setResult({ ...result, stringify } as ExecutionResult);
      },
    };
  },
});
