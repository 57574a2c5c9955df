import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { stringifyWithTexts } from '../store/jsonText.ts';
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
    const omit = LARGE_FIELDS.filter((field) => !operation.fieldNames.has(field));
    context.read.use({ omit, asText: JSON_FIELDS });
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
