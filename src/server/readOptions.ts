import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { neededFields } from '../schema/neededFields.ts';
import { stringifyWithTexts } from '../store/jsonText.ts';
import type { ReadOptions } from '../store/store.ts';
import { acceptReplica } from './lsn.ts';
import type { Operation } from './operations/operation.ts';
import type { OperationContext } from './serverContext.ts';

/** The fields of JSON objects. The schema returns each as it is stored, under the same name. */
const JSON_FIELDS = ['metadata', 'payload'] as const;

/** Keeps a query from loading fields that it does not select, and from parsing the JSON that it does. */
export const useReadOptions = (): Plugin<OperationContext> => ({
  onExecute: ({ args: { contextValue: context } }) => {
    const { operation } = context.requested ?? {};
    if (operation?.kind !== 'query') return;
    const options = readOptionsOf(operation);
    context.read.use(options);
    acceptReplica(context.until, context.request);
    return {
      onExecuteDone: ({ result, setResult }) => {
        if (!(Symbol.asyncIterator in result)) setResult(withJsonTexts(result, options));
      },
    };
  },
});

const READ_OPTIONS = new WeakMap<Operation, ReadOptions>();

/** Returns how the rows of a query are read: only with the fields that it needs, and with JSON as text. */
export function readOptionsOf(operation: Operation): ReadOptions {
  let options = READ_OPTIONS.get(operation);
  if (!options) {
    const { schema, fieldNames } = operation;
    const asText = JSON_FIELDS.filter((field) => fieldNames.has(field));
    READ_OPTIONS.set(operation, (options = { fields: neededFields(schema, fieldNames), asText }));
  }
  return options;
}

/** Makes the JSON that a result contains as text be written as it is. */
export function withJsonTexts(result: ExecutionResult, { asText = [] }: ReadOptions): ExecutionResult {
  if (asText.length === 0) return result;
  // Yoga writes the result with this function instead of JSON.stringify.
  const stringify = (value: unknown): string => stringifyWithTexts(value, randomUUID());
  return { ...result, stringify } as ExecutionResult;
}
