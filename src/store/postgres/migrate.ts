import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { APP_ROLE } from './begin.ts';

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));
const TABLE = 'schema_migrations';
const OLDEST_SERVER = 150_000;
const UNDEFINED_TABLE = '42P01';

/** The database cannot be used as it is; the message says what to do. */
export class UnusableDatabase extends Error {}

/**
 * Brings the database to the schema that this program knows, under a lock that makes servers which start together
 * wait for each other. Refuses with UnusableDatabase a server that is not there or older than 15 and a database
 * that a newer program has migrated.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect().catch((error: Error & { readonly code?: string }) => {
    // A host with several addresses fails with one error for all of them, which has a code and no message.
    throw new UnusableDatabase(`The database cannot be reached: ${error.message || error.code}.`);
  });
  try {
    await mustFit(client);
    await ensureRole(client);
    await runner({
      dbClient: client,
      dir: FOLDER,
      ignorePattern: '.*\\.map',
      migrationsTable: TABLE,
      direction: 'up',
      advisoryLockMode: 'wait',
      singleTransaction: true,
      log: () => undefined,
    });
  } finally {
    await client.end();
  }
}

/** What can go wrong where several databases of one cluster are migrated at once: each means another was first. */
const RIVALS: ReadonlySet<string | undefined> = new Set(['42710', '23505', 'XX000']);
const ROLE_TRIES = 5;

/** Makes the role that transactions take on, and makes this user a member. Roles belong to the cluster, not the database. */
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
      if (tries === ROLE_TRIES || !RIVALS.has(code)) {
        throw new UnusableDatabase(
          `The role ${APP_ROLE} cannot be had (${code}). Let a superuser run: ` +
            `create role ${APP_ROLE} nologin; grant ${APP_ROLE} to <the user of DATABASE_URL>;`,
          { cause: error },
        );
      }
    }
  }
}

async function mustFit(client: pg.Client): Promise<void> {
  const { rows: versions } = await client.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  );
  const version = versions[0]?.version ?? 0;
  if (version < OLDEST_SERVER) throw new UnusableDatabase('PostgreSQL 15 or newer is needed.');
  const applied = await client.query<{ name: string }>(`select name from ${TABLE}`).catch((error: pg.DatabaseError) => {
    if (error.code === UNDEFINED_TABLE) return { rows: [] };
    throw error;
  });
  const known = new Set(readdirSync(FOLDER).map((file) => basename(join(FOLDER, file), '.sql')));
  const unknown = applied.rows.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (unknown.length > 0) {
    throw new UnusableDatabase(`The database is newer than this program: it has ${unknown.join(', ')}.`);
  }
}
