import { randomUUID } from 'node:crypto';
import { type ExecutionResult, GraphQLError, type GraphQLErrorOptions, type GraphQLFormattedError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { LIMITS } from '../domain/limits.ts';
import { shortened } from '../domain/text.ts';
import { StoreError } from '../store/errors.ts';

/**
 * Called for every internal error, with the error id that the client received, and the id of its request if there is
 * one.
 */
export type OnInternalError = (errorId: string, error: unknown, requestId?: string) => void;

/** The codes of libraries that clients do not know, mapped to the server's own. */
const LIBRARY_CODES: ReadonlyMap<unknown, string> = new Map([
  ['REQUEST_ENTITY_TOO_LARGE', 'BAD_REQUEST'],
  ['OPERATION_RESOLUTION_FAILURE', 'BAD_REQUEST'],
]);

/** Returns the documented code for a code of a library; any other unchanged. */
export const knownCode = (code: unknown): unknown => LIBRARY_CODES.get(code) ?? code;

/** Returns the error with this code, unless it has a code. */
function withCode(error: GraphQLError, code: string): GraphQLError {
  const { nodes = null, source = null, positions = null, path = null, originalError = null } = error;
  const own = error.extensions['code'];
  const known = LIBRARY_CODES.get(own);
  if (own !== undefined && known === undefined) return error;
  const extensions = { ...error.extensions, code: known ?? code };
  return new GraphQLError(shortened(error.message, LIMITS.messageUnits), {
    nodes,
    source,
    positions,
    path,
    originalError,
    extensions,
  });
}

/** Adds a code to every error that the request caused. Errors of resolvers are handled by `maskError`. */
export const useErrorCodes = (): Plugin => ({
  onParse:
    () =>
    ({ result, replaceParseResult }) => {
      if (result instanceof GraphQLError) replaceParseResult(withCode(result, 'GRAPHQL_PARSE_FAILED'));
    },
  onValidate:
    () =>
    ({ valid, result, setResult }) => {
      if (!valid) setResult(result.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
    },
  onExecute: () => ({
    onExecuteDone: ({ result, setResult }) => {
      // A result without data was not executed: the variables or the operation's name did not fit.
      if (Symbol.asyncIterator in result || !result.errors || 'data' in result) return;
      setResult({ ...result, errors: result.errors.map((error) => withCode(error, 'BAD_USER_INPUT')) });
    },
  }),
});

/** Returns the error as it is sent in a stream, where it has no HTTP status and no headers. */
export function formatForStream(error: GraphQLError): GraphQLFormattedError {
  const { extensions: { http: _http, code, ...extensions } = {}, ...rest } = error.toJSON();
  return { ...rest, extensions: { ...extensions, code: knownCode(code) } };
}

/** Converts anything thrown to the error that the client receives. The request id is logged with an internal error. */
export type Mask = (error: unknown, requestId?: string) => GraphQLError;

/**
 * Passes request errors through, and store errors with their code and client message. For any other error the client
 * receives only an error id.
 */
export const maskError =
  (onInternalError: OnInternalError): Mask =>
  (error, requestId) => {
    if (error instanceof GraphQLError) {
      const { originalError, path, extensions } = error;
      const isRequestError = !originalError || originalError instanceof GraphQLError;
      // An error at a field without a code is graphql's own: the result did not fit the schema, which is an internal
      // error.
      if (isRequestError && (path === undefined || extensions['code'] !== undefined))
        return withCode(error, codeOfRequest(error));
    }
    const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    if (cause instanceof StoreError) {
      return new GraphQLError(cause.clientMessage, { ...locationOf(error), extensions: { code: cause.code } });
    }
    const errorId = randomUUID();
    onInternalError(errorId, cause, requestId);
    return new GraphQLError(`Internal server error. Report the error id ${errorId} to the operator.`, {
      ...locationOf(error),
      extensions: { code: 'INTERNAL_SERVER_ERROR', errorId },
    });
  };

/** Returns the result with its errors as the client receives them. */
export const maskedResult = <R extends ExecutionResult>(result: R, mask: Mask, requestId: string | undefined): R =>
  result.errors ? { ...result, errors: result.errors.map((error) => mask(error, requestId)) } : result;

/** Masks the errors of executed operations. Those of other requests are masked where they are thrown. */
export const useMaskedResults = (mask: Mask): Plugin<{ readonly requestId?: string }> => ({
  onExecute: ({ args: { contextValue } }) => ({
    onExecuteDone: ({ result, setResult }) => {
      if ('errors' in result && result.errors) setResult(maskedResult(result, mask, contextValue.requestId));
    },
  }),
  onSubscribe: ({ args: { contextValue } }) => ({
    onSubscribeResult: () => ({
      onNext: ({ result, setResult }) => {
        if ('errors' in result && result.errors) setResult(maskedResult(result, mask, contextValue.requestId));
      },
    }),
  }),
});

const locationOf = (error: unknown): GraphQLErrorOptions =>
  error instanceof GraphQLError
    ? {
        path: error.path ?? null,
        nodes: error.nodes ?? null,
        source: error.source ?? null,
        positions: error.positions ?? null,
      }
    : {};

const codeOfRequest = ({ extensions }: GraphQLError): string =>
  extensions['http'] === undefined ? 'BAD_USER_INPUT' : 'BAD_REQUEST';
