import { getVariableValues, Kind, parse } from 'graphql';
import { schema } from '../../src/schema/index.ts';
import type { Estimate } from '../../src/server/operations/cost.ts';
import { type Operation, operationOf } from '../../src/server/operations/operation.ts';

interface ParsedOperation {
  readonly operation: Operation;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Returns the first operation of a document with its variables, coerced as graphql does. */
export function operationIn(
  text: string,
  variables: Readonly<Record<string, unknown>> = {},
  of = schema,
): ParsedOperation {
  const document = parse(text);
  const first = document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION);
  const operation = operationOf(of, document, first?.name?.value);
  if (!operation) throw new Error('The document has no operation.');
  const { coerced, errors } = getVariableValues(of, operation.variableFacts.definitions, variables);
  if (!coerced) throw errors[0] as Error;
  return { operation, variables: coerced };
}

export function estimateOfText(text: string, given?: Readonly<Record<string, unknown>>): Estimate {
  const { operation, variables } = operationIn(text, given);
  return operation.estimate(variables);
}

export const costOfText = (text: string, given?: Readonly<Record<string, unknown>>): number =>
  estimateOfText(text, given).cost;

/** Returns fragments that each spread the next one twice, so the last would be spread 2^levels times. */
export const doubling = (levels: number, on: string, last: string): string =>
  Array.from({ length: levels + 1 }, (_, index) =>
    index === levels
      ? `fragment F${index} on ${on} ${last}`
      : `fragment F${index} on ${on} { ...F${index + 1} ...F${index + 1} }`,
  ).join('\n');
