import { isId } from '../../domain/ids.ts';
import type { Scope } from '../../domain/viewer.ts';

/** The time limits of the database, in ms. Set in each transaction, so that they also apply through a pooler. */
const LIMITS = { statementMs: 10_000, lockMs: 5_000, idleInTransactionMs: 10_000 } as const;
/** The cost of a random page read relative to a sequential one: low, since the data is in memory or on flash. */
const RANDOM_PAGE_COST = 1.1;

/** The role of every transaction. It owns nothing and cannot change records that are never changed once written. */
export const APP_ROLE = 'escrowgrid_app';

/** The purpose of a transaction, which determines its isolation level and whether it may write. */
export type Purpose = 'reading' | 'snapshot' | 'writing';
const BEGIN: { readonly [P in Purpose]: string } = {
  reading: 'begin isolation level read committed read only',
  snapshot: 'begin isolation level repeatable read read only',
  writing: 'begin isolation level read committed',
};

/**
 * Settings that the statements and the parsing of their results require, whatever the server, the database or the role
 * has set. Set in each transaction, because a pooler neither accepts them at the start of a connection nor keeps them.
 */
const SESSION_SETTINGS = {
  client_encoding: 'UTF8',
  search_path: 'public',
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

/** Returns the SQL that begins a transaction which can access the rows of the scope, with the remaining time in ms. */
export function beginOf(purpose: Purpose, scope: Scope, leftMs?: number): string {
  const durability = purpose === 'writing' ? `, ${DURABILITY}` : '';
  return `${BEGIN[purpose]}; select ${settingsOf(scope, leftMs)}${durability}`;
}

/** Returns the settings that apply to one transaction only. */
export const settingsOf = (scope: Scope, leftMs?: number): string =>
  [
    setting('role', APP_ROLE),
    setting('escrowgrid.scope', reachOf(scope)),
    limitsOf(leftMs),
    setting('idle_in_transaction_session_timeout', LIMITS.idleInTransactionMs),
    setting('random_page_cost', RANDOM_PAGE_COST),
    SETTINGS,
  ].join(', ');

/** Returns the settings that limit the time of the following statements. */
export const limitsOf = (leftMs?: number): string =>
  [
    setting('statement_timeout', statementMs(leftMs)),
    setting('lock_timeout', Math.min(LIMITS.lockMs, statementMs(leftMs))),
  ].join(', ');

/**
 * Returns the maximum time of a statement in ms, given the remaining time. It ends just after the deadline, never
 * before.
 */
export const statementMs = (leftMs = Infinity): number => Math.min(LIMITS.statementMs, Math.ceil(leftMs) + 1);

const setting = (name: string, value: string | number): string => `set_config('${name}', '${value}', true)`;

const SETTINGS = Object.entries(SESSION_SETTINGS)
  .map(([name, value]) => setting(name, value))
  .join(', ');

const TIMEOUTS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout'];

/**
 * The session settings of the connection that runs migrations. They disable timeouts, so that a migration may take
 * long.
 */
export const MIGRATION_SETTINGS = [
  ...Object.entries(SESSION_SETTINGS).map(([name, value]) => `set ${name} = '${value}'`),
  ...TIMEOUTS.map((name) => `set ${name} = 0`),
].join('; ');

/**
 * COMMIT is acknowledged only after the transaction is on disk, whatever the server, the database or the role has set;
 * modes other than `off` are the operator's choice. The warning that a standby has not confirmed the commit must
 * arrive, too.
 */
const DURABILITY = [
  `set_config('synchronous_commit', case current_setting('synchronous_commit')
    when 'off' then 'on' else current_setting('synchronous_commit') end, true)`,
  setting('client_min_messages', 'warning'),
].join(', ');

/**
 * Returns the scope for the row security policies: all rows, those of one institution, or none if the id cannot exist.
 */
const reachOf = (scope: Scope): string => {
  if (scope === 'ALL') return scope;
  return isId('inst', scope.institutionId) ? scope.institutionId : '';
};
