import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../../schema/builder.ts';
import { Pace } from '../../schema/pace.ts';
import { estimateIn } from './operationCost.ts';

/** The cost below which an operation is executed without pauses. */
const PACED_FROM_COST = 500;

/**
 * Serves other requests while an expensive operation is executed: before it, between the rows of its lists, before its
 * result is serialized to JSON, and before that is sent.
 */
export const usePacing = (): Plugin<Context> => {
  const paces = new WeakMap<Request, Pace>();
  return {
    onExecute: ({ args, executeFn, setExecuteFn }) => {
      const context = args.contextValue;
      if ((estimateIn(context)?.cost ?? 0) < PACED_FROM_COST) return;
      const pace = new Pace();
      paces.set(context.request, pace);
      Object.assign(context, { pace });
      context.read.follow(pace);
      setExecuteFn(async (executed: ExecutionArgs) => {
        await pace.yield();
        const result = (await executeFn(executed)) as ExecutionResult;
        await pace.yield();
        return result;
      });
    },
    onResponse: async ({ request }) => paces.get(request)?.yield(),
  };
};
