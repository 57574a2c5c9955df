import { GraphQLError, type GraphQLOutputType, getNamedType, isUnionType } from 'graphql';
import type { CurrencyCode } from '../domain/currencies.ts';
import type { Money } from '../domain/money.ts';
import * as userErrors from '../domain/userErrors.ts';
import { type ErrorCode, type ErrorData, toErrorData, type UserError } from '../domain/userErrors.ts';
import { BusyError, DeadlineExceededError, UnavailableError } from '../store/errors.ts';
import { TestServerError } from './errors.ts';

const usCents = (minorUnits: bigint): Money => ({ minorUnits, currency: 'USD' as CurrencyCode });

const MESSAGE = 'The test asked for this error with failNext().';

/** The user errors, which mutations return as members of their result. */
const USER_ERRORS: { readonly [C in ErrorCode]: () => UserError } = {
  VALIDATION_FAILED: () =>
    new userErrors.ValidationError([{ path: ['input'], message: 'is invalid, because the test said so.' }]),
  NOT_FOUND: () => new userErrors.NotFoundError('object', ['id'], null),
  FORBIDDEN: () => new userErrors.ForbiddenError(MESSAGE),
  ILLEGAL_TRANSITION: () => new userErrors.IllegalTransitionError('EXPIRED', 'FUNDED', []),
  INSUFFICIENT_FUNDS: () => new userErrors.InsufficientFundsError(usCents(0n), usCents(0n), usCents(1n)),
  POLICY_VIOLATION: () => new userErrors.PolicyViolationError('MAX_AMOUNT', MESSAGE, ['amount']),
  STALE_VERSION: () => new userErrors.StaleVersionError(1, 2),
  IDEMPOTENCY_CONFLICT: () => new userErrors.IdempotencyConflictError('test'),
  CONFLICT: () => new userErrors.ConflictError(MESSAGE, ['id']),
  CAPACITY_EXCEEDED: () => new userErrors.CapacityExceededError('objects', 0),
};

const withCode = (code: string, status: number, headers = {}, more = {}): GraphQLError =>
  new GraphQLError(MESSAGE, { extensions: { code, ...more, http: { status, headers } } });

/** The errors that any operation can have, as the server throws them. */
const ERRORS = {
  SERVICE_UNAVAILABLE: () => new UnavailableError(MESSAGE),
  BUSY: () => new BusyError(MESSAGE),
  TIMEOUT: () => new DeadlineExceededError(MESSAGE),
  INTERNAL_SERVER_ERROR: () => new Error(MESSAGE),
  UNAUTHENTICATED: () => withCode('UNAUTHENTICATED', 401, { 'www-authenticate': 'Bearer' }),
  RATE_LIMITED: () => withCode('RATE_LIMITED', 429, { 'retry-after': '1' }, { retryAfter: 1 }),
  CURSOR_EXPIRED: () => new GraphQLError(MESSAGE, { extensions: { code: 'CURSOR_EXPIRED' } }),
} as const;

/**
 * The code of an error that `failNext` can cause: one of `errors` or of a user error, or CONNECTION_LOST, which is no
 * code of the API: the server closes all connections without an answer, as if its process had ended.
 */
export type FailureCode = ErrorCode | keyof typeof ERRORS | 'CONNECTION_LOST';

/** The codes that `failNext` accepts. */
export const FAILURE_CODES: readonly string[] = [
  ...Object.keys(ERRORS),
  ...Object.keys(USER_ERRORS),
  'CONNECTION_LOST',
];

/** Whether the code is that of a user error, with which nothing is executed. */
export const isUserErrorCode = (code: FailureCode): code is ErrorCode => code in USER_ERRORS;

/** Returns the member of a mutation's result with this code, or throws the error. */
export function failWith(code: Exclude<FailureCode, 'CONNECTION_LOST'>, type: GraphQLOutputType): ErrorData {
  if (!isUserErrorCode(code)) throw ERRORS[code]();
  const error = USER_ERRORS[code]();
  const result = getNamedType(type);
  const isMember = isUnionType(result) && result.getTypes().some(({ name }) => name === error.constructor.name);
  if (isMember) return toErrorData(error);
  throw new TestServerError(`failNext() cannot return ${code} here: ${result.name} has no ${error.constructor.name}.`);
}
