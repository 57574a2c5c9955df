import { setTimeout as delay } from 'node:timers/promises';
import { runner } from 'node-pg-migrate';
import type pg from 'pg';
import { APP_ROLE, MIGRATION_SETTINGS } from './begin.ts';
import { checkDatabase, checkSchema, checkTables } from './checkDatabase.ts';
import { MIGRATIONS_FOLDER, MIGRATIONS_TABLE } from './migrationFiles.ts';
import { migrationStatusOf, throwIfNewer } from './migrationStatus.ts';
import { destroy } from './pool.ts';
import { connected } from './startConnection.ts';
import { UnusableDatabaseError } from './unusableDatabase.ts';

/** The interval at which the database is checked for an answer while migrations run, in ms. */
const CHECK_MS = 5_000;

/**
 * Migrates the database to the schema of this version, under a lock that makes servers which start together wait for
 * each other. Throws UnusableDatabaseError if the database cannot be used; the message gives the reason.
 */
export const migrate = (databaseUrl: string): Promise<void> =>
  connected(databaseUrl, async (client) => {
    await checkDatabase(client);
    const status = await migrationStatusOf(client);
    throwIfNewer(status);
    await ensureRole(client);
    if (status.pending.length > 0) {
      await client.query(MIGRATION_SETTINGS);
      await checkSchema(client);
      await runMigrations(databaseUrl, client);
    }
    await checkTables(client);
  });

/** Runs the migrations, which may take any time as long as the database answers on the other connection. */
const runMigrations = (databaseUrl: string, other: pg.Client): Promise<void> =>
  connected(
    databaseUrl,
    async (client) => {
      const done = new AbortController();
      const checking = checkAnswers(other, done.signal).catch(() => destroy(client));
      try {
        await client.query(MIGRATION_SETTINGS);
        await runner({
          dbClient: client,
          dir: MIGRATIONS_FOLDER,
          ignorePattern: '.*\\.map',
          migrationsTable: MIGRATIONS_TABLE,
          direction: 'up',
          advisoryLockMode: 'wait',
          singleTransaction: true,
          log: () => undefined,
        });
      } finally {
        done.abort();
        await checking;
      }
    },
    { isPatient: true },
  );

/** Checks the connection repeatedly. Throws once the database does not answer. */
async function checkAnswers(client: pg.Client, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await client.query('select 1');
    await delay(CHECK_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The errors of concurrent migrations of several databases in one cluster: another one created the role first. */
const CONCURRENT_CREATION_STATES: ReadonlySet<string | undefined> = new Set(['42710', '23505', 'XX000']);
const ROLE_TRIES = 5;

/**
 * Creates the role that transactions use and makes this user a member. Roles belong to the cluster, not the database.
 */
async function ensureRole(client: pg.Client): Promise<void> {
  const have = async (): Promise<{ readonly there: boolean; readonly mine: boolean }> => {
    const { rows } = await client.query<{ there: boolean; mine: boolean }>(
      `select count(*) > 0 as there, coalesce(bool_or(pg_has_role(rolname, 'member')), false) as mine
       from pg_roles where rolname = '${APP_ROLE}'`,
    );
    return rows[0] ?? { there: false, mine: false };
  };
  for (let tries = 1; ; tries += 1) {
    try {
      const { there, mine } = await have();
      if (!there) await client.query(`create role ${APP_ROLE} nologin`);
      if (mine) return;
      await client.query(`grant ${APP_ROLE} to current_user`);
      if ((await have()).mine) return;
    } catch (error) {
      const { code } = error as pg.DatabaseError;
      if (tries === ROLE_TRIES || !CONCURRENT_CREATION_STATES.has(code)) {
        throw new UnusableDatabaseError(
          `The role ${APP_ROLE} cannot be created or granted (${code}). Let a superuser run: ` +
            `create role ${APP_ROLE} nologin; grant ${APP_ROLE} to <the user of DATABASE_URL>;`,
          { cause: error },
        );
      }
    }
  }
}
