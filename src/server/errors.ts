import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLErrorOptions, type GraphQLFormattedError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { LIMITS } from '../domain/limits.ts';
import { shortened } from '../domain/text.ts';
import { Busy, TooLate, Unavailable } from '../store/faults.ts';

/** Told of every fault of ours, with the id under which the client was told of it. */
export type OnFault = (errorId: string, error: unknown) => void;

/** Codes that libraries give and clients do not know, as ours. */
const LIBRARY_CODES: ReadonlyMap<unknown, string> = new Map([
  ['REQUEST_ENTITY_TOO_LARGE', 'BAD_REQUEST'],
  ['OPERATION_RESOLUTION_FAILURE', 'BAD_REQUEST'],
]);

/** A code as clients know it. */
export const knownCode = (code: unknown): unknown => LIBRARY_CODES.get(code) ?? code;

/** The same error with this code, unless it has one of its own. */
function coded(error: GraphQLError, code: string): GraphQLError {
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

/** Gives every error of the request's own making its code; those of resolvers are `maskFault`'s. */
export const useErrorCodes = (): Plugin => ({
  onParse:
    () =>
    ({ result, replaceParseResult }) => {
      if (result instanceof GraphQLError) replaceParseResult(coded(result, 'GRAPHQL_PARSE_FAILED'));
    },
  onValidate:
    () =>
    ({ valid, result, setResult }) => {
      if (!valid) setResult(result.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED')));
    },
  onExecute: () => ({
    onExecuteDone: ({ result, setResult }) => {
      // Without data nothing was executed: the variables or the operation's name did not fit.
      if (Symbol.asyncIterator in result || !result.errors || 'data' in result) return;
      setResult({ ...result, errors: result.errors.map((error) => coded(error, 'BAD_USER_INPUT')) });
    },
  }),
});

/** Returns the error as it is sent in a stream, where it has no HTTP status and no headers. */
export function plain(error: GraphQLError): GraphQLFormattedError {
  const { extensions: { http: _http, code, ...extensions } = {}, ...rest } = error.toJSON();
  return { ...rest, extensions: { ...extensions, code: knownCode(code) } };
}

/** Makes of whatever was thrown what the client is told. */
export type Mask = (error: unknown) => GraphQLError;

/** Lets through what was meant for the client; of anything else it tells an error id and nothing more. */
export const maskFault =
  (onFault: OnFault): Mask =>
  (error) => {
    if (error instanceof GraphQLError) {
      const { originalError, path, extensions } = error;
      const meant = !originalError || originalError instanceof GraphQLError;
      // At a field without a code it is graphql's own: our answer did not fit our schema.
      if (meant && (path === undefined || extensions['code'] !== undefined)) return coded(error, codeOfRequest(error));
    }
    const fault = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    for (const [kind, code, message] of PASSING) {
      if (fault instanceof kind) return new GraphQLError(message, { ...where(error), extensions: { code } });
    }
    const errorId = randomUUID();
    onFault(errorId, fault);
    return new GraphQLError(`Something went wrong on our side. Name the error id ${errorId} to the operator.`, {
      ...where(error),
      extensions: { code: 'INTERNAL_SERVER_ERROR', errorId },
    });
  };

/** What passes by itself: the client is told to try again. */
const PASSING = [
  [TooLate, 'TIMEOUT', 'The operation took longer than it may, and was given up: ask for less at once.'],
  [Busy, 'BUSY', 'The server is busy with others. Nothing was done; try again.'],
  [
    Unavailable,
    'SERVICE_UNAVAILABLE',
    'The server cannot reach its records now. Try again, with the same idempotency key.',
  ],
] as const;

const where = (error: unknown): GraphQLErrorOptions =>
  error instanceof GraphQLError ? { path: error.path ?? null, nodes: error.nodes ?? null } : {};

const codeOfRequest = ({ extensions }: GraphQLError): string =>
  extensions['http'] === undefined ? 'BAD_USER_INPUT' : 'BAD_REQUEST';
