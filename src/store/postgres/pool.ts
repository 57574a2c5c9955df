import pg from 'pg';
import { mustBeInTime, TooLate } from '../faults.ts';
import type { Deadline } from '../store.ts';
import { orLost } from './failures.ts';

const LIMITS = {
  connectTimeoutMs: 5_000,
  /** Longer than the server takes to give up by itself: it cannot be heard any more, though nothing has broken. */
  silenceTimeoutMs: 30_000,
} as const;

export function openPool(connectionString: string, max: number, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max,
    connectionTimeoutMillis: LIMITS.connectTimeoutMs,
    query_timeout: LIMITS.silenceTimeoutMs,
    types: TYPES,
    // Statements sent without waiting for each other travel together.
    pipeline: true,
  });
  pool.on('error', onError);
  // A client that breaks while it is lent out tells nobody but itself, and an error without a listener ends the process.
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** A connection of the pool. One that comes too late goes back at once. Refuses with TooLate. */
export async function lent(pool: pg.Pool, until: Deadline | undefined): Promise<pg.PoolClient> {
  mustBeInTime(until);
  const asked = pool.connect().catch(orLost);
  const leftMs = until?.remainingMs() ?? Infinity;
  if (leftMs >= LIMITS.connectTimeoutMs) return asked;
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new TooLate('No connection was free in time.'));
    }, leftMs);
    const come = (client: pg.PoolClient): void => (late ? client.release() : resolve(client));
    asked.then(come, reject).finally(() => clearTimeout(timer));
  });
}

/** Values come as the domain has them: times as ms, amounts as bigint. Only this pool reads them so. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.NUMERIC) return BigInt;
    if (oid === pg.types.builtins.TIMESTAMPTZ) return instantOf;
    return pg.types.getTypeParser(oid, format) as never;
  },
};
const parseTime = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => Date;
const instantOf = (text: string): number => parseTime(text).getTime();
