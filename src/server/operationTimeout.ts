import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { DeadlineExceededError, type StoreError, UnavailableError } from '../store/errors.ts';
import type { Deadline } from '../store/store.ts';
import type { OperationContext } from './serverContext.ts';

/** The time after the deadline within which the store may report that the database does not answer, in ms. */
const STORE_MARGIN_MS = 500;

const MESSAGE = 'The operation timed out. Request fewer items or fields.';
export const timeoutError = (): GraphQLError =>
  new GraphQLError(MESSAGE, { extensions: { code: 'TIMEOUT', http: { status: 504 } } });

/**
 * Returns TIMEOUT for a query that is not done by its deadline, when the store gives it up, too. If the reason is that
 * the database does not answer, the result says so. A mutation is awaited: only the store knows whether its change was
 * committed, and gives it up before that or not at all.
 */
export const useOperationTimeout = (): Plugin<OperationContext> => ({
  onExecute: ({ args: { contextValue: context }, executeFn, setExecuteFn }) => {
    if (context.requested?.operation.kind !== 'query') return;
    setExecuteFn((executed: ExecutionArgs) => {
      const result = executeFn(executed) as ExecutionResult | Promise<ExecutionResult>;
      return result instanceof Promise ? withinDeadline(result, context.until) : result;
    });
  },
});

/** Returns the result of a query, or TIMEOUT if it is not done by the deadline. */
export async function withinDeadline(result: Promise<ExecutionResult>, until: Deadline): Promise<ExecutionResult> {
  const early = await withinMs(result, until.remainingMs());
  // The store gives up at the deadline, too, and its error can arrive before the timer of this process.
  const isGivenUp = until.remainingMs() <= 0 && hasError(early, DeadlineExceededError);
  if (early && !isGivenUp) return early;
  const late = early ?? (await withinMs(result, STORE_MARGIN_MS));
  return late && hasError(late, UnavailableError) ? late : { errors: [timeoutError()] };
}

/** Whether a result has an error of the store of this class. */
const hasError = (result: ExecutionResult | undefined, type: typeof StoreError): boolean =>
  result?.errors?.some(({ originalError }) => originalError instanceof type) ?? false;

/** Returns the result, or undefined if it takes longer. */
async function withinMs(result: Promise<ExecutionResult>, ms: number): Promise<ExecutionResult | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, ms));
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}
