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
  await migrateUntil(url, (each) => each < migration);
  return url;
}

/** Applies the pending migrations whose names are included. */
export async function migrateUntil(url: string, isIncluded: (migration: string) => boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  const filter = (path: string): boolean => path === MIGRATIONS || isIncluded(basename(path, '.sql'));
  cpSync(MIGRATIONS, folder, { recursive: true, filter });
  await asAdmin(url, (client) =>
    runner({
      dbClient: client,
      dir: folder,
      migrationsTable: 'schema_migrations',
      direction: 'up',
      log: () => undefined,
    }),
  );
  rmSync(folder, { recursive: true });
}

/** The tables of a database, each with the columns that can be written. */
export type WritableColumns = ReadonlyMap<string, readonly string[]>;

/** Reads the tables and their columns from the catalog, except the state of the schema. */
export const writableColumns = (url: string): Promise<WritableColumns> =>
  asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ table: string; columns: readonly string[] }>(
      `select c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
         and a.attgenerated = '' and c.relname <> 'schema_migrations'
       group by 1 order by 1`,
    );
    return new Map(rows.map(({ table, columns }) => [table, columns]));
  });

/** The views with the rows that the current schema does not keep in the tables of earlier ones. */
const VIEWS: Readonly<Record<string, string>> = {
  ledger_events: '(select * from ledger_entries where id is not null)',
  postings: 'ledger_postings',
};

/**
 * Replaces all rows of a database with an earlier schema by those of another database, as far as the earlier schema has
 * the tables and columns. The server of this version cannot write into an earlier schema itself.
 */
export async function copyRows(from: string, to: string): Promise<void> {
  const tables = await writableColumns(to);
  const texts = await asAdmin(from, async (admin) => {
    const read: (readonly [table: string, rows: string])[] = [];
    for (const table of tables.keys()) {
      const { rows } = await admin.query<{ rows: string | null }>(
        `select json_agg(t)::text as rows from ${VIEWS[table] ?? table} t`,
      );
      read.push([table, rows[0]?.rows ?? '[]']);
    }
    return read;
  });
  await asAdmin(to, async (admin) => {
    // Neither foreign keys nor triggers are checked, so the order of the tables does not matter.
    await admin.query("set session_replication_role = 'replica'");
    await admin.query(`truncate ${[...tables.keys()].join()}`);
    for (const [table, rows] of texts) {
      const columns = tables.get(table)?.join();
      await admin.query(
        `insert into ${table} (${columns}) overriding system value
         select ${columns} from json_populate_recordset(null::${table}, $1::json)`,
        [rows],
      );
    }
    await admin.query(
      "select setval(pg_get_serial_sequence('outbox', 'number'), (select coalesce(max(number), 0) + 1 from outbox))",
    );
  });
}

/** Returns the rows of each table as texts, of these columns. */
export const rowTextsAt = (url: string, tables: WritableColumns): Promise<readonly unknown[]> =>
  asAdmin(url, async (admin) => {
    const all: unknown[] = [];
    for (const [table, columns] of tables)
      all.push(table, (await admin.query(`select row(${columns.join()})::text as row from ${table} order by 1`)).rows);
    return all;
  });
