import type pg from 'pg';
import { APP_ROLE } from './begin.ts';
import { checkDatabase, checkTables } from './checkDatabase.ts';
import { knownMigrations, MIGRATIONS_TABLE, UNDEFINED_TABLE } from './migrationFiles.ts';
import type { RoutedClient } from './routedClient.ts';
import { connected } from './startConnection.ts';
import { UnusableDatabaseError } from './unusableDatabase.ts';

/** The migrations of a database, each list in the order of their names. */
export interface MigrationStatus {
  /** The migrations of this program that were applied. */
  readonly applied: readonly string[];
  /** The migrations of this program that were not applied. */
  readonly pending: readonly string[];
  /** The migrations that a newer program has applied. */
  readonly unknown: readonly string[];
}

/** Returns the migrations of the database, and changes nothing. Throws UnusableDatabaseError. */
export async function readMigrationStatus(databaseUrl: string): Promise<MigrationStatus> {
  const read: MigrationStatus[] = [];
  await connected(databaseUrl, async (client) => {
    await checkDatabase(client);
    read.push(await migrationStatusOf(client));
  });
  return read[0] as MigrationStatus;
}

/** Returns the migrations of the database of a connection. */
export async function migrationStatusOf(client: RoutedClient): Promise<MigrationStatus> {
  const { rows } = await client
    .query<{ name: string }>(`select name from "${client.schema}".${MIGRATIONS_TABLE}`)
    .catch((error: pg.DatabaseError) => {
      if (error.code === UNDEFINED_TABLE) return { rows: [] };
      throw error;
    });
  const names = new Set(rows.map(({ name }) => name));
  const known = [...knownMigrations()].toSorted();
  return {
    applied: known.filter((name) => names.has(name)),
    pending: known.filter((name) => !names.has(name)),
    unknown: [...names].filter((name) => !knownMigrations().has(name)).toSorted(),
  };
}

/** Throws UnusableDatabaseError if a newer program has applied migrations. */
export function throwIfNewer({ unknown }: MigrationStatus): void {
  if (unknown.length === 0) return;
  throw new UnusableDatabaseError(`The database is newer than this program: it has ${unknown.join(', ')}.`);
}

/**
 * Checks the database for a command that must not change its schema. Throws UnusableDatabaseError if the database has
 * another schema than that of this version, or if its user cannot take the role of the transactions.
 */
export const checkMigrated = (databaseUrl: string): Promise<void> =>
  connected(databaseUrl, async (client) => {
    await checkDatabase(client);
    await checkVersion(
      client,
      (pending) => `The database is older than this program: it lacks ${pending}. Run: escrowgrid migrate up`,
    );
  });

/** Does the same on a connection. `messageOf` returns the message about migrations that were not applied. */
export async function checkVersion(client: RoutedClient, messageOf: (pending: string) => string): Promise<void> {
  const status = await migrationStatusOf(client);
  throwIfNewer(status);
  if (status.pending.length > 0) throw new UnusableDatabaseError(messageOf(status.pending.join(', ')));
  await checkTables(client);
  if ((await readRole(client)).isMember) return;
  throw new UnusableDatabaseError(
    `The role ${APP_ROLE} is missing, or the user of the database is no member of it. Run: escrowgrid migrate up`,
  );
}

/** Returns whether the role of the transactions exists, and whether the user of the connection can take it. */
export async function readRole(client: pg.Client): Promise<{ readonly exists: boolean; readonly isMember: boolean }> {
  const { rows } = await client.query<{ exists: boolean; isMember: boolean }>(
    `select count(*) > 0 as exists, coalesce(bool_or(pg_has_role(rolname, 'member')), false) as "isMember"
     from pg_roles where rolname = '${APP_ROLE}'`,
  );
  return rows[0] ?? { exists: false, isMember: false };
}
