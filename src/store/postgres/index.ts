import type { Id } from '../../domain/ids.ts';
import { DeadlineExceededError } from '../errors.ts';
import type { Reader, Readers, ReadOptions, Store, TableName, TableReaders, Tables } from '../store.ts';
import { eachTable } from '../tables.ts';
import { postgresChanges } from './changes.ts';
import { deleteOldCommitProofs } from './commitProof.ts';
import { postgresCounters } from './counters.ts';
import { ignoreRejection, withRetries } from './errors.ts';
import { LAYOUTS } from './layouts.ts';
import { ConnectionPool } from './pool.ts';
import { predicateOf } from './predicate.ts';
import { type InSession, positionTotals, readerOf, unreadCounts } from './reader.ts';
import { refreshWords } from './searchWords.ts';
import { type OnStatement, type Opening, withSession } from './session.ts';
import { transactOnce } from './transaction.ts';

/** The maximum bytes that one request may read before its next read is refused. */
const MAX_READ_BYTES = 64 * 1024 * 1024;

/** The database of a store, and the listeners of its state. */
export interface PostgresOptions {
  readonly databaseUrl: string;
  /** The URL of a connection that bypasses any pooler. Defaults to the URL of the pool. */
  readonly directUrl?: string;
  /** The maximum number of concurrent connections. Defaults to 10. */
  readonly connections?: number;
  /** Called once when the database, or the connection for notifications, becomes unavailable. */
  readonly onError: (error: Error) => void;
  /** Called once when it is available again. */
  readonly onRecovery?: () => void;
  readonly onStatement?: OnStatement;
}

/** Returns a store in PostgreSQL 15 or newer. The database must have been migrated. */
export function createPostgresStore(options: PostgresOptions): Store {
  const { databaseUrl, directUrl = databaseUrl, connections = 10 } = options;
  const { onError, onRecovery = () => {}, onStatement = () => {} } = options;
  const onOutage = { onError, onRecovery };
  const pool = new ConnectionPool(databaseUrl, connections, onOutage);
  const changes = postgresChanges(pool, directUrl, onStatement, onOutage);
  return {
    isSynchronous: false,
    read: (scope, until, readOptions) =>
      readersOf(predicateOf(scope), readingIn(pool, onStatement, { purpose: 'reading', scope, until }), readOptions),
    changes,
    counters: postgresCounters(pool, onStatement),
    transact: (scope, work, until) =>
      withRetries(() => transactOnce(pool, onStatement, { scope, until }, work, () => changes.committed()), until),
    snapshot: (scope, work, until) =>
      withRetries(
        () =>
          withSession(pool, onStatement, { purpose: 'snapshot', scope, until }, async (session) => {
            const result = await work(readersOf(predicateOf(scope), (read) => read(session)));
            await session.commit();
            return result;
          }),
        until,
      ),
    refreshWords: () => refreshWords(pool, onStatement),
    cleanUp: () => withRetries(() => deleteOldCommitProofs(pool, onStatement)),
    close: async () => {
      await changes.close();
      await pool.end();
    },
  };
}

/**
 * Sends COMMIT together with the reads, so both take one round trip. Throws DeadlineExceededError if a request reads
 * too many bytes.
 */
function readingIn(pool: ConnectionPool, onStatement: OnStatement, opening: Opening): InSession {
  let bytes = 0;
  return async (work) => {
    if (bytes > MAX_READ_BYTES) throw new DeadlineExceededError('The request has read too many bytes.');
    return withRetries(
      () =>
        withSession(pool, onStatement, opening, async (session) => {
          const before = session.bytesRead;
          const answer = ignoreRejection(work(session));
          const ended = session.commit();
          const result = await answer;
          await ended;
          bytes += session.bytesRead - before;
          return result;
        }),
      opening.until,
    );
  };
}

function readersOf(tenant: Id | null, inSession: InSession, options: () => ReadOptions = () => ({})): Readers {
  const tableReaderOf = <T extends TableName>(name: T): Reader<Tables[T]> =>
    readerOf<Tables[T]>(LAYOUTS[name], tenant, inSession, options);
  const totals: Readers['positionTotals'] = (selections) =>
    inSession((session) => positionTotals(session, tenant, selections));
  const unread: Readers['unreadCounts'] = (requests) => inSession((session) => unreadCounts(session, tenant, requests));
  return { ...eachTable<TableReaders>(tableReaderOf), positionTotals: totals, unreadCounts: unread };
}
