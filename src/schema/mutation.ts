import type { InputObjectRef, ObjectRef, UnionRef } from '@pothos/core';
import { type GraphQLResolveInfo, isInputObjectType } from 'graphql';
import { StoredUserError } from '../commands/idempotency.ts';
import type { Idempotent, Replayable } from '../commands/perform.ts';
import type { MutationName } from '../domain/auditEvent.ts';
import { type ErrorCode, type ErrorData, toErrorData, UserError } from '../domain/userErrors.ts';
import { builder, type Context, type Types } from './builder.ts';
import { badInput, ERRORS, isUserError } from './errors.ts';

type Result<P> = UnionRef<Types, P | ErrorData>;

/** Returns the union of the payload of a mutation and its user errors. */
export function resultType<P extends object>(
  payload: ObjectRef<Types, P>,
  name: string,
  codes: readonly ErrorCode[],
): Result<P> {
  return builder.unionType(name, {
    description: `The \`${payload.name}\` or a user error. The union is open: always select \`... on UserError\`.`,
    types: [payload, ...codes.map((code) => ERRORS[code])] as never,
    resolveType: (value: P | ErrorData) => (isUserError(value) ? ERRORS[value.code].name : payload.name),
  });
}

/** The description of `replayed` in every payload. */
export const REPLAYED =
  'Whether the mutation was executed by an earlier call with the same idempotency key and not again now. The objects are returned in their current state.';

/** Returns the payload of a mutation that results in one object. */
export const payloadType = <K extends string, E extends object>(
  mutationName: MutationName,
  field: K,
  type: ObjectRef<Types, E>,
  description: string,
): ObjectRef<Types, Replayable<{ readonly [F in K]: E }>> => {
  const name = `${mutationName.charAt(0).toUpperCase()}${mutationName.slice(1)}Payload`;
  return builder.objectRef<Replayable<{ readonly [F in K]: E }>>(name).implement({
    description: `Result of a successful ${mutationName}.`,
    fields: (t) => ({
      // Pothos cannot follow a type parameter.
      [field]: t.field({ type, description, resolve: (payload) => payload[field] as never }),
      replayed: t.boolean({ description: REPLAYED, resolve: ({ replayed }) => replayed }),
    }),
  });
};

/** The description of an update that changes nothing. */
export const UNCHANGED = 'If no field differs, the object is returned unchanged and only the audit event is written.';

/** The user errors of every mutation that changes fields of an object. */
export const UPDATE_ERRORS: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'FORBIDDEN',
  'NOT_FOUND',
  'STALE_VERSION',
  'CAPACITY_EXCEEDED',
  'IDEMPOTENCY_CONFLICT',
];

/** The description of `expectedVersion` in every input. */
export const EXPECTED_VERSION =
  'The version that you last read. If the object has another version now, the result is a StaleVersionError.';

/** The description of `idempotencyKey` in every input. */
export const IDEMPOTENCY_KEY =
  'Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead.';

/**
 * Adds a mutation: one input, one command, one result. User errors are returned as members of the result. The mutation
 * accepts the header Idempotency-Key if its input has the field `idempotencyKey`.
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
      args: { input: t.arg({ type: input, required: true, description: `Input for ${name}.` }) },
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

/**
 * Returns the input with the idempotency key of the header, if it has that field. Throws BAD_USER_INPUT if the two
 * differ.
 */
function withKey<I extends Idempotent>(input: I, { idempotencyKey }: Context, type: unknown): I {
  if (idempotencyKey === null || !isInputObjectType(type) || !('idempotencyKey' in type.getFields())) return input;
  if ((input.idempotencyKey ?? idempotencyKey) !== idempotencyKey) {
    throw badInput('`input.idempotencyKey` differs from the header Idempotency-Key. Send only one of them.');
  }
  return { ...input, idempotencyKey };
}

async function answer<P>(work: Promise<P>, context: Context): Promise<P | ErrorData> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof UserError) return toErrorData(error);
    if (error instanceof StoredUserError) return error.data;
    throw error;
  } finally {
    // Objects that the request read before may have changed.
    context.read.clear();
  }
}
