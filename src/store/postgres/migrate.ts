import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { APP_ROLE, migrationSettings } from './begin.ts';
import { checkDatabase, checkSchema, checkTables } from './checkDatabase.ts';
import { MIGRATIONS_FOLDER, MIGRATIONS_TABLE } from './migrationFiles.ts';
import { checkVersion, migrationStatusOf, readRole, throwIfNewer } from './migrationStatus.ts';
import { ensurePrivileges } from './privileges.ts';
import type { RoutedClient } from './routedClient.ts';
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
    if (migrations === 'check') {
      await checkVersion(
        client,
        (pending) =>
          `The database lacks the migrations ${pending}, and MIGRATE=check forbids to run them. Start one server with MIGRATE=auto.`,
      );
    } else {
      await applyPending(databaseUrl, client);
    }
    await ensurePrivileges(client, migrations === 'auto');
  });

async function applyPending(databaseUrl: string, client: RoutedClient): Promise<void> {
  const status = await migrationStatusOf(client);
  throwIfNewer(status);
  await ensureRole(client);
  if (status.pending.length > 0) {
    await client.query(migrationSettings(client.schema));
    await checkSchema(client);
    await runMigrations(databaseUrl, client);
  }
  await checkTables(client);
}

/** Runs the migrations, which may take any time as long as the database answers on the other connection. */
const runMigrations = (databaseUrl: string, other: pg.Client): Promise<void> =>
  connected(
    databaseUrl,
    async (client) => {
      // Loaded here: most starts have nothing to migrate, and take 0.2 s less without it.
      const { PG_MIGRATE_LOCK_ID, runner } = await import('node-pg-migrate');
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
          // Each migration is a transaction of its own: some must commit before the next one begins.
          singleTransaction: false,
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
  for (let tries = 1; ; tries += 1) {
    try {
      const { exists, isMember } = await readRole(client);
      if (!exists) await client.query(`create role ${APP_ROLE} nologin`);
      if (isMember) return;
      await client.query(`grant ${APP_ROLE} to current_user`);
      if ((await readRole(client)).isMember) return;
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
