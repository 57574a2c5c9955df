import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { stringifyWithTexts } from '../store/jsonText.ts';
import type { ReadOptions } from '../store/store.ts';
import type { Operation } from './operations/operation.ts';
import type { OperationContext } from './serverContext.ts';

/** The fields of JSON objects that can be large. The schema returns each as it is stored, under the same name. */
const JSON_FIELDS = ['metadata', 'payload'] as const;
/** The fields of texts that can be large. */
const TEXT_FIELDS = ['reason', 'deletionReason', 'description', 'body'] as const;
const LARGE_FIELDS = [...JSON_FIELDS, ...TEXT_FIELDS];

/** Keeps a query from loading large fields that it does not select, and from parsing the JSON that it does. */
export const useLargeFields = (): Plugin<OperationContext> => ({
  onExecute: ({ args: { contextValue: context } }) => {
    const { operation } = context.requested ?? {};
    if (operation?.kind !== 'query') return;
    const options = readOptionsOf(operation);
    context.read.use(options);
    return {
      onExecuteDone: ({ result, setResult }) => {
        if (!(Symbol.asyncIterator in result)) setResult(withJsonTexts(result, options));
      },
    };
  },
});

const READ_OPTIONS = new WeakMap<Operation, ReadOptions>();

/** Returns how the rows of a query are read: without the large fields that it does not select, and JSON as text. */
export function readOptionsOf(operation: Operation): ReadOptions {
  let options = READ_OPTIONS.get(operation);
  if (!options) {
    const omit = LARGE_FIELDS.filter((field) => !operation.fieldNames.has(field));
    READ_OPTIONS.set(operation, (options = { omit, asText: JSON_FIELDS }));
  }
  return options;
}

/** Makes the JSON that a result contains as text be written as it is. */
export function withJsonTexts(result: ExecutionResult, { omit }: ReadOptions): ExecutionResult {
  if (JSON_FIELDS.every((field) => omit?.includes(field))) return result;
  // Yoga writes the result with this function instead of JSON.stringify.
  const stringify = (value: unknown): string => stringifyWithTexts(value, randomUUID());
  return { ...result, stringify } as ExecutionResult;
}
