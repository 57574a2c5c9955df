import type { Lsn } from '../lsn.ts';
import type { Statement } from './sql.ts';

/** The LSN that a server states. */
export interface StatedLsn {
  readonly lsn: Lsn | null;
}

/**
 * Returns an LSN after all commits that statements before it have seen on the primary. A commit is visible only after it
 * is flushed, and a replica receives what is flushed without waiting for more.
 */
export const PRIMARY_LSN: Statement = {
  name: 'primary_lsn',
  text: 'select pg_current_wal_flush_lsn()::text as lsn',
  values: [],
};

/** Returns the same on a replica, which advances it as soon as it has made a commit visible. */
export const REPLICA_LSN: Statement = {
  name: 'replica_lsn',
  text: 'select pg_last_wal_replay_lsn()::text as lsn',
  values: [],
};
