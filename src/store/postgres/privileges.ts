import pg from 'pg';
import type { TableName } from '../store.ts';
import { TABLE_NAMES } from '../tables.ts';
import { APP_ROLE } from './begin.ts';
import { columnName } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import type { RoutedClient } from './routedClient.ts';
import { UnusableDatabaseError } from './unusableDatabase.ts';

/** The privileges of the role of transactions on a table. */
interface Privileges {
  readonly insert?: boolean;
  /** The columns that it may update. */
  readonly update?: readonly string[];
  readonly delete?: boolean;
}

/** In place of the names of columns: the privilege is for the table. */
const ALL_COLUMNS = [''];

/** The tables of entities whose rows are removed. */
export const REMOVABLE: ReadonlySet<TableName> = new Set([
  'policies',
  'idempotencyRecords',
  'chatSessions',
  'webhookEndpoints',
  'webhookDeliveries',
]);

/** The privileges of the role by table. It may read all of them. */
const PRIVILEGES: Readonly<Record<string, Privileges>> = {
  ...Object.fromEntries(TABLE_NAMES.map((name) => [LAYOUTS[name].table, privilegesOf(name)])),
  ...Object.fromEntries(TABLE_NAMES.flatMap((name) => LAYOUTS[name].view ?? []).map((view) => [view, {}])),
  outbox: { insert: true, update: ['place'], delete: true },
  outbox_extent: { update: ['last', 'forgotten', 'forgotten_id'] },
  webhook_position: { update: ['last'] },
  tallies: { insert: true, update: ALL_COLUMNS, delete: true },
  commit_proofs: { insert: true, delete: true },
  tally_proofs: { insert: true, delete: true },
  asset_template_configs: { insert: true },
  position_terms: { insert: true, delete: true },
  asset_terms: { insert: true, delete: true },
  search_words: { update: ['version', 'done_through'] },
};

/** The tables with row level security, and the column that names the institution. */
const SECURED = new Map([
  ...TABLE_NAMES.map((name) => [LAYOUTS[name].table, name === 'institutions' ? 'id' : 'institution_id'] as const),
  ['outbox', 'institution_id'] as const,
]);

function privilegesOf(name: TableName): Privileges {
  const { columns, words } = LAYOUTS[name];
  const changing = Object.entries(columns).filter(([, { fixed }]) => !fixed);
  const update = [...changing.map(([field]) => columnName(field)), ...(words ? ['words'] : [])];
  return { insert: true, update, delete: REMOVABLE.has(name) };
}

const missingIn = (schema: string): string => `select t as table, c as column, p as privilege
  from unnest($1::text[], $2::text[], $3::text[]) as wanted (t, c, p)
  where not case c when '' then has_table_privilege('${APP_ROLE}', '"${schema}".' || t, p)
    else has_column_privilege('${APP_ROLE}', '"${schema}".' || t, c, p) end`;

const unsecuredIn = (
  schema: string,
): string => `select relname as table, quote_ident(pg_get_userbyid(relowner)) as owner
  from pg_class c where relnamespace = '"${schema}"'::regnamespace and relname = any($1::text[]) and not (
    relrowsecurity and relforcerowsecurity
    and exists (select 1 from pg_policy where polrelid = c.oid and polname = 'of_owner' and polroles = array[relowner])
    and exists (select 1 from pg_policy where polrelid = c.oid and polname = 'of_scope'
      and polroles = array['${APP_ROLE}'::regrole::oid]))`;

const othersIn = (
  schema: string,
): string => `select has_schema_privilege('${APP_ROLE}', '${schema}', 'usage') as "hasSchema",
  has_function_privilege('${APP_ROLE}', '"${schema}".sessions_with(tsquery)', 'execute') as "hasSearch"`;

/**
 * Restores the privileges of the role and the policies of row level security, which a dump that was restored under
 * another owner or without the role has lost. Throws UnusableDatabaseError with the statements to run if something is
 * missing and this user may not add it, or `mayRepair` is false.
 */
export async function ensurePrivileges(client: RoutedClient, mayRepair: boolean): Promise<void> {
  const repairs = [...(await grantsIn(client)), ...(await policiesIn(client))];
  if (repairs.length === 0) return;
  const advice = new UnusableDatabaseError(
    `The role ${APP_ROLE} lacks privileges or policies of row level security, as after a restored dump. Let the owner of the tables run: ${repairs.join('; ')};`,
  );
  if (!mayRepair) throw advice;
  try {
    await client.query(`begin; ${repairs.join('; ')}; commit`);
  } catch (error) {
    await client.query('rollback');
    throw error instanceof pg.DatabaseError && error.code === '42501' ? advice : error;
  }
}

/** Returns the statements that grant what the role lacks. */
async function grantsIn(client: RoutedClient): Promise<readonly string[]> {
  const { schema } = client;
  const wanted = Object.entries(PRIVILEGES).flatMap(([table, { insert, update = [], delete: mayDelete }]) => [
    [table, '', 'select'],
    ...(insert ? [[table, '', 'insert']] : []),
    ...(mayDelete ? [[table, '', 'delete']] : []),
    ...update.map((column) => [table, column, 'update']),
  ]);
  const columns = [0, 1, 2].map((index) => wanted.map((row) => row[index]));
  const { rows } = await client.query<{ table: string; column: string; privilege: string }>(missingIn(schema), columns);
  const grants = new Map<string, string[]>();
  for (const { table, column, privilege } of rows) {
    const key = `${table} ${privilege}`;
    grants.set(key, [...(grants.get(key) ?? []), ...(column === '' ? [] : [column])]);
  }
  const { hasSchema, hasSearch } =
    (await client.query<{ hasSchema: boolean; hasSearch: boolean }>(othersIn(schema))).rows[0] ?? {};
  return [
    ...(hasSchema ? [] : [`grant usage on schema "${schema}" to ${APP_ROLE}`]),
    ...(hasSearch ? [] : [`grant execute on function "${schema}".sessions_with to ${APP_ROLE}`]),
    ...[...grants].map(([key, names]) => {
      const [table, privilege] = key.split(' ');
      const list = names.length > 0 ? ` (${names.join(', ')})` : '';
      return `grant ${privilege}${list} on "${schema}".${table} to ${APP_ROLE}`;
    }),
  ];
}

/** Returns the statements that create the policies of tables which lack one. */
async function policiesIn(client: RoutedClient): Promise<readonly string[]> {
  const { schema } = client;
  const { rows } = await client.query<{ table: string; owner: string }>(unsecuredIn(schema), [[...SECURED.keys()]]);
  return rows.flatMap(({ table, owner }) => [
    `drop policy if exists of_owner on "${schema}".${table}`,
    `drop policy if exists of_scope on "${schema}".${table}`,
    `select "${schema}".keep_apart('"${schema}".${table}', '${SECURED.get(table)}')`,
    `alter policy of_owner on "${schema}".${table} to ${owner}`,
  ]);
}
