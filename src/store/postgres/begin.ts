import { isId } from '../../domain/ids.ts';
import type { Scope } from '../../domain/viewer.ts';

/** How long the database may take, in ms. Set in each transaction, so that it holds behind a pooler too. */
const LIMITS = { statementMs: 10_000, lockMs: 5_000, idleInTransactionMs: 10_000 } as const;
/** What a row out of order costs beside one in order: little, where the data is in memory or on flash. */
const RANDOM_PAGE_COST = 1.1;

/** The role that every transaction takes on: it owns nothing and may not rewrite history. */
export const APP_ROLE = 'escrowgrid_app';

/** What a transaction is for. */
export type Purpose = 'reading' | 'snapshot' | 'writing';
const BEGIN: { readonly [P in Purpose]: string } = {
  reading: 'begin isolation level read committed read only',
  snapshot: 'begin isolation level repeatable read read only',
  writing: 'begin isolation level read committed',
};

/**
 * What the statements and the reading of their results rely on, whatever the server, the database or the role has set.
 * Set in each transaction, because a pooler neither accepts them at the start of a connection nor keeps them.
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

/** Begins a transaction that reaches the rows of the scope, for as many ms as are left. */
export function beginOf(purpose: Purpose, scope: Scope, leftMs?: number): string {
  const durability = purpose === 'writing' ? `, ${DURABILITY}` : '';
  return `${BEGIN[purpose]}; select ${settingsOf(scope, leftMs)}${durability}`;
}

/** What a transaction sets for itself alone. */
export const settingsOf = (scope: Scope, leftMs?: number): string =>
  [
    setting('role', APP_ROLE),
    setting('escrowgrid.scope', reachOf(scope)),
    limitsOf(leftMs),
    setting('idle_in_transaction_session_timeout', LIMITS.idleInTransactionMs),
    setting('random_page_cost', RANDOM_PAGE_COST),
    SETTINGS,
  ].join(', ');

/** How long its statements may take. */
export const limitsOf = (leftMs?: number): string =>
  [
    setting('statement_timeout', statementMs(leftMs)),
    setting('lock_timeout', Math.min(LIMITS.lockMs, statementMs(leftMs))),
  ].join(', ');

/** How long a statement may take where so much is left, in ms. It ends behind the deadline, however little, and not before. */
export const statementMs = (leftMs = Infinity): number => Math.min(LIMITS.statementMs, Math.ceil(leftMs) + 1);

const setting = (name: string, value: string | number): string => `set_config('${name}', '${value}', true)`;

const SETTINGS = Object.entries(SESSION_SETTINGS)
  .map(([name, value]) => setting(name, value))
  .join(', ');

const TIMEOUTS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout'];

/** What the connection that migrates sets for its session: also, that nothing ends a migration which takes its time. */
export const MIGRATION_SETTINGS = [
  ...Object.entries(SESSION_SETTINGS).map(([name, value]) => `set ${name} = '${value}'`),
  ...TIMEOUTS.map((name) => `set ${name} = 0`),
].join('; ');

/**
 * COMMIT is acknowledged only after the transaction is on disk, whatever the server, the database or the role has set;
 * other modes than `off` are the operator's choice. The warning that a standby has not confirmed it must arrive, too.
 */
const DURABILITY = [
  `set_config('synchronous_commit', case current_setting('synchronous_commit')
    when 'off' then 'on' else current_setting('synchronous_commit') end, true)`,
  setting('client_min_messages', 'warning'),
].join(', ');

/** Whose rows the policies let through: everybody's, one institution's, or nobody's where there can be no such id. */
const reachOf = (scope: Scope): string => {
  if (scope === 'ALL') return scope;
  return isId('inst', scope.institutionId) ? scope.institutionId : '';
};
