import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));
/** The table with the names of the migrations that were applied. */
export const MIGRATIONS_TABLE = 'schema_migrations';
/** The SQLSTATE of a statement whose table does not exist. */
export const UNDEFINED_TABLE = '42P01';

let known: ReadonlySet<string> | undefined;

/** Returns the names of the migrations of this program. */
export function knownMigrations(): ReadonlySet<string> {
  known ??= new Set(
    readdirSync(MIGRATIONS_FOLDER)
      .filter((file) => file.endsWith('.sql'))
      .map((file) => basename(file, '.sql')),
  );
  return known;
}
