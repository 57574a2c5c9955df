import { describe, expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { Store } from '../../src/store/store.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { atFileEnd } from '../support/fileEnd.ts';
import { PGBOUNCER, startPooler } from '../support/pgbouncer.ts';
import { storeContract } from './contract.ts';
import { anInstitution, keep } from './rows.ts';

/** A name that must be quoted. */
const SCHEMA = 'User';
const inSchema = (url: string, schema = SCHEMA): string => `${url}${url.includes('?') ? '&' : '?'}schema=${schema}`;

const open = (
  databaseUrl: string,
  more: { readonly directUrl?: string; readonly pooler?: 'transaction' } = {},
): Store => {
  const store = createPostgresStore({ databaseUrl, ...more, onError: () => undefined });
  atFileEnd(() => store.close());
  return store;
};

const countsOf = async (store: Store) => store.read('ALL').institutions.counts([{ where: {} }]);

/** Creates a database with tables in the schema public, and with an empty schema of the name. */
async function databaseWithSchema(): Promise<string> {
  const database = await createDatabase();
  atFileEnd(() => database.drop());
  await asAdmin(database.url, (admin) => admin.query(`create schema "${SCHEMA}"`));
  return database.url;
}

describe('the tables in another schema', () => {
  storeContract(async () => {
    const url = await databaseWithSchema();
    await asAdmin(url, (admin) => admin.query('drop schema public cascade'));
    await migrate(inSchema(url));
    return open(inSchema(url));
  });
});

it('two schemas of one database are independent', async () => {
  const url = await databaseWithSchema();
  await migrate(inSchema(url));
  await migrate(url);
  const [own, other] = [open(inSchema(url)), open(url)];
  await keep(own, { institutions: [anInstitution()] });
  expect(await countsOf(own)).toEqual([1]);
  expect(await countsOf(other)).toEqual([0]);
  expect([await own.findFault(), await other.findFault()]).toEqual([undefined, undefined]);
  await asAdmin(url, (admin) =>
    admin.query(`insert into "${SCHEMA}".schema_migrations (name, run_on) values ('9', now())`),
  );
  await expect(migrate(inSchema(url))).rejects.toThrow('The database is newer than this program: it has 9.');
  await migrate(url);
  // The result of a check is that of this store's schema.
  expect([await own.findFault(), await other.findFault()]).toEqual(['schema_newer', undefined]);
});

it('a schema that does not exist is reported with the statement that creates it', async () => {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  await expect(migrate(inSchema(database.url, 'absent'))).rejects.toThrow(
    'The database has no schema absent. Create it: create schema absent (3F000).',
  );
  await expect(migrate(inSchema(database.url))).rejects.toThrow(/create schema "User" \(3F000\)\.$/);
});

it.skipIf(PGBOUNCER === undefined)('the schema is that of the URL behind a pooler in transaction mode', async () => {
  const url = await databaseWithSchema();
  await migrate(inSchema(url));
  const pooler = await startPooler(PGBOUNCER ?? '', url, 2);
  onTestFinished(() => pooler.stop());
  const store = open(inSchema(pooler.url), { directUrl: inSchema(url), pooler: 'transaction' });
  await keep(store, { institutions: [anInstitution()] });
  expect(await countsOf(store)).toEqual([1]);
  expect(
    await open(url)
      .read('ALL')
      .institutions.counts([{ where: {} }]),
  ).toEqual([0]);
});
