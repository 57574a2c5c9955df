import type { CommandContext } from './context.ts';
import { type Command, type Idempotent, perform, type Replayable } from './perform.ts';

/** A mutation as a function, with its declaration. It throws the user errors of the declaration. */
export interface Mutation<I, P> {
  (context: CommandContext, input: I): Promise<Replayable<P>>;
  readonly declaration: Pick<Command<Idempotent, never, never, never>, 'name' | 'roles' | 'errors'> & {
    readonly takesIdempotencyKey: boolean;
  };
}

/** Returns the function that performs a command. */
export function mutationOf<I extends Idempotent, C, L, P extends object>(command: Command<I, C, L, P>): Mutation<I, P> {
  const { name, roles, errors, storePayload } = command;
  const declaration = { name, roles, errors, takesIdempotencyKey: storePayload !== undefined };
  return Object.assign((context: CommandContext, input: I) => perform(command, context, input), { declaration });
}
