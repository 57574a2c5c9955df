import {
  type DocumentNode,
  getOperationAST,
  getNamedType,
  GraphQLError,
  type GraphQLField,
  type GraphQLSchema,
  isInputObjectType,
  isObjectType,
  isUnionType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import type { Plugin, YogaInitialContext } from 'graphql-yoga';
import type { Context } from '../../schema/builder.ts';
import { requestError } from '../requestError.ts';
import { fragmentsOf } from './fragments.ts';

type MutationField = GraphQLField<unknown, unknown>;

/**
 * Passes the header Idempotency-Key to the mutation that takes an idempotency key. Queries and mutations that are
 * idempotent by nature ignore it. Rejects with BAD_USER_INPUT a document with several mutation fields that take one,
 * since they cannot share it, and a mutation that creates a token, since a retry could not return it.
 */
export const useIdempotencyKey = (): Plugin<Context & YogaInitialContext> => ({
  onExecute: ({ args, setResultAndStopExecution }) => {
    const { contextValue: context, document, schema } = args;
    const header = context.request.headers.get('idempotency-key');
    const operation = getOperationAST(document, args.operationName);
    if (header === null || operation?.operation !== 'mutation') return;
    const fields = mutationFieldsOf(schema, document, operation.selectionSet);
    const error = fields === undefined ? ONE_FIELD : problemOf(fields);
    if (error !== undefined) {
      setResultAndStopExecution({ errors: [new GraphQLError(error, { extensions: { code: 'BAD_USER_INPUT' } })] });
    } else if (fields?.some(takesKey)) {
      Object.assign(context, { idempotencyKey: decodeHeader(header) });
    }
  },
});

const ONE_FIELD =
  'The header Idempotency-Key is allowed with one mutation only. Set `idempotencyKey` in each input instead.';

function problemOf(fields: readonly MutationField[]): string | undefined {
  const creator = fields.find(createsToken);
  if (creator)
    return `The header Idempotency-Key is not allowed with ${creator.name}, because its token is returned only once.`;
  return fields.filter(takesKey).length > 1 ? ONE_FIELD : undefined;
}

function takesKey({ args }: MutationField): boolean {
  const input = args.find(({ name }) => name === 'input');
  const type = input && getNamedType(input.type);
  return isInputObjectType(type) && 'idempotencyKey' in type.getFields();
}

function createsToken({ type }: MutationField): boolean {
  const result = getNamedType(type);
  const members = isUnionType(result) ? result.getTypes() : [result];
  return members.some((member) => isObjectType(member) && 'token' in member.getFields());
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

/**
 * Returns the mutation fields of a selection, including those in fragments; undefined if there are too many selection
 * sets. The document is valid, so fragments form no cycle.
 */
function mutationFieldsOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  { selections }: SelectionSetNode,
): readonly MutationField[] | undefined {
  const known = schema.getMutationType()?.getFields() ?? {};
  const fragments = fragmentsOf(document);
  const sets = [selections];
  const fields: MutationField[] = [];
  for (const set of sets) {
    for (const selection of set) {
      if (selection.kind === Kind.INLINE_FRAGMENT) sets.push(selection.selectionSet.selections);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        sets.push(fragments.get(selection.name.value)?.selectionSet.selections ?? []);
      } else {
        const field = known[selection.name.value];
        if (field) fields.push(field);
      }
      if (sets.length > MAX_SELECTION_SETS) return undefined;
    }
  }
  return fields;
}

/** The maximum number of selection sets: fragments that spread each other twice soon exceed it. */
const MAX_SELECTION_SETS = 1_000;
