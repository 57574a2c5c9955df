import { afterAll, beforeAll, expect, it } from 'vitest';
import { countedEventOf } from '../../src/commands/audit.ts';
import { SERVER_INSTITUTION_ID } from '../../src/domain/auditEvent.ts';
import { ANONYMOUS } from '../../src/domain/viewer.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { anInstitution, nextId, START } from './rows.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
beforeAll(async () => {
  database = await createDatabase();
  await admin(`create table seen (synchronous_commit text, client_min_messages text);
    create function see() returns trigger language plpgsql security definer as $$
    begin
      insert into seen values (current_setting('synchronous_commit'), current_setting('client_min_messages'));
      return null;
    end $$;
    create trigger seeing after insert on institutions for each statement execute function see()`);
});
afterAll(() => database.drop());

const admin = (text: string): Promise<unknown> =>
  asAdmin(database.url, async (client) => (await client.query(text)).rows);
const set = (name: string, value: string): Promise<unknown> =>
  admin(`do $$ begin execute format('alter database %I set ${name} = ${value}', current_database()); end $$`);

const openStore = (): Store => createPostgresStore({ databaseUrl: database.url, onError: () => undefined });
/** Deletes the proof rows and returns them. */
const proofs = (): Promise<unknown> => admin('delete from commit_proofs returning 1 as row');

it.each([
  ['off', 'on'],
  ['on', 'on'],
  ['local', 'local'],
  ['remote_write', 'remote_write'],
  ['remote_apply', 'remote_apply'],
])(
  'a transaction that writes sets synchronous_commit to on if the database has it off: %s becomes %s',
  async (configured, used) => {
    await set('synchronous_commit', configured);
    await set('client_min_messages', 'error');
    const store: Store = createPostgresStore({ databaseUrl: database.url, onError: () => undefined });
    await store.transact('ALL', async (tx) => tx.institutions.insert(anInstitution()));
    await store.close();
    // Without warnings, a commit that no standby has confirmed would not be noticed.
    expect(await admin('delete from seen returning *')).toEqual([
      { synchronous_commit: used, client_min_messages: 'warning' },
    ]);
  },
);

it('a transaction leaves a proof row if it writes something but no audit event', async () => {
  await proofs();
  const store = openStore();
  const one = anInstitution();
  const counted = { action: 'ACCESS_REFUSED', errorCode: 'UNAUTHENTICATED', occurrences: 1, since: START } as const;
  const refused = { ...counted, address: 'a', institutionId: SERVER_INSTITUTION_ID, actor: ANONYMOUS };
  await store.transact('ALL', async (tx) => tx.institutions.insert(one));
  expect(await proofs()).toEqual([{ row: 1 }]);
  await store.transact('ALL', async (tx) => tx.institutions.byIds([one.id]));
  await store.transact('ALL', async (tx) => tx.auditEvents.insert(countedEventOf(nextId, refused)));
  expect(await proofs()).toEqual([]);
  await store.close();
});

it('the clean-up deletes proof rows after their retention and keeps the others', async () => {
  const store = openStore();
  for (const table of ['commit_proofs', 'tally_proofs']) {
    await admin(
      `insert into ${table} values ('old', now() - interval '61 minutes'), ('new', now() - interval '59 minutes')`,
    );
  }
  await store.cleanUp();
  for (const table of ['commit_proofs', 'tally_proofs']) {
    expect(await admin(`select id from ${table}`)).toEqual([{ id: 'new' }]);
  }
  await store.close();
});
