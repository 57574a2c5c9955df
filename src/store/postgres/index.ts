import type { Id } from '../../domain/ids.ts';
import { isTransition } from '../../domain/lifecycleEvent.ts';
import type { OnTransition, Reader, Readers, ReadOptions, Store, TableName, TableReaders, Tables } from '../store.ts';
import { lazyTables } from '../tables.ts';
import type { Pooler } from './begin.ts';
import { postgresChanges } from './changes.ts';
import { deleteOldCommitProofs } from './commitProof.ts';
import { postgresCounters } from './counters.ts';
import { DatabaseClock } from './databaseClock.ts';
import { withRetries } from './errors.ts';
import { LAYOUTS } from './layouts.ts';
import { loadTables } from './load.ts';
import { ConnectionPool } from './pool.ts';
import { predicateOf } from './predicate.ts';
import { positionTotals, readerOf, unreadCounts } from './reader.ts';
import { findFault } from './readiness.ts';
import { type Read, RequestReads } from './reads.ts';
import { Replica, type ReplicaOptions } from './replica.ts';
import { scanTables } from './scan.ts';
import { refreshWords } from './searchWords.ts';
import { type OnStatement, withSession } from './session.ts';
import type { TraceStatement } from './sql.ts';
import { analyze } from './startConnection.ts';
import { transactOnce } from './transaction.ts';
import type { CollectedWrites } from './write.ts';

/** The database of a store, and the listeners of its state. */
export interface PostgresOptions {
  readonly databaseUrl: string;
  /** The URL of a connection that bypasses any pooler. Defaults to the URL of the pool. */
  readonly directUrl?: string;
  /** The maximum number of concurrent connections. Defaults to 10. */
  readonly connections?: number;
  /** The pooler that `databaseUrl` leads to. Defaults to none. */
  readonly pooler?: Pooler;
  /** Called once when the database, or the connection for notifications, becomes unavailable. */
  readonly onError: (error: Error) => void;
  /** Called once when it is available again. */
  readonly onRecovery?: () => void;
  readonly onStatement?: OnStatement;
  readonly traceStatement?: TraceStatement | undefined;
  readonly onTransition?: OnTransition | undefined;
  /** Serves the reads that accept an older state. Commits then note their LSN. */
  readonly replica?: ReplicaOptions | undefined;
  /** The greatest difference between the clocks of this machine and of the database, in ms. Defaults to 2,000. */
  readonly maxClockSkewMs?: number;
}

/** Returns a store in PostgreSQL 15 or newer. The database must have been migrated. */
export function createPostgresStore(options: PostgresOptions): Store {
  const { databaseUrl, directUrl = databaseUrl, connections = 10, pooler = 'none' } = options;
  const { onError, onRecovery = () => {}, onStatement = () => {}, onTransition } = options;
  const clock = new DatabaseClock(options.maxClockSkewMs);
  const trace = options.traceStatement;
  let replica: Replica | undefined;
  const onOutage = {
    onError: (error: Error): void => {
      // Another server may be the primary now, which the replica does not follow.
      replica?.distrust(error);
      onError(error);
    },
    onRecovery,
  };
  const notesLsn = options.replica !== undefined;
  const pool = new ConnectionPool(databaseUrl, connections, onOutage, { pooler, clock, trace, notesLsn });
  replica = options.replica && new Replica(pool, { ...options.replica, connections, trace }, onStatement);
  const changes = postgresChanges(pool, directUrl, onStatement, onOutage);
  const committed = ({ lifecycleEvents }: CollectedWrites): void => {
    changes.committed();
    if (onTransition) for (const event of lifecycleEvents.insert) if (isTransition(event)) onTransition(event.toState);
  };
  return {
    isSynchronous: false,
    read: (scope, until, readOptions) =>
      readersOf(predicateOf(scope), new RequestReads(pool, onStatement, scope, until, replica).read, readOptions),
    changes,
    clock,
    counters: postgresCounters(pool, onStatement),
    transact: (scope, work, until) =>
      withRetries(() => transactOnce(pool, onStatement, { scope, until }, work, committed), until),
    snapshot: (scope, work, until) =>
      withRetries(
        () =>
          withSession(pool, onStatement, { purpose: 'snapshot', scope, until }, async (session) => {
            const result = await work(readersOf(predicateOf(scope), (_kind, read) => read(session)));
            await session.commit();
            return result;
          }),
        until,
      ),
    scan: (scope, work) => scanTables(pool, onStatement, scope, work),
    load: (work) => loadTables(pool, onStatement, work),
    refreshWords: () => refreshWords(pool, onStatement),
    analyze: () => analyze(directUrl),
    findFault: () => findFault(pool),
    connectionCounts: () => pool.counts,
    ...(replica && { replicaCounts: () => replica.counts }),
    abandonWork: () => {
      replica?.abandonWork();
      pool.abandonWork();
    },
    cleanUp: () => withRetries(() => deleteOldCommitProofs(pool, onStatement)),
    close: async () => {
      await changes.close();
      await replica?.close();
      await pool.end();
    },
  };
}

function readersOf(tenant: Id | null, read: Read, options: () => ReadOptions = () => ({})): Readers {
  const tableReaderOf = <T extends TableName>(name: T): Reader<Tables[T]> =>
    readerOf<Tables[T]>(LAYOUTS[name], tenant, read, options);
  const totals: Readers['positionTotals'] = (selections) =>
    read('alone', (queries) => positionTotals(queries, tenant, selections));
  const unread: Readers['unreadCounts'] = (requests) =>
    read('alone', (queries) => unreadCounts(queries, tenant, requests));
  return Object.assign(lazyTables<TableReaders>(tableReaderOf), { positionTotals: totals, unreadCounts: unread });
}
