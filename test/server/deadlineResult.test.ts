import { type ExecutionResult, GraphQLError } from 'graphql';
import { expect, it } from 'vitest';
import { withinDeadline } from '../../src/server/operationTimeout.ts';
import { DeadlineExceededError, UnavailableError } from '../../src/store/errors.ts';

/** Returns a result without the field that failed with the error. */
const failedWith = (originalError: Error): ExecutionResult => ({
  errors: [new GraphQLError('', { path: ['positions'], originalError })],
  data: { positions: null },
});
const COMPLETE: ExecutionResult = { data: { positions: [] } };
const givenUp = failedWith(new DeadlineExceededError(''));
const unavailable = failedWith(new UnavailableError(''));

const afterMs = async (leftMs: number, result: ExecutionResult): Promise<ExecutionResult> =>
  withinDeadline(Promise.resolve(result), { remainingMs: () => leftMs });

it('a query that the store gave up at the deadline is TIMEOUT as a whole', async () => {
  const { data, errors } = await afterMs(-1, givenUp);
  expect([data, errors?.map(({ extensions }) => extensions['code'])]).toEqual([undefined, ['TIMEOUT']]);
});

it.each([
  ['that has read too much before the deadline', givenUp, 60_000],
  ['that is complete at the deadline', COMPLETE, -1],
  ['of an unavailable store', unavailable, -1],
])('a result %s is returned as it is', async (_what, result, leftMs) => {
  expect(await afterMs(leftMs, result)).toBe(result);
});
