import { setTimeout as delay } from 'node:timers/promises';
import { PG_MIGRATE_LOCK_ID, runner } from 'node-pg-migrate';
import type pg from 'pg';
import { APP_ROLE, migrationSettings } from './begin.ts';
import { checkDatabase, checkSchema, checkTables } from './checkDatabase.ts';
import { MIGRATIONS_FOLDER, MIGRATIONS_TABLE } from './migrationFiles.ts';
import { migrationStatusOf, throwIfNewer } from './migrationStatus.ts';
import { ensurePrivileges } from './privileges.ts';
import { destroy } from './socket.ts';
import { connected } from './startConnection.ts';
import { UnusableDatabaseError } from './unusableDatabase.ts';

/** The maximum time that a migration waits for the lock of a table, in ms. */
const LOCK_MS = 5_000;
/** The interval at which the database is checked for an answer while migrations run, in ms. */
const CHECK_MS = 5_000;

/** Whether the database is migrated, only checked, or neither. */
export type Migrations = 'auto' | 'check' | 'off';

/**
 * Migrates the database to the schema of this version, under a lock that makes servers which start together wait for
 * each other; or checks that it was migrated. Throws UnusableDatabaseError if the database cannot be used; the message
 * gives the reason.
 */
export const migrate = (databaseUrl: string, migrations: Migrations = 'auto'): Promise<void> =>
  connected(databaseUrl, async (client) => {
    await checkDatabase(client);
    if (migrations === 'off') return;
    const status = await migrationStatusOf(client);
    throwIfNewer(status);
    const { pending } = status;
    if (migrations === 'check' && pending.length > 0) {
      throw new UnusableDatabaseError(
        `The database lacks the migrations ${pending.join(', ')}, and MIGRATE=check forbids to run them. Start one server with MIGRATE=auto.`,
      );
    }
    await ensureRole(client, migrations === 'auto');
    if (migrations === 'auto') {
      if (pending.length > 0) {
        await client.query(migrationSettings(client.schema));
        await checkSchema(client);
        await runMigrations(databaseUrl, client);
      }
    }
    await checkTables(client);
    await ensurePrivileges(client, migrations === 'auto');
  });

/** Runs the migrations, which may take any time as long as the database answers on the other connection. */
const runMigrations = (databaseUrl: string, other: pg.Client): Promise<void> =>
  connected(
    databaseUrl,
    async (client) => {
      const done = new AbortController();
      const checking = checkAnswers(other, done.signal).catch(() => destroy(client));
      try {
        await client.query(migrationSettings(client.schema));
        await client.query(`select pg_advisory_lock(${PG_MIGRATE_LOCK_ID})`);
        // A migration that waited longer for a table would make all requests for this table wait, too.
        await client.query(`set lock_timeout = ${LOCK_MS}`);
        await runner({
          dbClient: client,
          dir: MIGRATIONS_FOLDER,
          ignorePattern: '.*\\.map',
          schema: client.schema,
          migrationsTable: MIGRATIONS_TABLE,
          direction: 'up',
          noLock: true,
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
 * Throws UnusableDatabaseError if it is missing and must not or cannot be created.
 */
async function ensureRole(client: pg.Client, mayCreate: boolean): Promise<void> {
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
      if (!mine && !mayCreate) throw missingRole('MIGRATE=check');
      if (!there) await client.query(`create role ${APP_ROLE} nologin`);
      if (mine) return;
      await client.query(`grant ${APP_ROLE} to current_user`);
      if ((await have()).mine) return;
    } catch (error) {
      const { code } = error as pg.DatabaseError;
      if (tries === ROLE_TRIES || !CONCURRENT_CREATION_STATES.has(code)) {
        throw error instanceof UnusableDatabaseError ? error : missingRole(code, error);
      }
    }
  }
}

const missingRole = (reason: string | undefined, cause?: unknown): UnusableDatabaseError =>
  new UnusableDatabaseError(
    `The role ${APP_ROLE} cannot be created or granted (${reason}). Let a superuser run: ` +
      `create role ${APP_ROLE} nologin; grant ${APP_ROLE} to <the user of DATABASE_URL>;`,
    { cause },
  );
