import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import { inject } from 'vitest';
import { asAdmin, urlOf } from './admin.ts';
import { atFileEnd } from './fileEnd.ts';

const MIGRATIONS = fileURLToPath(new URL('../../src/store/postgres/migrations', import.meta.url));

/**
 * Creates an empty database with the schema before this migration, and returns its URL. It is dropped when the file
 * ends.
 */
export async function createDatabaseBefore(migration: string): Promise<string> {
  const adminUrl = inject('adminUrl');
  const name = `${inject('template')}_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, (admin) => admin.query(`create database ${name} template template0`));
  atFileEnd(() =>
    asAdmin(adminUrl, async (admin) => {
      await admin.query(`drop database ${name} with (force)`);
    }),
  );
  const url = urlOf(adminUrl, name);
  const earlier = mkdtempSync(join(tmpdir(), 'migrations-'));
  const isEarlier = (path: string): boolean => path === MIGRATIONS || basename(path) < migration;
  cpSync(MIGRATIONS, earlier, { recursive: true, filter: isEarlier });
  await asAdmin(url, (client) =>
    runner({
      dbClient: client,
      dir: earlier,
      migrationsTable: 'schema_migrations',
      direction: 'up',
      log: () => undefined,
    }),
  );
  rmSync(earlier, { recursive: true });
  return url;
}
