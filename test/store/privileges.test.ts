import { expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { asAdmin, urlOf } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { startPostgres } from '../support/postgresServer.ts';
import { allEntities, insertAllEntities } from '../tenants/allEntities.ts';

/** Everything that a role may do, and every policy, as the catalog states it. */
const STATE = `select coalesce(json_agg(line order by line), '[]') as lines from (
  select format('%s %s %s', table_name, privilege_type, '') as line from information_schema.role_table_grants
    where grantee = 'escrowgrid_app'
  union all select format('%s %s %s', table_name, privilege_type, column_name) from information_schema.column_privileges
    where grantee = 'escrowgrid_app'
  union all select format('%s %s %s %s', tablename, policyname, roles, qual) from pg_policies
  union all select format('%s %s %s', relname, relrowsecurity, relforcerowsecurity) from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'
  union all select 'search ' || has_function_privilege('escrowgrid_app', 'sessions_with(tsquery)', 'execute')
  union all select 'schema ' || has_schema_privilege('escrowgrid_app', 'public', 'usage')
) lines`;

const stateOf = (url: string): Promise<readonly string[]> =>
  asAdmin(url, async (admin) => (await admin.query<{ lines: string[] }>(STATE)).rows[0]?.lines ?? []);

const run = (url: string, sql: string): Promise<unknown> => asAdmin(url, (admin) => admin.query(sql));

async function migrated(): Promise<string> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  return database.url;
}

it('the start of a server changes nothing in a database that the migrations have made', async () => {
  const url = await migrated();
  const before = await stateOf(url);
  expect(before.length).toBeGreaterThan(100);
  // Whoever repairs something here must change the rows of the catalog.
  const writes = `select xmin::text from pg_policy union all select xmin::text from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`;
  const versions = await asAdmin(url, async (admin) => (await admin.query(writes)).rows);
  await migrate(url);
  expect(await stateOf(url)).toEqual(before);
  expect(await asAdmin(url, async (admin) => (await admin.query(writes)).rows)).toEqual(versions);
});

it.each([
  ['all privileges', 'revoke all on all tables in schema public from escrowgrid_app'],
  ['the schema', 'revoke usage on schema public from escrowgrid_app, public'],
  ['the search', 'revoke execute on function sessions_with from escrowgrid_app, public'],
  ['the columns of positions', 'revoke update on positions from escrowgrid_app'],
  ['a policy of the scope', 'drop policy of_scope on positions'],
  ['a policy of the owner', 'drop policy of_owner on institutions'],
  ['row level security', 'alter table assets disable row level security'],
  ['its force', 'alter table outbox no force row level security'],
])('a database that has lost %s is repaired at the start, or the statements are named', async (_what, damage) => {
  const url = await migrated();
  const before = await stateOf(url);
  await run(url, damage);
  expect(await stateOf(url)).not.toEqual(before);
  await expect(migrate(url, 'check')).rejects.toThrow(
    /^The role escrowgrid_app lacks .* Let the owner of the tables run: .*;$/,
  );
  await migrate(url);
  expect(await stateOf(url)).toEqual(before);
});

it('a user who does not own the tables is told which statements the owner must run', async () => {
  const cluster = await startPostgres();
  onTestFinished(() => cluster.stop());
  await run(cluster.url, 'create role landlord login createrole; create role clerk login;');
  await run(cluster.url, 'create database house owner landlord');
  const as = (user: string): string => Object.assign(new URL(urlOf(cluster.url, 'house')), { username: user }).href;
  await migrate(as('landlord'));
  await run(cluster.url, 'grant escrowgrid_app to clerk');
  await run(as('landlord'), 'grant select on schema_migrations to clerk; drop policy of_scope on assets');
  const refused = await migrate(as('clerk')).catch((error: unknown) => error);
  const [, statements = ''] = /Let the owner of the tables run: (.*)$/.exec(String(refused)) ?? [];
  expect(statements).toContain('keep_apart');
  await run(as('landlord'), statements);
  await migrate(as('clerk'));
  const store = createPostgresStore({ databaseUrl: as('clerk'), onError: () => undefined });
  onTestFinished(() => store.close());
  await insertAllEntities(store, allEntities());
  expect(await store.read('ALL').institutions.counts([{ where: {} }])).toEqual([1]);
});
