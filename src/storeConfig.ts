import { getHeapStatistics } from 'node:v8';
import { DAY_MS, HOUR_MS } from './domain/time.ts';
import type { VariableReader } from './variables.ts';

/** The kinds of stores. */
export const BACKENDS = ['memory', 'postgres', 'embedded'] as const;
const POOLERS = ['none', 'transaction'] as const;
const MIGRATIONS = ['auto', 'check', 'off'] as const;

/** The fraction of the heap that the data of the memory store may use; requests need the rest. */
const HEAP_PART = 0.75;

/** The options of a database. */
interface DatabaseOptions {
  /** The maximum number of concurrent connections. */
  readonly connections: number;
  /** The kind of pooler that `databaseUrl` leads to. */
  readonly pooler: (typeof POOLERS)[number];
  /** Whether the start migrates the database, only checks that it is migrated, or does neither. */
  readonly migrations: (typeof MIGRATIONS)[number];
  /** The maximum time that the start waits for the database, in ms. */
  readonly startupMs: number;
  /** The greatest difference between the clocks of this machine and of the database, in ms. */
  readonly maxClockSkewMs: number;
}

/** The configuration of the store. */
export type StoreConfig =
  | {
      readonly backend: 'memory';
      /** The memory of stored data above which no new objects are accepted, in MB. */
      readonly maxMb: number;
      /** The maximum time that a transaction waits for the store, in ms. */
      readonly lockTimeoutMs: number;
      readonly exports: {
        /** The folder to which the store is exported on a timer, or null if it is not. */
        readonly folder: string | null;
        /** The pause between two exports, in ms. */
        readonly intervalMs: number;
        /** The number of exports that are kept. */
        readonly kept: number;
      };
    }
  | ({
      readonly backend: 'postgres';
      readonly databaseUrl: string;
      /** The URL for the connections that a pooler cannot serve: migrations and notifications. */
      readonly directUrl: string;
      /** The streaming replica that serves reads which accept an older state; absent if there is none. */
      readonly replica?: {
        readonly url: string;
        /** The kind of pooler that the URL leads to. */
        readonly pooler: (typeof POOLERS)[number];
      };
    } & DatabaseOptions)
  | ({
      readonly backend: 'embedded';
      /** The folder of a PostgreSQL that the server runs by itself. */
      readonly dataDir: string;
    } & DatabaseOptions);

/** The configuration of a store in a database. */
export type DatabaseConfig = Extract<StoreConfig, { readonly backend: 'postgres' }>;
/** The configuration of a store in a database that the server runs by itself. */
export type EmbeddedConfig = Extract<StoreConfig, { readonly backend: 'embedded' }>;

/** Reads the variables of both stores, so that a wrong one is reported whichever store is selected. */
export function readStore(read: VariableReader, problems: string[]): StoreConfig {
  const backend = read.oneOf('STORE_BACKEND', BACKENDS, 'memory');
  const missing = read.missingParameters();
  const isNamed = missing['host'] !== undefined || missing['dbname'] !== undefined;
  const databaseUrl = read.databaseUrl('DATABASE_URL', missing, isNamed ? 'postgres://' : undefined);
  const directUrl = read.databaseUrl('DATABASE_DIRECT_URL', missing);
  const replicaUrl = read.replicaUrl('READ_DATABASE_URL', missing);
  if (backend === 'postgres' && databaseUrl === undefined) {
    problems.push(
      'DATABASE_URL must be set where STORE_BACKEND is postgres, such as postgres://user@localhost/escrowgrid.',
    );
  }
  const database = {
    connections: read.whole('DATABASE_CONNECTIONS', 10, 1, 1_000),
    pooler: read.oneOf('DATABASE_POOLER', POOLERS, 'none'),
    migrations: read.oneOf('MIGRATE', MIGRATIONS, 'auto'),
    startupMs: read.whole('STARTUP_TIMEOUT_MS', 30_000, 0, 3_600_000),
    maxClockSkewMs: read.whole('MAX_CLOCK_SKEW_MS', 2_000, 100, 3_600_000),
  };
  const replicaPooler = read.oneOf('READ_DATABASE_POOLER', POOLERS, database.pooler);
  const heapMb = Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20);
  const maxMb = read.whole('MEMORY_MAX_MB', Math.floor(heapMb * HEAP_PART), 16, heapMb);
  const lockTimeoutMs = read.whole('STORE_LOCK_TIMEOUT_MS', 5_000, 1, 600_000);
  const exports = {
    folder: read.text('EXPORT_DIR', '') || null,
    intervalMs: read.whole('EXPORT_INTERVAL_MS', HOUR_MS, 1_000, DAY_MS),
    kept: read.whole('EXPORT_KEEP', 24, 1, 10_000),
  };
  const dataDir = read.text('DATA_DIR', './data');
  if (backend === 'embedded') return { backend, dataDir, ...database };
  if (backend === 'memory') return { backend, maxMb, lockTimeoutMs, exports };
  const urls = { databaseUrl: databaseUrl ?? '', directUrl: directUrl ?? databaseUrl ?? '' };
  const replica = replicaUrl === undefined ? {} : { replica: { url: replicaUrl, pooler: replicaPooler } };
  return { backend, ...urls, ...replica, ...database };
}
