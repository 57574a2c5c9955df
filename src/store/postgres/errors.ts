import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import {
  AlreadyExistsError,
  BusyError,
  DeadlineExceededError,
  throwIfDeadlineExceeded,
  UnavailableError,
} from '../errors.ts';
import type { Deadline } from '../store.ts';

/** The connection broke, or could not be established, before COMMIT was sent: nothing was written. */
export class ConnectionLostError extends Error {}

/** COMMIT was sent but not acknowledged, or not with the required durability: whether it took effect is unknown. */
export class CommitOutcomeUnknownError extends Error {}

/** Converts an unknown commit outcome into an error that `withRetries` retries, for work that may run twice. */
export function allowRepeat(error: unknown): never {
  throw error instanceof CommitOutcomeUnknownError ? new ConnectionLostError(error.message, { cause: error }) : error;
}

/** The transaction was rolled back although no statement failed: nothing was written. */
export class RolledBackError extends Error {}

/** A migration has changed a table after a statement was prepared. Nothing was done; it must be prepared again. */
export class OutdatedStatementError extends Error {}

/** A pooler gave the transaction another connection than the one on which its statements were prepared. */
export class WrongPoolerError extends Error {
  constructor(options?: ErrorOptions) {
    super(wrongPooler('DATABASE'), options);
  }
}

/** The message for a pooler in transaction mode that the configuration does not name. */
export const wrongPooler = (setting: string): string =>
  `${setting}_URL leads to a pooler in transaction mode. Set ${setting}_POOLER=transaction, or connect without the pooler.`;

/** The SQLSTATE that `expect_updated_rows` raises if a row does not have the expected version. */
export const STALE = 'ES001';

/** The message for a server that does not answer although the connection is open. */
export const SILENT = 'The database did not answer in time.';

/**
 * The SQLSTATEs of an unavailable database: connection (08), resources (53), shutdown and start (57P), system (58),
 * credentials (28), no such database (3D), a standby (25006), and the ends of a session by its timeouts (25P03, 25P04).
 */
const UNAVAILABLE_STATES = /^(?:08|53|57P|58|28|3D|25006|25P03|25P04)/;

/** Returns the SQLSTATE of a database error. */
export const sqlStateOf = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined;

/**
 * Returns what an error of a connection means: Lost if the database is unavailable or the connection is broken,
 * otherwise the error itself, which is an internal error unless the caller knows better. The text of an error decides
 * nothing, because it is in the language of the server.
 */
export function toConnectionError(error: unknown, isConnectionBroken: boolean): unknown {
  if (
    error instanceof ConnectionLostError ||
    error instanceof RolledBackError ||
    error instanceof OutdatedStatementError ||
    error instanceof DeadlineExceededError
  )
    return error;
  const state = sqlStateOf(error);
  const isLost = state === undefined ? isConnectionBroken : UNAVAILABLE_STATES.test(state);
  return isLost ? new ConnectionLostError('The connection to the database is lost.', { cause: error }) : error;
}

/** Serialization failure and deadlock: PostgreSQL aborted this transaction in favour of another. */
const RETRIED_STATES: ReadonlySet<string | undefined> = new Set(['40001', '40P01']);
/** A timeout: of a lock, or of the statement. */
const LOCK_TIMEOUT_STATE: ReadonlySet<string | undefined> = new Set(['55P03', '57014']);
const TAKEN = '23505';

/** The errors with which COMMIT itself is certain to have rolled back: conflicts and deferred constraints. */
export const isRollback = (error: unknown): boolean =>
  RETRIED_STATES.has(sqlStateOf(error)) || sqlStateOf(error)?.startsWith('23') === true;

/** The pauses before each retry, in ms. After the last one the operation fails. */
const PAUSES_MS = [20, 200, 1_000] as const;

/**
 * Retries an attempt that certainly wrote nothing. Throws BusyError, UnavailableError or AlreadyExistsError if retries
 * do not help, and DeadlineExceededError if there is no time left. A lost connection without time to retry is
 * UnavailableError, because a smaller request would not help. A commit of unknown outcome is never retried.
 */
export async function withRetries<T>(attempt: () => Promise<T>, until?: Deadline): Promise<T> {
  let lost: ConnectionLostError | undefined;
  for (let tries = 0; ; tries += 1) {
    try {
      throwIfDeadlineExceeded(until);
      return await attempt();
    } catch (reason) {
      if (reason instanceof ConnectionLostError) lost = reason;
      const error = reason instanceof DeadlineExceededError ? (lost ?? reason) : reason;
      const again =
        error instanceof ConnectionLostError ||
        error instanceof RolledBackError ||
        error instanceof OutdatedStatementError ||
        RETRIED_STATES.has(sqlStateOf(error));
      const pause = (PAUSES_MS[tries] ?? Infinity) * (0.5 + Math.random());
      const leftMs = until?.remainingMs() ?? Number.MAX_VALUE;
      if (!again || pause >= leftMs) throw toStoreError(error, until);
      await delay(pause);
    }
  }
}

function toStoreError(error: unknown, until: Deadline | undefined): unknown {
  const state = sqlStateOf(error);
  const isLate = until !== undefined && until.remainingMs() <= 0;
  if (isLate && (LOCK_TIMEOUT_STATE.has(state) || RETRIED_STATES.has(state)))
    return new DeadlineExceededError('The deadline has passed.', { cause: error });
  if (
    error instanceof ConnectionLostError ||
    error instanceof RolledBackError ||
    error instanceof OutdatedStatementError ||
    error instanceof CommitOutcomeUnknownError
  )
    return new UnavailableError(error.message, { cause: error });
  if (RETRIED_STATES.has(state) || LOCK_TIMEOUT_STATE.has(state))
    return new BusyError('Others hold the rows.', { cause: error });
  if (state === TAKEN) return new AlreadyExistsError('There is such a row already.', { cause: error });
  return error;
}

/** Marks a promise as handled, so that its rejection reaches only those who await it. */
export function ignoreRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** The SQLSTATEs of statements that do not fit the schema or the privileges. */
const SCHEMA_STATES = /^42/;

/** Returns an error that a later schema explains as one of an unavailable store. */
export const withSupersession = (error: unknown): unknown =>
  SCHEMA_STATES.test(sqlStateOf(error) ?? '')
    ? new UnavailableError('A later version has migrated the database.', { cause: error })
    : error;
