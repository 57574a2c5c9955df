import type { InputObjectRef, ObjectRef, UnionRef } from '@pothos/core';
import { type GraphQLResolveInfo, isInputObjectType } from 'graphql';
import { type Keyed, RememberedRefusal } from '../commands/perform.ts';
import type { MutationName } from '../domain/auditEvent.ts';
import { type ErrorCode, type Facts, factsOf, Refusal } from '../domain/refusals.ts';
import { builder, type Context, type Types } from './builder.ts';
import { badInput, ERRORS, isRefused } from './errors.ts';

type Result<P> = UnionRef<Types, P | Facts>;

/** The union of a mutation's payload and the refusals that its command can answer with. */
export function resultType<P extends object>(
  payload: ObjectRef<Types, P>,
  name: string,
  codes: readonly ErrorCode[],
): Result<P> {
  return builder.unionType(name, {
    description: `The \`${payload.name}\`, or why it was refused. The union is open: keep \`... on UserError\`.`,
    types: [payload, ...codes.map((code) => ERRORS[code])] as never,
    resolveType: (value: P | Facts) => (isRefused(value) ? ERRORS[value.code].name : payload.name),
  });
}

/** What a payload says of its key. */
export const REPLAYED =
  'Whether this is the answer to an earlier call with the same idempotency key: nothing was done twice, and the objects are as they are now.';

/** The user errors of every mutation that changes fields of an object. */
export const UPDATE_ERRORS: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'FORBIDDEN',
  'NOT_FOUND',
  'STALE_VERSION',
  'CAPACITY_EXCEEDED',
  'IDEMPOTENCY_CONFLICT',
];

/** What an input says of the version that it expects. */
export const EXPECTED_VERSION =
  'The version last read. If the object has another version now, the result is a StaleVersionError.';

/** What an input says of its key. */
export const IDEMPOTENCY_KEY =
  'Called again with the same key and the same input, the mutation is not done twice but answers the first result again. 1 to 255 characters; the header Idempotency-Key does the same.';

/**
 * The shape of every mutation: one input, one command, one result. A refusal leaves as a member of the result. It takes
 * an idempotency key if its input has a place for one.
 */
export function mutation<I extends object, P extends object>(
  name: MutationName,
  description: string,
  input: InputObjectRef<Types, I>,
  type: Result<P>,
  command: (context: Context, input: I) => Promise<P>,
): void {
  builder.mutationField(name, (t) =>
    t.field({
      type,
      description,
      nullable: true,
      args: { input: t.arg({ type: input, required: true, description: 'What to do.' }) },
      resolve: (async (
        _root: unknown,
        args: { readonly input: I },
        context: Context,
        { schema }: GraphQLResolveInfo,
      ) => {
        await context.admitMutation();
        return answer(command(context, withKey(args.input, context, schema.getType(input.name))), context);
      }) as never,
    }),
  );
}

/** The input with the idempotency key of the header, if it takes one. Throws BAD_USER_INPUT if it has another. */
function withKey<I extends Keyed>(input: I, { idempotencyKey }: Context, type: unknown): I {
  if (idempotencyKey === null || !isInputObjectType(type) || !('idempotencyKey' in type.getFields())) return input;
  if ((input.idempotencyKey ?? idempotencyKey) !== idempotencyKey) {
    throw badInput('input.idempotencyKey differs from the header Idempotency-Key.');
  }
  return { ...input, idempotencyKey };
}

async function answer<P>(work: Promise<P>, context: Context): Promise<P | Facts> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal) return factsOf(error);
    if (error instanceof RememberedRefusal) return error.facts;
    throw error;
  } finally {
    // What the request has read before may have changed.
    context.read.clear();
  }
}
