import type { FieldMap, InputFieldMap, InputObjectRef, InputShapeFromFields, ObjectRef, UnionRef } from '@pothos/core';
import { StoredUserError } from '../commands/idempotency.ts';
import type { Mutation } from '../commands/mutation.ts';
import type { Idempotent, Replayable } from '../commands/perform.ts';
import { type ErrorData, toErrorData, UserError } from '../domain/userErrors.ts';
import { builder, type Context, type InputFields, type ObjectFields, type Types } from './builder.ts';
import { badInput, ERRORS, isUserError } from './errors.ts';
import type { FieldCost } from './fieldCosts.ts';
import { capitalized } from './naming.ts';

/** Does not compile if the fields of an input do not fit the input of the command. */
type Fits<F extends InputFieldMap, I> = [InputShapeFromFields<F>] extends [I] ? unknown : never;

/** The fields of the input and of the payload of a mutation. */
export interface MutationOptions<F extends InputFieldMap, I, P> {
  /** The fields of the input. `idempotencyKey` is added if the command takes one. */
  readonly input: (t: InputFields) => F & Fits<F, I>;
  /** The text that the description of the input adds. */
  readonly inputNote?: string;
  /** The fields of the payload, or its type. `replayed` is added if the command takes an idempotency key. */
  readonly payload: ((t: ObjectFields<Replayable<P>>) => FieldMap) | ObjectRef<Types, Replayable<P>>;
  /** The description of the payload. */
  readonly result?: string;
  readonly cost?: FieldCost;
}

/** The cost of every mutation: it also writes. */
const WRITES: FieldCost = { own: 10 };

/**
 * Adds a mutation: its input, its payload, and the union of the payload and the user errors of the command, which are
 * returned as members of the union. Returns the type of the input.
 */
export function mutation<F extends InputFieldMap, I extends Idempotent, P extends object>(
  command: Mutation<I, P>,
  description: string,
  options: MutationOptions<F, I, P>,
): InputObjectRef<Types, InputShapeFromFields<F>> {
  const { name, roles, takesIdempotencyKey } = command.declaration;
  const input = builder.inputType(`${capitalized(name)}Input`, {
    description: `Input for ${name}.${options.inputNote ?? ''}`,
    fields: (t): InputFieldMap => ({
      ...options.input(t),
      ...(takesIdempotencyKey && { idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }) }),
    }),
  });
  const type = resultType(command, options);
  builder.mutationField(name, (t) =>
    t.field({
      type,
      description,
      nullable: true,
      extensions: { roles, cost: { ...WRITES, ...options.cost } },
      args: { input: t.arg({ type: input, required: true, description: `Input for ${name}.` }) },
      resolve: async (_root, args, context) => {
        context.admitMutation();
        // `Fits` has checked the type.
        const sent: unknown = takesIdempotencyKey ? withKey(args.input, context) : args.input;
        return answer(command(context, sent as I), context);
      },
    }),
  );
  return input as InputObjectRef<Types, InputShapeFromFields<F>>;
}

/** Returns the union of the payload of a mutation and the user errors that its command declares. */
function resultType<I, P extends object>(
  { declaration }: Mutation<I, P>,
  { payload, result }: Pick<MutationOptions<never, I, P>, 'payload' | 'result'>,
): UnionRef<Types, object> {
  const name = capitalized(declaration.name);
  const payloadType =
    typeof payload === 'function'
      ? builder.objectRef<Replayable<P>>(`${name}Payload`).implement({
          description: result ?? `Result of a successful ${declaration.name}.`,
          fields: (t) => ({
            ...payload(t),
            ...(declaration.takesIdempotencyKey && {
              replayed: t.boolean({ description: REPLAYED, resolve: ({ replayed }) => replayed }),
            }),
          }),
        })
      : payload;
  return builder.unionType(`${name}Result`, {
    description: `The \`${payloadType.name}\` or a user error. The union is open: always select \`... on UserError\`.`,
    types: [payloadType, ...declaration.errors.map((code) => ERRORS[code])],
    resolveType: (value) => (isUserError(value) ? ERRORS[value.code].name : payloadType.name),
  });
}

/** The description of `replayed` in every payload. */
export const REPLAYED =
  'Whether the mutation was executed by an earlier call with the same idempotency key and not again now. The objects are returned in their current state.';

/** The description of an update that changes nothing. */
export const UNCHANGED = 'If no field differs, the object is returned unchanged and only the audit event is written.';

/** The text that the description of the input of an update adds. */
export const PATCH = ' A field that is left out stays as it is.';

/** The description of `expectedVersion` in every input. */
export const EXPECTED_VERSION =
  'The version that you last read. If the object has another version now, the result is a StaleVersionError.';

/** The description of `idempotencyKey` in every input. */
const IDEMPOTENCY_KEY =
  'Client-chosen text that makes the mutation safe to retry: a call with the same idempotency key and input returns the first result and is not executed again, unless that was VALIDATION_FAILED, FORBIDDEN, NOT_FOUND or CAPACITY_EXCEEDED. Another input results in an IdempotencyConflictError. 1 to 255 characters. You can send it as the header Idempotency-Key instead.';

/** Returns the input with the idempotency key of the header. Throws BAD_USER_INPUT if the two differ. */
function withKey<I extends Idempotent>(input: I, { idempotencyKey }: Context): I {
  if (idempotencyKey === null) return input;
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
