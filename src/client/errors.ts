import type { ErrorCode } from './generated/documents.ts';

/** The codes of errors that the server reports for a request or a stream. */
export const REQUEST_ERROR_CODES = [
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'QUERY_TOO_COMPLEX',
  'TIMEOUT',
  'RATE_LIMITED',
  'BUSY',
  'SERVICE_UNAVAILABLE',
  'CURSOR_EXPIRED',
  'INTERNAL_SERVER_ERROR',
] as const;

/** The codes of errors that the client itself reports. */
export type ClientErrorCode =
  /** The server could not be reached, the connection was lost, or no response arrived in time. */
  | 'NETWORK_ERROR'
  /** The response is not one of GraphQL: the URL is probably wrong. */
  | 'INVALID_RESPONSE'
  /** The result of a mutation is a member of the union that the document does not select. */
  | 'UNKNOWN_RESULT'
  /** The client was called in a wrong way; the message says how. */
  | 'INVALID_USAGE';

/**
 * The code of an error: that of a request error, of a user error (`ErrorCode` in the schema) or of the client. The server
 * adds codes without notice, so keep a default branch.
 */
export type EscrowGridErrorCode =
  | (typeof REQUEST_ERROR_CODES)[number]
  | ErrorCode
  | ClientErrorCode
  // Any other text, without hiding the known codes from completion.
  | (string & Record<never, never>);

/** The facts of an error. */
export interface EscrowGridErrorFacts {
  /** The id of the request, for the operator. It is known only if a response arrived. */
  readonly requestId?: string | undefined;
  /** The time to wait before the request is sent again, in ms, if the server named one. */
  readonly retryAfterMs?: number | undefined;
  /** The place in the result (request errors) or in the input (user errors). */
  readonly path?: readonly (string | number)[] | undefined;
  /** The extensions of a request error, or the selected fields of a user error. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The only class of errors of the client. Decide by the code; messages are for people and can change. */
export class EscrowGridError extends Error {
  override readonly name = 'EscrowGridError';
  readonly code: EscrowGridErrorCode;
  /** The id of the request, for the operator. It is known only if a response arrived. */
  readonly requestId: string | undefined;
  /** The time to wait before the request is sent again, in ms, if the server named one. */
  readonly retryAfterMs: number | undefined;
  /** The place in the result (request errors) or in the input (user errors). */
  readonly path: readonly (string | number)[] | undefined;
  /** The extensions of a request error, or the selected fields of a user error. */
  readonly details: Readonly<Record<string, unknown>>;
  /**
   * The idempotency key of the mutation. Whether the mutation was executed is unknown after errors such as NETWORK_ERROR;
   * execute it again with this idempotency key.
   */
  idempotencyKey: string | undefined;

  constructor(code: EscrowGridErrorCode, message: string, facts: EscrowGridErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
    this.path = facts.path;
    this.details = facts.details ?? {};
  }
}

/** Returns the error of a connection that failed or was lost. */
export const networkError = (cause?: unknown): EscrowGridError =>
  new EscrowGridError('NETWORK_ERROR', 'The server could not be reached, or the connection was lost.', { cause });

/** Returns the error of a wrong call of the client. */
export const invalidUsage = (message: string): EscrowGridError => new EscrowGridError('INVALID_USAGE', message);
