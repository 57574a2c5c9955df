import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { Pace } from '../schema/pace.ts';
import type { OperationContext, ServerContext } from './serverContext.ts';

/** The cost below which an operation is executed without pauses. */
export const PACED_FROM_COST = 500;

/**
 * Serves other requests while an expensive operation is executed: before it, between the rows of its lists, before its
 * result is serialized to JSON, and before that is sent.
 */
export const usePacing = (): Plugin<OperationContext, ServerContext> => ({
  onExecute: ({ args: { contextValue: context }, executeFn, setExecuteFn }) => {
    if ((context.requested?.estimate.cost ?? 0) < PACED_FROM_COST) return;
    const pace = new Pace();
    context.pace = pace;
    context.read.follow(pace);
    setExecuteFn(async (executed: ExecutionArgs) => {
      await pace.yield();
      const result = (await executeFn(executed)) as ExecutionResult;
      await pace.yield();
      return result;
    });
  },
  onResponse: async ({ serverContext }) => serverContext.pace?.yield(),
});
