import pg from 'pg';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import type { SequencedChange, StreamPosition } from '../../src/domain/change.ts';
import { AlreadyExistsError } from '../../src/store/errors.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Statement } from '../../src/store/postgres/sql.ts';
import type { Store } from '../../src/store/store.ts';
import { ChangeCursors } from '../../src/subscriptions/changeCursor.ts';
import { Hub } from '../../src/subscriptions/hub.ts';
import { COUNTS } from '../counts.ts';
import { type Explained, readsOf } from '../store/plans.ts';
import { anInstitution } from '../store/rows.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { openTransaction } from '../support/openTransaction.ts';
import { openPostgresAt } from '../support/stores.ts';
import { numbers, sequences } from './feed.ts';

let store: Store;
let url: string;
const { id: institutionId } = anInstitution();
beforeAll(async () => {
  ({ store, url } = await openPostgresAt());
  await store.transact('ALL', async (tx) => tx.institutions.insert({ ...anInstitution(), id: institutionId }));
});

const announced = (objectId: string, createdAt = Date.now()) =>
  ({ topic: 'CHAT_MESSAGE', kind: 'UPDATED', institutionId, objectId, detailId: null, createdAt }) as const;
const announce = (objectId: string): Promise<void> =>
  store.transact('ALL', async (tx) => tx.publish(announced(objectId)));
const WRITE = `insert into outbox (institution_id, topic, kind, object_id, created_at)
  values ($1, 'CHAT_MESSAGE', 'UPDATED', $2, now())`;

async function end(): Promise<StreamPosition> {
  return (await store.changes.sequenceAndRead(null, 0)).last;
}
/** Returns all changes after a position, read page by page. */
async function changesAfter(position: StreamPosition, page = 500): Promise<readonly SequencedChange[]> {
  const all: SequencedChange[] = [];
  for (;;) {
    const { changes } = await store.changes.sequenceAndRead(all.at(-1) ?? position, page);
    all.push(...changes);
    if (changes.length < page) return all;
  }
}
const objects = (changes: readonly SequencedChange[]): string[] => changes.map(({ objectId }) => objectId);

