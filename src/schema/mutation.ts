import type { InputObjectRef, ObjectRef, UnionRef } from '@pothos/core';
import { type ErrorCode, type Facts, factsOf, Refusal } from '../domain/refusals.ts';
import { builder, type Context, type Types } from './builder.ts';
import { ERRORS, isRefused } from './errors.ts';

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

/** The shape of every mutation: one input, one command, one result. A refusal leaves as a member of the result. */
export function mutation<I extends object, P extends object>(
  name: string,
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
      resolve: ((_root: unknown, args: { readonly input: I }, context: Context) =>
        answer(command(context, args.input), context)) as never,
    }),
  );
}

async function answer<P>(work: Promise<P>, context: Context): Promise<P | Facts> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal) return factsOf(error);
    throw error;
  } finally {
    // What the request has read before may have changed.
    context.read.clear();
  }
}
