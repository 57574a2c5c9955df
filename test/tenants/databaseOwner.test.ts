import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Scope } from '../../src/domain/viewer.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { Store } from '../../src/store/store.ts';
import { verify } from '../../src/verify/verify.ts';
import { START, windowOn } from '../store/rows.ts';
import { did } from '../support/accounting.ts';
import { asAdmin, urlOf } from '../support/admin.ts';
import { endOf, readCommitted } from '../support/changes.ts';
import { fundedPosition, makeDeal } from '../support/deal.ts';
import { type PostgresServer, startPostgres } from '../support/postgresServer.ts';
import { serve } from '../support/server.ts';
import { type AllEntities, allEntities, insertAllEntities, TABLES, WORD } from './allEntities.ts';

// FORCE ROW LEVEL SECURITY binds this owner like others: it is neither superuser nor has BYPASSRLS. Roles belong to a
// whole cluster, so the file starts its own.
let cluster: PostgresServer;
let store: Store;
let url: string;
let mine: AllEntities;
let theirs: AllEntities;
const scopeOf = (of: AllEntities): Scope => ({ institutionId: of.institutions[0]?.id ?? '' });

beforeAll(async () => {
  cluster = await startPostgres();
  await asAdmin(cluster.url, async (admin) => {
    await admin.query('create role landlord login createrole');
    await admin.query('create database house owner landlord');
  });
  const owned = new URL(urlOf(cluster.url, 'house'));
  owned.username = 'landlord';
  url = owned.href;
  await migrate(url);
  store = createPostgresStore({ databaseUrl: url, onError: () => undefined });
  [mine, theirs] = [allEntities(), allEntities()];
  for (const each of [mine, theirs]) await insertAllEntities(store, each);
});
afterAll(async () => {
  await store.close();
  await cluster.stop();
});

it('the owner of the database is bound by the row security policies, and admitted by its own policy', async () => {
  const [roleAttributes] = await asAdmin(url, async (owner) => {
    const role = 'select rolsuper, rolbypassrls from pg_roles where rolname = current_user';
    return (await owner.query(role)).rows;
  });
  expect(roleAttributes).toEqual({ rolsuper: false, rolbypassrls: false });
  const bound = `select row_security_active('positions') as active, (select count(*)::int from positions) as count`;
  expect(await asAdmin(url, async (owner) => (await owner.query(bound)).rows)).toEqual([{ active: true, count: 2 }]);
});

it('later migrations by the owner change all rows, and protect a new table with one call', async () => {
  const later = `create table notes (institution_id text collate "C" not null references institutions, id text primary key);
    select keep_apart('notes'); insert into notes select id, 'note_' || id from institutions;
    grant select on notes to escrowgrid_app; alter table assets add column lot text; update assets set lot = label`;
  const notes = (scope: string): Promise<unknown> =>
    asAdmin(url, async (owner) => {
      await owner.query(
        `begin; select set_config('role', 'escrowgrid_app', true), set_config('escrowgrid.scope', '${scope}', true)`,
      );
      return (await owner.query('select count(*)::int as count from notes')).rows;
    });
  await asAdmin(url, (owner) => owner.query(later));
  const lots = await asAdmin(url, (owner) => owner.query('select from assets where lot is null'));
  expect(lots.rowCount).toBe(0);
  expect(await notes(mine.institutions[0]?.id ?? '')).toEqual([{ count: 1 }]);
  expect(await notes('ALL')).toEqual([{ count: 2 }]);
  expect(await notes('')).toEqual([{ count: 0 }]);
});

it('servers of the owner can do everything: requests, changes, searches, expiry, clean-up and verification', async () => {
  const start = await endOf(store.changes);
  await store.changes.deleteBefore(START + 1);
  const server = serve(store);
  const deal = await makeDeal(server);
  server.viewer = { role: 'ADMIN', institutionId: deal.institution.id };
  const { id: positionId } = await fundedPosition(server, deal);
  const { position } = await did(server, 'releasePosition', { positionId, all: true, idempotencyKey: 'once' });
  expect(position?.state).toBe('RELEASED');
  expect((await verify(store)).difference).toMatchObject({ positionId: mine.positions[0]?.id });
  const { changes } = await readCommitted(store.changes, start, 100);
  expect(changes.map(({ institutionId }) => institutionId)).toContain(deal.institution.id);
  expect(await store.changes.deleteBefore(START + 1)).toBe(changes.length);
  const search = windowOn<(typeof mine.chatSessions)[number]>({ search: [WORD] });
  expect((await store.read(scopeOf(mine)).chatSessions.pages([search]))[0]?.rows).toEqual(mine.chatSessions);
  expect(await store.transact('ALL', async (tx) => (await tx.lockDue(START, 10)).length)).toBe(0);
  await store.transact(scopeOf(mine), async (tx) => {
    for (const row of mine.idempotencyRecords) tx.idempotencyRecords.remove(row);
    for (const row of mine.chatSessions) tx.chatSessions.remove(row);
  });
  const read = store.read(scopeOf(mine));
  const counts = await Promise.all(TABLES.map(async (name) => read[name].counts([{ where: {} }])));
  const gone = ['idempotencyRecords', 'chatSessions', 'chatMessages', 'chatRevisions', 'readMarks'];
  const left = TABLES.filter((_name, index) => counts[index]?.[0] === 0);
  expect(left.toSorted()).toEqual(gone.toSorted());
});

it('a search for a rare word among many messages of one institution uses the index of words', async () => {
  const many = 5_000;
  const read = await asAdmin(url, async (owner) => {
    const [session] = theirs.chatSessions;
    await owner.query(
      `insert into chat_messages (institution_id, id, session_id, sequence, author_reference, body, version, created_at, words)
       select $1, 'msg_' || n, $2, n + 1, 'ann', 'x', 1, now(),
         array_to_tsvector(case when n % 1000 = 0 then '{common,rare}' else '{common}' end::text[])
       from generate_series(1, ${many}) n`,
      [session?.institutionId, session?.id],
    );
    await owner.query('analyze');
    await owner.query("begin; select set_config('role', 'escrowgrid_app', true)");
    await owner.query("select set_config('escrowgrid.scope', $1, true)", [session?.institutionId]);
    await owner.query(`select * from sessions_with('''rare''')`);
    const touched = `select seq_scan::int as scans, idx_tup_fetch::int as rows from pg_stat_xact_user_tables where relname = 'chat_messages'`;
    return (await owner.query<{ scans: number; rows: number }>(touched)).rows[0];
  });
  expect(read?.scans).toBe(0);
  expect(read?.rows).toBeGreaterThanOrEqual(many / 1_000);
  expect(read?.rows).toBeLessThanOrEqual(many / 1_000 + 5);
});
