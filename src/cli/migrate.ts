import { migrate } from '../store/postgres/migrate.ts';
import { readMigrationStatus } from '../store/postgres/migrationStatus.ts';
import { databaseOf, readProcessConfig } from './databaseCommand.ts';

/** Migrates the database to the schema of this version, and prints the migrations that this has applied. */
export async function migrateUp(): Promise<void> {
  const { directUrl } = databaseOf(readProcessConfig());
  const { pending } = await readMigrationStatus(directUrl);
  await migrate(directUrl);
  for (const name of pending) process.stdout.write(`applied ${name}\n`);
  process.stdout.write('The database has the schema of this version.\n');
}

/**
 * Prints every migration with its state, and changes nothing. Returns 0 if the database has the schema of this version,
 * else 1.
 */
export async function printMigrationStatus(): Promise<number> {
  const { directUrl } = databaseOf(readProcessConfig());
  const { applied, pending, unknown } = await readMigrationStatus(directUrl);
  const lines = [
    ...applied.map((name) => `applied ${name}`),
    ...pending.map((name) => `pending ${name}`),
    ...unknown.map((name) => `unknown ${name} (of a newer version)`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return pending.length + unknown.length === 0 ? 0 : 1;
}
