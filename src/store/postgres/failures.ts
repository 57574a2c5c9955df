import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { AlreadyExists, Busy, mustBeInTime, TooLate, Unavailable } from '../faults.ts';
import type { Deadline } from '../store.ts';

/** The connection broke, or could not be established, before COMMIT was sent: nothing was written. */
export class Lost extends Error {}

/** COMMIT was sent but not acknowledged, or not with the required durability: whether it took effect is unknown. */
export class CommitOutcomeUnknownError extends Error {}

/** Converts an unknown commit outcome into an error that `trying` retries, for work that may run twice. */
export function allowRepeat(error: unknown): never {
  throw error instanceof CommitOutcomeUnknownError ? new Lost(error.message, { cause: error }) : error;
}

/** The transaction was rolled back although no statement failed: nothing was written. */
export class RolledBack extends Error {}

/** The SQLSTATE that `expect_rows` raises if a row does not have the expected version. */
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
export function lostOr(error: unknown, isConnectionBroken: boolean): unknown {
  if (error instanceof Lost || error instanceof RolledBack || error instanceof TooLate) return error;
  const state = sqlStateOf(error);
  const isLost = state === undefined ? isConnectionBroken : UNAVAILABLE_STATES.test(state);
  return isLost ? new Lost('The connection to the database is lost.', { cause: error }) : error;
}

/** Serialization failure and deadlock: PostgreSQL aborted this transaction in favour of another. */
const GIVEN_UP: ReadonlySet<string | undefined> = new Set(['40001', '40P01']);
/** A timeout: of a lock, or of the statement. */
const WAITED: ReadonlySet<string | undefined> = new Set(['55P03', '57014']);
const TAKEN = '23505';

/** The errors with which COMMIT itself is certain to have rolled back: conflicts and deferred constraints. */
export const isRollback = (error: unknown): boolean =>
  GIVEN_UP.has(sqlStateOf(error)) || sqlStateOf(error)?.startsWith('23') === true;

/** The pauses before each retry, in ms. After the last one the operation fails. */
const PAUSES_MS = [20, 200, 1_000] as const;

/**
 * Retries an attempt that certainly wrote nothing. Throws Busy, Unavailable or AlreadyExists if retries do not help,
 * and TooLate if there is no time left. A lost connection without time to retry is Unavailable, because a smaller
 * request would not help. A commit of unknown outcome is never retried.
 */
export async function trying<T>(attempt: () => Promise<T>, until?: Deadline): Promise<T> {
  let lost: Lost | undefined;
  for (let tries = 0; ; tries += 1) {
    try {
      mustBeInTime(until);
      return await attempt();
    } catch (reason) {
      if (reason instanceof Lost) lost = reason;
      const error = reason instanceof TooLate ? (lost ?? reason) : reason;
      const again = error instanceof Lost || error instanceof RolledBack || GIVEN_UP.has(sqlStateOf(error));
      const pause = (PAUSES_MS[tries] ?? Infinity) * (0.5 + Math.random());
      const leftMs = until?.remainingMs() ?? Number.MAX_VALUE;
      if (!again || pause >= leftMs) throw told(error, until);
      await delay(pause);
    }
  }
}

function told(error: unknown, until: Deadline | undefined): unknown {
  const state = sqlStateOf(error);
  const isLate = until !== undefined && until.remainingMs() <= 0;
  if (isLate && (WAITED.has(state) || GIVEN_UP.has(state)))
    return new TooLate('The deadline has passed.', { cause: error });
  if (error instanceof Lost || error instanceof RolledBack || error instanceof CommitOutcomeUnknownError)
    return new Unavailable(error.message, { cause: error });
  if (GIVEN_UP.has(state) || WAITED.has(state)) return new Busy('Others hold the rows.', { cause: error });
  if (state === TAKEN) return new AlreadyExists('There is such a row already.', { cause: error });
  return error;
}
