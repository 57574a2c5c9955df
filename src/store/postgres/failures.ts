import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { AlreadyExists, Busy, mustBeInTime, TooLate, Unavailable } from '../faults.ts';
import type { Deadline } from '../store.ts';

/** The connection broke, or could not be had, before COMMIT was sent: nothing was written. */
export class Lost extends Error {}

/** COMMIT was sent and not acknowledged, or not as durable: nobody knows yet whether the transaction was committed. */
export class CommitOutcomeUnknownError extends Error {}

/** For work that may run again although it may have been committed: lets `trying` run it again. */
export function allowRepeat(error: unknown): never {
  throw error instanceof CommitOutcomeUnknownError ? new Lost(error.message, { cause: error }) : error;
}

/** Nothing was written, though no statement failed. */
export class RolledBack extends Error {}

/** A row was not at the version that it should have been at: raised by `expect_rows`. */
export const STALE = 'ES001';

/** 25006 (read-only transaction): the connection leads to a standby, as it may during a fail-over. */
const CONNECTION_CODES = /^(08|57P0[1-3]|25006)/;
const POOL_TIMEOUT = 'timeout exceeded when trying to connect';

/** For the `catch` of what a connection was asked: tells a broken connection from an answer. */
export function orLost(error: unknown): never {
  if (error instanceof Error && error.message === POOL_TIMEOUT)
    throw new Busy('All connections are in use.', { cause: error });
  const answered = error instanceof pg.DatabaseError && !CONNECTION_CODES.test(error.code ?? '');
  if (answered) throw error;
  throw new Lost('The connection to the database is lost.', { cause: error });
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined;

/** Serialization failure and deadlock: PostgreSQL gave up on this one for another's sake. */
const GIVEN_UP: ReadonlySet<string | undefined> = new Set(['40001', '40P01']);
/** Waited too long: for a lock, or for the statement. */
const WAITED: ReadonlySet<string | undefined> = new Set(['55P03', '57014']);
const TAKEN = '23505';

/** The errors with which COMMIT itself is certain to have rolled back: conflicts and deferred constraints. */
export const isRollback = (error: unknown): boolean =>
  GIVEN_UP.has(codeOf(error)) || codeOf(error)?.startsWith('23') === true;

/** How long to wait before each further try, in ms; then it is given up. */
const PAUSES_MS = [20, 200, 1_000] as const;

/**
 * Tries again what certainly wrote nothing; refuses with Busy, Unavailable or AlreadyExists where that does not help,
 * and with TooLate where there is no time for it. After a commit of unknown outcome it tries nothing again.
 */
export async function trying<T>(attempt: () => Promise<T>, until?: Deadline): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      mustBeInTime(until);
      return await attempt();
    } catch (error) {
      const again = error instanceof Lost || error instanceof RolledBack || GIVEN_UP.has(codeOf(error));
      const pause = PAUSES_MS[tries];
      if (!again || pause === undefined) throw told(error, until);
      await delay(Math.min(pause * (0.5 + Math.random()), until?.remainingMs() ?? Infinity));
    }
  }
}

function told(error: unknown, until: Deadline | undefined): unknown {
  const code = codeOf(error);
  if (WAITED.has(code) && until && until.remainingMs() <= 0)
    return new TooLate('The deadline has passed.', { cause: error });
  if (error instanceof Lost || error instanceof RolledBack || error instanceof CommitOutcomeUnknownError)
    return new Unavailable(error.message, { cause: error });
  if (GIVEN_UP.has(code) || WAITED.has(code)) return new Busy('Others hold the rows.', { cause: error });
  if (code === TAKEN) return new AlreadyExists('There is such a row already.', { cause: error });
  return error;
}
