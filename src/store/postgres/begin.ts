import { isId } from '../../domain/ids.ts';
import type { Scope } from '../../domain/viewer.ts';
import { TIME_COLUMN } from './databaseClock.ts';
import type { Statement } from './sql.ts';

/** The time limits of the database, in ms. Set in each transaction, so that they also apply through a pooler. */
const LIMITS = { statementMs: 10_000, lockMs: 5_000, idleInTransactionMs: 10_000 } as const;
/** The cost of a random page read relative to a sequential one: low, since the data is in memory or on flash. */
const RANDOM_PAGE_COST = 1.1;

/** The role of every transaction. It owns nothing and cannot change records that are never changed once written. */
export const APP_ROLE = 'escrowgrid_app';

/** The purpose of a transaction, which determines its isolation level and whether it may write. */
export type Purpose = 'reading' | 'snapshot' | 'writing';
/** The statement that begins a transaction of several round trips. Its settings follow. */
export const BEGIN: { readonly [P in Purpose]: string } = {
  reading: 'begin isolation level read committed read only',
  snapshot: 'begin isolation level repeatable read read only',
  writing: 'begin isolation level read committed',
};

/**
 * Whether a pooler in transaction mode is between the server and the database. Such a pooler gives each transaction
 * another connection, and keeps neither settings nor names of statements for the next one.
 */
export type Pooler = 'none' | 'transaction';

/**
 * Settings that the statements and the parsing of their results require, whatever the server, the database or the role
 * has set. Set once per connection, and behind a pooler in each transaction.
 */
const SESSION_SETTINGS = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  array_nulls: 'on',
  row_security: 'on',
  plan_cache_mode: 'auto',
  gin_fuzzy_search_limit: '0',
} as const;

const setting = (name: string, value: string | number, isLocal = true): string =>
  `set_config('${name}', '${value}', ${isLocal})`;

/** The settings that are the same in every transaction. A warning at COMMIT must arrive. */
const constantFor = (schema: string): readonly (readonly [name: string, value: string | number])[] => [
  ...Object.entries(SESSION_SETTINGS),
  ['search_path', `"${schema}"`],
  ['idle_in_transaction_session_timeout', LIMITS.idleInTransactionMs],
  ['random_page_cost', RANDOM_PAGE_COST],
  ['client_min_messages', 'warning'],
];

/**
 * The settings of a connection between its transactions. If the server ended an idle connection while a commit is sent,
 * the outcome of the commit would be unknown; the pool closes idle connections itself.
 */
const BETWEEN = [
  ['default_transaction_isolation', 'read committed'],
  ['idle_session_timeout', 0],
] as const;

/**
 * COMMIT is acknowledged only after the transaction is on disk, whatever the server, the database or the role has set;
 * modes other than `off` are the operator's choice.
 */
const DURABILITY = `set_config('synchronous_commit', case current_setting('synchronous_commit')
    when 'off' then 'on' else current_setting('synchronous_commit') end, true)`;

/** The limits of the time of the following statements, as parameters from this number on. */
const limitsFrom = (first: number): readonly string[] => [
  `set_config('statement_timeout', $${first}, true)`,
  `set_config('lock_timeout', $${first + 1}, true)`,
];

/** The state of a replica before the reads that follow. */
const REPLICA_STATE = 'pg_is_in_recovery() as "isInRecovery", pg_last_wal_replay_lsn()::text as lsn';

/** The names of the statements that set what a transaction needs. Every connection knows them. */
export const OPENINGS = { reading: 'open_reading', writing: 'open_writing' } as const;

/** The statements that prepare connections and transactions for the tables of a schema. */
export interface Openings {
  /** Sets on a connection what is the same in every transaction, and between them. Neither role nor scope is among it. */
  readonly setUp: Statement;
  /** Gives a transaction its role, its scope and its limits. Reading has no need for BEGIN. */
  readonly reading: string;
  readonly writing: string;
}

/** Returns the statements for a schema, whose name has been validated. Those of a replica also return its state. */
export function openingsOf(pooler: Pooler, schema: string, isReplica = false): Openings {
  const constant = constantFor(schema);
  const repeated = pooler === 'none' ? [] : constant.map(([name, value]) => setting(name, value));
  const own = [setting('role', APP_ROLE), `set_config('escrowgrid.scope', $1, true)`, ...limitsFrom(2)];
  const openingText = (more: string): string => `select ${[...own, more, ...repeated].join(', ')}`;
  const atStart = [...constant, ...BETWEEN].map(([name, value]) => setting(name, value, false));
  return {
    setUp: { text: `select ${atStart.join(', ')}`, values: [] },
    reading: openingText(`${setting('transaction_read_only', 'on')}${isReplica ? `, ${REPLICA_STATE}` : ''}`),
    writing: openingText(`${DURABILITY}, ${TIME_COLUMN}`),
  };
}

/** Returns the statement that gives a transaction its role, its scope and its limits, with the remaining time in ms. */
export function openingOf(openings: Openings, purpose: Purpose, scope: Scope, leftMs?: number): Statement {
  const kind = purpose === 'writing' ? 'writing' : 'reading';
  return { name: OPENINGS[kind], text: openings[kind], values: [reachOf(scope), ...limitValues(leftMs)] };
}

/** Returns the statement that limits the time of the following statements. */
export const limitsOf = (leftMs?: number): Statement => ({
  text: `select ${limitsFrom(1).join(', ')}`,
  values: limitValues(leftMs),
  keepsPlan: true,
});

const limitValues = (leftMs?: number): readonly string[] => [
  String(statementMs(leftMs)),
  String(Math.min(LIMITS.lockMs, statementMs(leftMs))),
];

/**
 * Returns the maximum time of a statement in ms, given the remaining time. It ends just after the deadline, never
 * before.
 */
export const statementMs = (leftMs = Infinity): number => Math.min(LIMITS.statementMs, Math.ceil(leftMs) + 1);

const TIMEOUTS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout'];

/**
 * Returns the statements with the session settings of the connection that runs migrations. They disable timeouts, so
 * that a migration may take long.
 */
export const migrationSettings = (schema: string): string =>
  [
    ...Object.entries(SESSION_SETTINGS).map(([name, value]) => `set ${name} = '${value}'`),
    `set search_path = "${schema}"`,
    ...TIMEOUTS.map((name) => `set ${name} = 0`),
  ].join('; ');

/**
 * Returns the scope for the row security policies: all rows, those of one institution, or none if the id cannot exist.
 */
const reachOf = (scope: Scope): string => {
  if (scope === 'ALL') return scope;
  return isId('inst', scope.institutionId) ? scope.institutionId : '';
};
