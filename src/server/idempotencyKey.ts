import { type GraphQLError, getNamedType, isInputObjectType, isObjectType, isUnionType } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { badInput } from '../schema/errors.ts';
import type { MutationField, Operation } from './operations/operation.ts';
import { requestError } from './requestError.ts';
import type { RequestHead } from './requestHead.ts';
import type { OperationContext } from './serverContext.ts';

/**
 * Passes the header Idempotency-Key to the mutation that takes an idempotency key. Queries and mutations that are
 * idempotent by nature ignore it. Rejects with BAD_USER_INPUT a document with several mutation fields that take one,
 * since they cannot share it, and a mutation that creates a token or a secret, since a retry could not return it.
 */
export const useIdempotencyKey = (): Plugin<OperationContext> => ({
  onExecute: ({ args: { contextValue: context }, setResultAndStopExecution }) => {
    const { operation } = context.requested ?? {};
    const error = operation && setIdempotencyKey(context, operation, context.request);
    if (error) setResultAndStopExecution({ errors: [error] });
  },
});

/** Adds the idempotency key of the header to the context. Returns why the operation must not be executed. */
export function setIdempotencyKey(
  context: { idempotencyKey: string | null },
  { kind, mutationFields: fields }: Operation,
  { headers }: RequestHead,
): GraphQLError | undefined {
  const header = headers.get('idempotency-key');
  if (header === null || kind !== 'mutation') return undefined;
  const error = fields === undefined ? ONE_FIELD : problemOf(fields);
  if (error !== undefined) return badInput(error);
  if (fields?.some(takesKey)) context.idempotencyKey = decodeHeader(header);
  return undefined;
}

const ONE_FIELD =
  'The header Idempotency-Key is allowed with one mutation only. Set `idempotencyKey` in each input instead.';

function problemOf(fields: readonly MutationField[]): string | undefined {
  for (const field of fields) {
    const once = returnedOnceBy(field);
    if (once !== undefined)
      return `The header Idempotency-Key is not allowed with ${field.name}, because its ${once} is returned only once.`;
  }
  return fields.filter(takesKey).length > 1 ? ONE_FIELD : undefined;
}

function takesKey({ args }: MutationField): boolean {
  const input = args.find(({ name }) => name === 'input');
  const type = input && getNamedType(input.type);
  return isInputObjectType(type) && 'idempotencyKey' in type.getFields();
}

/** Returns the field of the result that a retry could not return again, or undefined if there is none. */
function returnedOnceBy({ type }: MutationField): 'token' | 'secret' | undefined {
  const result = getNamedType(type);
  const members = isUnionType(result) ? result.getTypes() : [result];
  return (['token', 'secret'] as const).find((name) =>
    members.some((member) => isObjectType(member) && name in member.getFields()),
  );
}

/** Decodes the header, which is sent as UTF-8 bytes but read as Latin-1 by HTTP. */
function decodeHeader(header: string): string {
  try {
    return UTF_8.decode(Buffer.from(header, 'latin1'));
  } catch {
    throw requestError('The header Idempotency-Key must be UTF-8 text.', 'BAD_REQUEST', { status: 400 });
  }
}
const UTF_8 = new TextDecoder('utf-8', { fatal: true });
