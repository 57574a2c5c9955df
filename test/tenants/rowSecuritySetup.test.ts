import type { Client } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { asAdmin } from '../support/admin.ts';
import { openPostgresAt } from '../support/stores.ts';
import { type AllEntities, allEntities, insertAllEntities, WORD } from './allEntities.ts';

let url: string;
let kept: AllEntities;
beforeAll(async () => {
  const opened = await openPostgresAt();
  ({ url } = opened);
  kept = allEntities();
  await insertAllEntities(opened.store, kept);
});

const ask = <R extends object>(text: string, ...values: readonly unknown[]): Promise<readonly R[]> =>
  asAdmin(url, async (admin) => (await admin.query<R>(text, [...values])).rows);

/** Selects the tables with rows of institutions, and the table of institutions. */
const GUARDED = `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as guarded from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and (c.relname = 'institutions' or exists (
    select from pg_attribute a where a.attrelid = c.oid and a.attname = 'institution_id' and not a.attisdropped))
  order by 1`;

it('every table with a column institution_id has row level security, also for its owner', async () => {
  const tables = await ask<{ name: string; guarded: boolean }>(GUARDED);
  expect(tables.length).toBeGreaterThanOrEqual(16);
  expect(tables.map(({ name }) => name)).toContain('outbox');
  expect(tables.filter(({ guarded }) => !guarded)).toEqual([]);
});

it('each table has one policy for the application role, by its scope, and one for the owner, and no other', async () => {
  const policies = await ask<{ name: string; policies: readonly string[]; open: boolean }>(
    `select tablename as name, array_agg(policyname || ' ' || cmd || ' ' || permissive order by policyname)::text[] as policies,
      bool_or(roles && '{escrowgrid_app,public}' and coalesce(qual, 'true') !~ 'escrowgrid.scope') as open
     from pg_policies group by 1 order by 1`,
  );
  const tables = await ask<{ name: string }>(GUARDED);
  expect(policies.map(({ name }) => name)).toEqual(tables.map(({ name }) => name));
  for (const each of policies) {
    expect(each).toMatchObject({ policies: ['of_owner ALL PERMISSIVE', 'of_scope ALL PERMISSIVE'], open: false });
  }
});

it('the application role owns nothing, is not a superuser, bypasses nothing and belongs to no other role', async () => {
  const role = `select rolsuper, rolbypassrls, rolcreaterole, rolcanlogin,
      (select count(*)::int from pg_shdepend where refobjid = r.oid and deptype = 'o') as owns,
      (select count(*)::int from pg_auth_members where member = r.oid) as belongs
    from pg_roles r where rolname = 'escrowgrid_app'`;
  const none = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcanlogin: false };
  expect(await ask(role)).toEqual([{ ...none, owns: 0, belongs: 0 }]);
});

it('views, if there are any, run with the rights of the caller', async () => {
  const views = await ask<{ name: string; options: readonly string[] | null; kind: string }>(
    `select relname as name, reloptions as options, relkind as kind from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')`,
  );
  const blind = views.filter(({ options, kind }) => kind === 'm' || !options?.includes('security_invoker=true'));
  expect(blind).toEqual([]);
});

it('one function runs with the rights of its owner, only for the application role, and its body is bound at creation', async () => {
  const functions = await ask(
    `select proname as name, prosqlbody is not null as bound,
      (select array_agg(case grantee when 0 then 'public' else grantee::regrole::text end order by 1)
       from aclexplode(proacl) where grantee <> proowner) as granted
     from pg_proc where pronamespace = 'public'::regnamespace and prosecdef`,
  );
  expect(functions).toEqual([{ name: 'sessions_with', bound: true, granted: ['escrowgrid_app'] }]);
});

describe('transactions of the application role without a scope', () => {
  const SCOPES = [
    ['unset', 'begin'],
    ['empty', "begin; select set_config('escrowgrid.scope', '', true)"],
    ['past', "begin; select set_config('escrowgrid.scope', 'ALL', true); commit; begin"],
  ] as const;
  const asApp = <T>(begin: string, work: (client: Client) => Promise<T>): Promise<T> =>
    asAdmin(url, async (client) => {
      await client.query(begin);
      await client.query("select set_config('role', 'escrowgrid_app', true)");
      return work(client);
    });

  it.each(SCOPES)('a transaction with the scope %s sees no rows and finds no words', async (_how, begin) => {
    const tables = await ask<{ name: string }>(GUARDED);
    await asApp(begin, async (client) => {
      for (const { name } of tables) {
        const { rows } = await client.query(`select count(*)::int as count from ${name}`);
        expect([name, rows]).toEqual([name, [{ count: 0 }]]);
      }
      const found = await client.query('select * from sessions_with($1::tsquery)', [`'${WORD}'`]);
      expect(found.rows).toEqual([]);
    });
  });

  it.each(SCOPES)('a transaction with the scope %s writes nothing', async (_how, begin) => {
    const insert = `insert into institutions values ('inst_x', 'x', '{US}', '{CONSTRUCTION}', 1, now(), now())`;
    await asApp(begin, async (client) => {
      await expect(client.query(insert)).rejects.toMatchObject({ code: '42501' });
    });
    const { rowCount } = await asApp(begin, (client) => client.query('update institutions set version = version'));
    expect(rowCount).toBe(0);
  });
});

it('a search finds only words of its institution, although its function runs as the owner', async () => {
  const found = (scope: string): Promise<readonly object[]> =>
    asAdmin(url, async (client) => {
      await client.query('begin');
      await client.query(
        "select set_config('role', 'escrowgrid_app', true), set_config('escrowgrid.scope', $1, true)",
        [scope],
      );
      return (await client.query<object>('select * from sessions_with($1::tsquery)', [`'${WORD}'`])).rows;
    });
  const own = kept.chatSessions.map(({ id }) => ({ id }));
  expect(await found(kept.institutions[0]?.id ?? '')).toEqual(own);
  expect(await found('ALL')).toEqual(own);
  expect(await found('inst_00000000000000000000000000')).toEqual([]);
});
