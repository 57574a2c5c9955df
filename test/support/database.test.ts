import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { asAdmin, urlOf } from './admin.ts';
import { createDatabase } from './database.ts';

type Database = Awaited<ReturnType<typeof createDatabase>>;
let databases: readonly Database[];
const ownTables = `select table_name from information_schema.tables
  where table_schema not in ('pg_catalog', 'information_schema') order by table_name`;

beforeAll(async () => {
  databases = await Promise.all([1, 2, 3, 4].map(() => createDatabase()));
});

afterAll(async () => {
  for (const database of databases) await database.drop();
});

it('each test file has its own copy of the migrated template', async () => {
  const tables: number[] = [];
  for (const { url } of databases) {
    tables.push(await asAdmin(url, async (admin) => (await admin.query(ownTables)).rows.length));
    await asAdmin(url, (admin) => admin.query('create table mine ()'));
  }
  expect(tables[0]).toBeGreaterThan(0);
  expect(new Set(tables).size).toBe(1);
});

it('the copy waits while another connection uses the template', async () => {
  const guest = new Client({ connectionString: urlOf(inject('adminUrl'), inject('template')) });
  await guest.connect();
  const copying = createDatabase();
  setTimeout(() => void guest.end(), 300);
  await expect((await copying).drop()).resolves.toBeUndefined();
});

it('a database with open connections can be dropped, and a missing one is ignored', async () => {
  const database = await createDatabase();
  const guest = new Client({ connectionString: database.url });
  const disconnected = new Promise((resolve) => guest.on('error', resolve));
  await guest.connect();
  await database.drop();
  await expect(disconnected).resolves.toMatchObject({ code: '57P01' });
  await database.drop();
  await expect(asAdmin(database.url, (admin) => admin.query('select 1'))).rejects.toMatchObject({ code: '3D000' });
});