/** Opens a connection without settings of the store, closed when the test ends. */
async function session(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

describe('the stream of changes in PostgreSQL', () => {
  it('changes are in the order in which their commits became visible, not that of their numbers', async () => {
    const [before, early, late] = [await end(), await session(), await session()];
    for (const client of [early, late]) await client.query('begin');
    await early.query(WRITE, [institutionId, 'early number']);
    await late.query(WRITE, [institutionId, 'late number']);
    await late.query('commit');
    expect(objects(await changesAfter(before))).toEqual(['late number']);
    await early.query('commit');
    const all = await changesAfter(before);
    expect(objects(all)).toEqual(['late number', 'early number']);
    expect(all.map(({ sequence }) => sequence)).toEqual([before.sequence + 1, before.sequence + 2]);
  });

  it('changes of one object are in the order of commits, even if the later transaction began first', async () => {
    const [before, first, second] = [await end(), await session(), await session()];
    const lock = `select id from institutions where id = $1 for update`;
    // The transaction id and the snapshot of the second transaction are the older ones.
    await second.query('begin');
    await second.query('select txid_current()');
    await first.query('begin');
    await first.query(lock, [institutionId]);
    const waiting = second.query(lock, [institutionId]).then(() => second.query(WRITE, [institutionId, 'second']));
    await first.query(WRITE, [institutionId, 'first']);
    expect(await changesAfter(before)).toEqual([]);
    await first.query('commit');
    await waiting;
    await second.query('commit');
    expect(objects(await changesAfter(before))).toEqual(['first', 'second']);
  });

  it('the stream has no change of a transaction that was rolled back', async () => {
    const before = await end();
    const failing = store.transact('ALL', async (tx) => {
      tx.publish(announced('never'));
      throw new Error('simulated failure');
    });
    await expect(failing).rejects.toThrow('simulated failure');
    const twice = store.transact('ALL', async (tx) => {
      tx.publish(announced('never'));
      tx.institutions.insert({ ...anInstitution(), id: institutionId });
    });
    await expect(twice).rejects.toThrow(AlreadyExistsError);
    const raw = await session();
    await raw.query('begin');
    await raw.query(WRITE, [institutionId, 'never']);
    await raw.query('rollback');
    await announce('after');
    const all = await changesAfter(before);
    expect(all.map(({ objectId, sequence }) => [objectId, sequence])).toEqual([['after', before.sequence + 1]]);
  });

  it('each change gets one gapless sequence under concurrent writers, pollers and readers', async () => {
    const before = await end();
    const total = COUNTS.placedChanges;
    const writers = 8;
    let left = writers;
    const writing = numbers(1, writers).map(async (writer) => {
      for (let index = writer; index <= total; index += writers) await announce(`of many ${index}`);
      left -= 1;
    });
    const reading = numbers(1, 3).map(async () => {
      const seen: SequencedChange[] = [];
      for (let last = false; !last; ) {
        last = left === 0;
        seen.push(...(await changesAfter(seen.at(-1) ?? before, 17)));
      }
      return seen;
    });
    await Promise.all(writing);
    const [first, ...others] = await Promise.all(reading);
    expect(first?.map(({ sequence }) => sequence)).toEqual(numbers(before.sequence + 1, before.sequence + total));
    expect(new Set(objects(first ?? []))).toEqual(new Set(numbers(1, total).map((index) => `of many ${index}`)));
    for (const other of others) expect(other).toEqual(first);
  });

  it('changes of an institution are read without those of others, even if statistics know no others', async () => {
    const sent: Statement[] = [];
    const options = { databaseUrl: url, onError: () => undefined, onStatement: (each: Statement) => sent.push(each) };
    const reader = createPostgresStore(options);
    onTestFinished(() => reader.close());
    const own = { institutionId, topic: 'CHAT_MESSAGE' } as const;
    const publish = (count: number, over: object = {}): Promise<void> =>
      store.transact('ALL', async (tx) =>
        numbers(1, count).forEach((each) => tx.publish({ ...announced(`own ${each}`), ...over })),
      );
    await publish(1_000);
    const before = await end();
    await asAdmin(url, (admin) => admin.query('analyze outbox'));
    await publish(5);
    await publish(2_000, { institutionId: 'inst_other' });
    await publish(1_000, { topic: 'POSITION' });
    await publish(5);
    const { last } = await reader.changes.sequenceAndRead(null, 0);
    expect(last.sequence).toBe(before.sequence + 3_010);
    for (const [filter, count] of [
      [own, 10],
      [{ ...own, objectId: 'own 3' }, 2],
    ] as const) {
      sent.length = 0;
      expect((await reader.changes.sequenceAndRead(before, 500, filter)).changes).toHaveLength(count);
      const [statement, ...others] = sent.filter(({ values }) => values.includes(institutionId)) as [Statement];
      expect(others).toEqual([]);
      const client = await session();
      await openTransaction(client, 'ALL');
      const explain = { text: `explain (analyze, format json) ${statement.text}`, values: [...statement.values] };
      const { rows } = await client.query<Explained>(explain);
      const reads = readsOf(rows);
      expect([reads.rows, reads.plan]).toEqual([10, expect.stringContaining('outbox_of_institution')]);
    }
  });

  it('notifications are received again after the listening connection was killed, and no change is lost', async () => {
    const hub = new Hub({
      feed: store.changes,
      pollIntervalMs: 2 ** 30,
      maxQueuedChanges: 1_000,
      maxPerOwner: 1,
      onInternalError: () => undefined,
    });
    hub.start();
    onTestFinished(() => hub.stop());
    const before = await end();
    const other = createPostgresStore({ databaseUrl: url, onError: () => undefined });
    onTestFinished(() => other.close());
    const after = new ChangeCursors(await store.changes.cursorKey()).encodeChange(before);
    const ticks = hub.subscribe('a', after, { institutionId, topic: 'CHAT_MESSAGE' });
    expect(await sequences(ticks, 1)).toEqual(['live']);
    // The last statement of the listening connection: a liveness check, or a notification.
    const listeners = `select pid from pg_stat_activity where datname = current_database()
      and query in ('select 1', 'notify escrowgrid_changes')`;
    const pids = async (): Promise<number[]> =>
      asAdmin(url, async (admin) => (await admin.query<{ pid: number }>(listeners)).rows.map(({ pid }) => pid));
    const killed = await untilSome(pids);
    await asAdmin(url, (admin) => admin.query('select pg_terminate_backend(pid) from unnest($1::int[]) pid', [killed]));
    // From another server, whose notification is not received.
    await other.transact('ALL', async (tx) => tx.publish(announced('unheard')));
    expect(await sequences(ticks, 1)).toEqual([before.sequence + 1]);
    expect((await untilSome(pids)).filter((pid) => killed.includes(pid))).toEqual([]);
    await announce('heard');
    expect(await sequences(ticks, 1)).toEqual([before.sequence + 2]);
  });

  it('changes before a time are deleted, and the stream reports the deletion', async () => {
    const before = await end();
    const hour = 3_600_000;
    // Later than all changes that the file has published, so only earlier ones are deleted.
    const old = Date.now() + 10 * hour;
    for (const createdAt of [old, old + 1, old + 5 * hour]) {
      await store.transact('ALL', async (tx) => tx.publish(announced('aged', createdAt)));
    }
    // Changes without a sequence are not deleted.
    await store.changes.deleteBefore(old + hour);
    const aged = await changesAfter(before);
    expect(aged).toHaveLength(3);
    expect(await store.changes.deleteBefore(old + hour)).toBe(2);
    const [, second, third] = aged as [SequencedChange, SequencedChange, SequencedChange];
    expect(await store.changes.sequenceAndRead(before, 10)).toMatchObject({ isKnown: false, changes: [] });
    expect(await store.changes.sequenceAndRead(second, 10)).toMatchObject({ isKnown: true, changes: [third] });
    expect(await store.changes.deleteBefore(old + hour)).toBe(0);
  });

  it('changes remain when the server that wrote them stops', async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    expect(database.url).not.toBe(inject('adminUrl'));
    const open = (): Store => createPostgresStore({ databaseUrl: database.url, onError: () => undefined });
    const writer = open();
    await writer.transact('ALL', async (tx) => {
      tx.institutions.insert({ ...anInstitution(), id: institutionId });
      tx.publish(announced('kept'));
    });
    const key = await writer.changes.cursorKey();
    const { last } = await writer.changes.sequenceAndRead(null, 0);
    await writer.transact('ALL', async (tx) => tx.publish(announced('kept too')));
    await writer.close();
    const reader = open();
    const { changes } = await reader.changes.sequenceAndRead(last, 10);
    const keyAgain = await reader.changes.cursorKey();
    await reader.close();
    expect(changes).toMatchObject([{ sequence: 2, objectId: 'kept too' }]);
    expect(keyAgain).toEqual(key);
  });
});

async function untilSome<V>(read: () => Promise<readonly V[]>): Promise<readonly V[]> {
  for (;;) {
    const found = await read();
    if (found.length > 0) return found;
  }
}
