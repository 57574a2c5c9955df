import { type ExecutionArgs, type ExecutionResult, getOperationAST, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../schema/builder.ts';
import type { Deadline } from '../store/store.ts';

/** A deadline so many ms from now. */
export function deadlineIn(ms: number): Deadline {
  const at = performance.now() + ms;
  return { remainingMs: () => at - performance.now() };
}

const TOO_LATE = 'The operation took longer than it may: ask for less at once.';
export const timeout = (): GraphQLError =>
  new GraphQLError(TOO_LATE, { extensions: { code: 'TIMEOUT', http: { status: 504 } } });

/**
 * Answers a query that is not done by its deadline with TIMEOUT; the record gives it up at the same moment. A mutation
 * is waited for: only the record knows whether its change was kept, and gives it up before that or not at all.
 */
export const useDeadline = (): Plugin<Context> => ({
  onExecute: ({ args, executeFn, setExecuteFn }) => {
    if (getOperationAST(args.document, args.operationName)?.operation !== 'query') return;
    setExecuteFn((asked: ExecutionArgs) => {
      const result = executeFn(asked) as ExecutionResult | Promise<ExecutionResult>;
      return result instanceof Promise ? inTime(result, (asked.contextValue as Context).until) : result;
    });
  },
});

async function inTime(result: Promise<ExecutionResult>, until: Deadline): Promise<ExecutionResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ExecutionResult>((resolve) => {
    timer = setTimeout(() => resolve({ errors: [timeout()] }), Math.max(0, until.remainingMs()));
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}
