import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { leavable } from '../live/stream.ts';

/** Makes the context of the next event out of the subscription's. */
export type Fresh<C> = (context: C) => Promise<C>;

/**
 * Executes each event of a subscription with a context of its own, so that it reads what is so now and access is
 * judged anew; an error of the stream is told as its last result.
 */
export const useFreshEvents = <C>(fresh: Fresh<C>): Plugin => ({
  onSubscribe: ({ setSubscribeFn }) => {
    setSubscribeFn(async (args: ExecutionArgs) => {
      const stream = await createSourceEventStream(args);
      if (!(Symbol.asyncIterator in stream)) return stream;
      const source = stream[Symbol.asyncIterator]();
      const results = events(stream, async (rootValue) =>
        execute({ ...args, rootValue, contextValue: await fresh(args.contextValue as C) }),
      );
      return leavable(results, () => void source.return?.());
    });
  },
});

async function* events(
  stream: AsyncIterable<unknown>,
  run: (event: unknown) => Promise<ExecutionResult> | ExecutionResult,
): AsyncGenerator<ExecutionResult, void, undefined> {
  try {
    for await (const event of stream) yield await run(event);
  } catch (error) {
    yield { errors: [error instanceof GraphQLError ? error : new GraphQLError('', { originalError: error as Error })] };
  }
}
