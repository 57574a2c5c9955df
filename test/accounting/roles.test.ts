import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { UnusableDatabaseError } from '../../src/store/postgres/unusableDatabase.ts';
import { COUNTS } from '../counts.ts';
import { did, times } from '../support/accounting.ts';
import { asAdmin, urlOf } from '../support/admin.ts';
import { fundedPosition, makeDeal } from '../support/deal.ts';
import { type PostgresServer, startPostgres } from '../support/postgresServer.ts';
import { serve } from '../support/server.ts';

/** Roles belong to the whole cluster, so this file starts its own. */
describe('the application role', () => {
  let cluster: PostgresServer;
  let databases = 0;
  beforeAll(async () => {
    cluster = await startPostgres();
  });
  afterAll(() => cluster.stop());

  const asSuperuser = (...statements: readonly string[]): Promise<unknown> =>
    asAdmin(cluster.url, async (admin) => {
      for (const statement of statements) await admin.query(statement);
    });
  /** Creates a database and returns its URL for the given user. */
  const database = async (owner = 'postgres'): Promise<string> => {
    databases += 1;
    const name = `roles_${databases}`;
    await asSuperuser(`create database ${name} owner ${owner}`);
    const url = new URL(urlOf(cluster.url, name));
    url.username = owner;
    return url.href;
  };
  const dropRole = async (): Promise<void> => {
    for (let n = 1; n <= databases; n += 1) await asSuperuser(`drop database if exists roles_${n} with (force)`);
    await asSuperuser('drop role if exists escrowgrid_app');
  };
  /** Moves a position through its lifecycle, and returns what the application role may do in the database. */
  const livedIn = async (url: string): Promise<object> => {
    const store = createPostgresStore({ databaseUrl: url, onError: () => undefined });
    try {
      const server = serve(store);
      const { id: positionId } = await fundedPosition(server, await makeDeal(server));
      const { position } = await did(server, 'cancelPosition', { positionId });
      const { rows } = await asAdmin(url, async (admin) => {
        await admin.query("begin; select set_config('role', 'escrowgrid_app', true)");
        const rewrites = "has_table_privilege('postings', 'update, delete, truncate')";
        return admin.query<object>(`select current_user as user, ${rewrites} as rewrites`);
      });
      return { state: position?.state, ...rows[0] };
    } finally {
      await store.close();
    }
  };
  const LIVED = { state: 'CANCELLED', user: 'escrowgrid_app', rewrites: false };

  it('the application role is created when several databases of one cluster are migrated concurrently', async () => {
    for (let round = 0; round < COUNTS.roleRaces; round += 1) {
      await dropRole();
      const urls = [await database(), await database(), await database(), await database()];
      await Promise.all(urls.map((url) => migrate(url)));
      expect(await Promise.all(urls.map((url) => livedIn(url)))).toEqual(urls.map(() => LIVED));
    }
  });

  it('the application role is created once when several servers migrate one database concurrently', async () => {
    await dropRole();
    const url = await database();
    await Promise.all(times(4, () => migrate(url)));
    expect(await livedIn(url)).toEqual(LIVED);
    await migrate(url);
  });

  it('an existing application role is used; it cannot log in and has no rights in other databases', async () => {
    await dropRole();
    await asSuperuser('create role escrowgrid_app nologin');
    const url = await database();
    await migrate(url);
    expect(await livedIn(url)).toEqual(LIVED);
    const { rows } = await asAdmin(cluster.url, (admin) =>
      admin.query(
        "select rolcanlogin, rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = 'escrowgrid_app'",
      ),
    );
    expect(rows).toEqual([{ rolcanlogin: false, rolsuper: false, rolcreaterole: false, rolbypassrls: false }]);
  });

  it('an owner with CREATEROLE that is not a superuser can create the role, migrate and run', async () => {
    await dropRole();
    await asSuperuser('create role landlord login createrole');
    const urls = [await database('landlord'), await database('landlord')];
    await Promise.all(urls.map((url) => migrate(url)));
    for (const url of urls) expect(await livedIn(url)).toEqual(LIVED);
  });

  it('an owner without CREATEROLE can migrate and run once a superuser has created and granted the role', async () => {
    await dropRole();
    await asSuperuser(
      'create role tenant login',
      'create role escrowgrid_app nologin',
      'grant escrowgrid_app to tenant',
    );
    const url = await database('tenant');
    await migrate(url);
    expect(await livedIn(url)).toEqual(LIVED);
  });

  it.each([
    ['cannot create the role', []],
    ['is not a member of the role', ['create role escrowgrid_app nologin']],
  ])('a user that %s gets a message with the fix, and the database is unchanged', async (_what, statements) => {
    await dropRole();
    await asSuperuser('drop role if exists guest', 'create role guest login', ...statements);
    const url = await database('guest');
    const refused = await migrate(url).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UnusableDatabaseError);
    const { message } = refused as Error;
    expect(message).toMatch(
      /^The role escrowgrid_app cannot be created or granted .*\. Let a superuser run: create role .*grant .*;$/s,
    );
    const tables = "select count(*)::int as count from information_schema.tables where table_schema = 'public'";
    const { rows } = await asAdmin(url, (admin) => admin.query<{ count: number }>(tables));
    expect(rows).toEqual([{ count: 0 }]);
    // The statement in the message fixes the problem.
    const cure = message.slice(message.indexOf('run: ') + 5).replace('<the user of DATABASE_URL>', 'guest');
    await asSuperuser('drop role if exists escrowgrid_app', ...cure.split(';').filter((each) => each.trim() !== ''));
    await migrate(url);
    expect(await livedIn(url)).toEqual(LIVED);
  });

  it('the role ends with the transaction, and a pooled connection has its own user again', async () => {
    await dropRole();
    const url = await database();
    await migrate(url);
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query("begin; select set_config('role', 'escrowgrid_app', true); commit");
    expect((await client.query('select current_user as user')).rows).toEqual([{ user: 'postgres' }]);
    await client.end();
  });
});
