import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { Store } from '../../src/store/store.ts';
import { verify } from '../../src/verify/verify.ts';
import { asAdmin } from '../support/admin.ts';
import { endOf } from '../support/changes.ts';
import { createDatabase } from '../support/database.ts';
import { fundedPosition, makeDeal } from '../support/deal.ts';
import { PGBOUNCER, startPooler } from '../support/pgbouncer.ts';
import { serve } from '../support/server.ts';
import { storeContract } from './contract.ts';
import { anInstitution } from './rows.ts';

/** Settings that a server, a database or a role may have for other purposes, with one or several values each. */
const HOSTILE = {
  DateStyle: ['German', 'SQL, DMY', 'Postgres, MDY'],
  IntervalStyle: ['sql_standard', 'iso_8601'],
  TimeZone: ['Asia/Kathmandu', 'America/St_Johns'],
  client_encoding: ['LATIN1', 'SQL_ASCII'],
  search_path: ['pg_catalog', ''],
  bytea_output: ['escape'],
  extra_float_digits: ['-15'],
  standard_conforming_strings: ['off'],
  transform_null_equals: ['on'],
  array_nulls: ['off'],
  row_security: ['off'],
  plan_cache_mode: ['force_generic_plan'],
  gin_fuzzy_search_limit: ['1'],
  quote_all_identifiers: ['on'],
  default_transaction_isolation: ['serializable', 'repeatable read', 'read uncommitted'],
  default_transaction_deferrable: ['on'],
  default_text_search_config: ['pg_catalog.german'],
  // In ms. The whole contract runs with the first value: a busy machine may need 50 ms to send a statement.
  idle_session_timeout: ['250', '50'],
  client_min_messages: ['error'],
} as const;

const settings = Object.entries(HOSTILE).flatMap(([name, values]) => values.map((value) => [name, value] as const));
const worst = Object.entries(HOSTILE).map(([name, [value]]) => [name, value] as const);

type Setting = readonly [name: string, value: string];
/** Sets them for the database, so that new connections have them. */
async function setAll(url: string, chosen: readonly Setting[]): Promise<void> {
  await asAdmin(url, async (admin) => {
    for (const [name, value] of chosen) {
      const { rows } = await admin.query<{ text: string }>(
        `select format('alter database %I set %s = %L', current_database(), $1::text, $2::text) as text`,
        [name, value],
      );
      await admin.query(rows[0]?.text ?? '');
    }
  });
}

/** Opens a store on a database with these settings. It has a date before 1900, and text outside of Latin-1. */
async function openAt(chosen: readonly Setting[], through?: (url: string) => Promise<string>): Promise<Store> {
  const database = await createDatabase();
  await setAll(database.url, chosen);
  const url = (await through?.(database.url)) ?? database.url;
  const store = createPostgresStore({
    databaseUrl: url,
    directUrl: database.url,
    pooler: through ? 'transaction' : 'none',
    onError: () => undefined,
  });
  ends.push(async () => {
    await store.close();
    await database.drop();
  });
  return store;
}
const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
});

const SOUND = { difference: null, faults: [] };
/** Reads and writes everything that depends on a setting, and fails if a value differs from what was written. */
async function useEverything(store: Store): Promise<object> {
  const server = serve(store);
  const deal = await makeDeal(server);
  const { id } = await fundedPosition(server, deal, '100.00', { metadata: { a: null, text: 'Žluťoučký 漢字 \\n' } });
  const institution = {
    ...anInstitution(),
    name: 'Žluťoučký 漢字 \\',
    createdAt: Date.parse('1893-03-31T23:59:59.987Z'),
  };
  await store.transact('ALL', async (tx) => tx.institutions.insert(institution));
  expect(await store.read('ALL').institutions.byIds([institution.id])).toEqual([institution]);
  const [position] = await store.read('ALL').positions.byIds([id]);
  expect(position).toMatchObject({ expiresAt: null, metadata: { a: null, text: 'Žluťoučký 漢字 \\n' } });
  const chat = `mutation { createChatSession(input: { institutionId: "${deal.institution.id}", title: "Grüße 漢字", ownerReference: "o" }) {
    ... on CreateChatSessionPayload { chatSession { id } } } }`;
  for (let n = 0; n < 5; n += 1) expect((await server.ask(chat)).errors).toBeUndefined();
  const found = await server.ask('{ chatSessions(filter: { search: "grüße" }) { totalCount nodes { title } } }');
  expect(found.data).toMatchObject({ chatSessions: { totalCount: 5 } });
  expect(await store.changes.cursorKey()).toHaveLength(32);
  expect((await endOf(store.changes)).sequence).toBeGreaterThan(0);
  return { difference: (await verify(store)).difference, faults: server.faults };
}

describe('settings of the database', () => {
  it.each(settings)('the database setting %s = %s changes nothing', async (name, value) => {
    expect(await useEverything(await openAt([[name, value]]))).toEqual(SOUND);
  });

  it('statement_timeout, lock_timeout and idle_in_transaction_session_timeout of 100 ms change nothing', async () => {
    const timeouts = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'] as const;
    const store = await openAt(timeouts.map((name) => [name, '100'] as const));
    const one = anInstitution();
    await store.transact('ALL', async (tx) => tx.institutions.insert(one));
    const holding = store.transact('ALL', async (tx) => {
      await tx.institutions.lock([one.id]);
      await delay(400); // Idle in a transaction, while the other waits for the lock.
    });
    await delay(50);
    expect(await store.transact('ALL', async (tx) => tx.institutions.lock([one.id]))).toEqual([one]);
    await holding;
  });

  it('all settings together, set for the role, change nothing, even during migrations', async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    await setAll(database.url, [...worst, ['statement_timeout', '2000'], ['lock_timeout', '2000']]);
    await asAdmin(database.url, (admin) =>
      admin.query('drop schema public cascade; create schema public; grant all on schema public to public'),
    );
    await migrate(database.url);
    await migrate(database.url);
    const store = createPostgresStore({ databaseUrl: database.url, onError: () => undefined });
    ends.unshift(() => store.close());
    expect(await useEverything(store)).toEqual(SOUND);
  });

  it.skipIf(PGBOUNCER === undefined)(
    'all settings together change nothing behind PgBouncer in transaction mode',
    async () => {
      const store = await openAt(worst, async (url) => {
        const pooler = await startPooler(PGBOUNCER ?? '', url, 3);
        ends.push(() => pooler.stop());
        return pooler.url;
      });
      expect(await useEverything(store)).toEqual(SOUND);
    },
  );
});

describe('the contract of the store with all settings together', () => {
  storeContract(() => openAt(worst));
});
