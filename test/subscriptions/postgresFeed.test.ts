import pg from 'pg';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import type { ChangeTopic, SequencedChange, StreamPosition } from '../../src/domain/change.ts';
import { AlreadyExistsError } from '../../src/store/errors.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Statement } from '../../src/store/postgres/sql.ts';
import type { Store } from '../../src/store/store.ts';
import { ChangeCursors } from '../../src/subscriptions/changeCursor.ts';
import { Hub, type HubOptions, type StreamItem } from '../../src/subscriptions/hub.ts';
import { COUNTS } from '../counts.ts';
import { type Explained, readsOf } from '../store/plans.ts';
import { anInstitution } from '../store/rows.ts';
import { asAdmin } from '../support/admin.ts';
import { endOf, readCommitted } from '../support/changes.ts';
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

const announced = (objectId: string, createdAt = Date.now(), topic: ChangeTopic = 'CHAT_MESSAGE') =>
  ({ topic, kind: 'UPDATED', institutionId, objectId, detailId: null, createdAt }) as const;
const announce = (objectId: string, by = store): Promise<void> =>
  by.transact('ALL', async (tx) => tx.publish(announced(objectId)));
const WRITE = `insert into outbox (institution_id, topic, kind, object_id, created_at)
  values ($1, 'CHAT_MESSAGE', 'UPDATED', $2, now())`;

async function end(): Promise<StreamPosition> {
  return endOf(store.changes);
}
/** Returns all changes after a position, read page by page. */
async function changesAfter(position: StreamPosition, page = 500): Promise<readonly SequencedChange[]> {
  const all: SequencedChange[] = [];
  for (;;) {
    const { changes } = await readCommitted(store.changes, all.at(-1) ?? position, page);
    all.push(...changes);
    if (changes.length < page) return all;
  }
}
const objects = (changes: readonly SequencedChange[]): string[] => changes.map(({ objectId }) => objectId);

/** Opens another store on the database, closed when the test ends. */
function openOther(): Store {
  const other = createPostgresStore({ databaseUrl: url, onError: () => undefined });
  onTestFinished(() => other.close());
  return other;
}

/** Lets the store assign sequences to its changes. Returns a function that stops it. */
const listening = ({ changes }: Store) => changes.onChanges(() => undefined);

/** Starts a hub on the store, stopped when the test ends. */
function startHub({ pollIntervalMs }: Pick<HubOptions, 'pollIntervalMs'>): Hub {
  const limits = { maxQueuedChanges: 1_000, maxPerOwner: 1 };
  const hub = new Hub({ feed: store.changes, pollIntervalMs, ...limits, onInternalError: () => undefined });
  hub.start();
  onTestFinished(() => hub.stop());
  return hub;
}

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

  it('each change gets one gapless sequence under concurrent writers, and readers without a lock miss none', async () => {
    const before = await end();
    const total = COUNTS.placedChanges;
    const writers = 8;
    const stores = [store, openOther(), openOther()] as const;
    for (const each of stores) onTestFinished(listening(each));
    // Half of the readers read only the odd changes, like subscribers that catch up.
    const odd = { institutionId, topic: 'CHAT_SESSION' } as const;
    let isWriting = true;
    const writing = numbers(1, writers).map(async (writer) => {
      for (let index = writer; index <= total; index += writers) {
        const topic = index % 2 === 1 ? odd.topic : 'CHAT_MESSAGE';
        const by = stores[index % stores.length] ?? store;
        await by.transact('ALL', async (tx) => tx.publish(announced(`of many ${index}`, Date.now(), topic)));
      }
    });
    const readers = [undefined, odd, undefined, odd].map(async (filter) => {
      const seen: SequencedChange[] = [];
      let position = before;
      for (let isLast = false; ; ) {
        const { isKnown, changes, last } = await store.changes.read(position, 17, filter);
        expect(isKnown).toBe(true);
        seen.push(...changes);
        position = changes.length < 17 ? last : (changes.at(-1) ?? last);
        if (changes.length === 17) continue;
        if (isLast) return seen;
        isLast = !isWriting;
      }
    });
    await Promise.all(writing);
    await store.changes.assignSequences();
    isWriting = false;
    const [all = [], some, ...others] = await Promise.all(readers);
    expect(all.map(({ sequence }) => sequence)).toEqual(numbers(before.sequence + 1, before.sequence + total));
    expect(new Set(objects(all))).toEqual(new Set(numbers(1, total).map((index) => `of many ${index}`)));
    expect(some).toEqual(all.filter(({ topic }) => topic === odd.topic));
    expect(others).toEqual([all, some]);
  });

  it('neither commits nor reads wait for an assignment, and one that finds another in progress follows it', async () => {
    const before = await end();
    const [other, holder] = [openOther(), await session()];
    const woken = new Promise<void>((resolve) => other.changes.onChanges(resolve));
    await holder.query('begin');
    await holder.query('select 1 from outbox_extent for update');
    await announce('during an assignment', other);
    expect(await store.changes.read(before, 10)).toEqual({ isKnown: true, changes: [], last: before });
    const assigned = Promise.all(numbers(1, 3).map(() => store.changes.assignSequences()));
    await holder.query('commit');
    await assigned;
    expect(objects((await store.changes.read(before, 10)).changes)).toEqual(['during an assignment']);
    await announce('after it', other);
    await woken;
    expect(objects(await changesAfter(before))).toEqual(['during an assignment', 'after it']);
  });

  it('a subscription begins after all changes that were committed before it, also those without a sequence', async () => {
    const [hub, other] = [startHub({ pollIntervalMs: 2 ** 30 }), openOther()];
    const before = await end();
    const cursors = new ChangeCursors(await store.changes.cursorKey());
    const filter = { institutionId, topic: 'CHAT_MESSAGE' } as const;
    // A server without a hub assigns no sequences and sends no notifications.
    await announce('first', other);
    const resumed = hub.subscribe('a', cursors.encodeChange(before), filter);
    expect(await sequences(resumed, 2)).toEqual([before.sequence + 1, 'live']);
    await announce('second', other);
    const { value } = await hub.subscribe('b', null, filter).next();
    expect(value).toMatchObject({ change: null });
    expect(cursors.decode((value as StreamItem).cursor)).toMatchObject({ sequence: before.sequence + 2 });
    expect(await sequences(resumed, 1)).toEqual([before.sequence + 2]);
  });

  it('changes of a server that stopped before it assigned sequences arrive at the next poll of another', async () => {
    const hub = startHub({ pollIntervalMs: 10 });
    const ticks = hub.subscribe('a', null, { institutionId, topic: 'CHAT_MESSAGE' });
    await ticks.next();
    // A server without a hub assigns no sequences and sends no notifications.
    const stopped = createPostgresStore({ databaseUrl: url, onError: () => undefined });
    await announce('last words', stopped);
    await stopped.close();
    expect((await ticks.next()).value).toMatchObject({ change: { objectId: 'last words' } });
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
    const last = await endOf(reader.changes);
    expect(last.sequence).toBe(before.sequence + 3_010);
    for (const [filter, count] of [
      [own, 10],
      [{ ...own, objectId: 'own 3' }, 2],
    ] as const) {
      sent.length = 0;
      expect((await reader.changes.read(before, 500, filter)).changes).toHaveLength(count);
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
    const hub = startHub({ pollIntervalMs: 2 ** 30 });
    const before = await end();
    const other = openOther();
    const after = new ChangeCursors(await store.changes.cursorKey()).encodeChange(before);
    const ticks = hub.subscribe('a', after, { institutionId, topic: 'CHAT_MESSAGE' });
    expect(await sequences(ticks, 1)).toEqual(['live']);
    // The last statement of the listening connection: a liveness check.
    const listeners = `select pid from pg_stat_activity where datname = current_database()
      and query = 'select 1'`;
    const pids = async (): Promise<number[]> =>
      asAdmin(url, async (admin) => (await admin.query<{ pid: number }>(listeners)).rows.map(({ pid }) => pid));
    const killed = await untilSome(pids);
    await asAdmin(url, (admin) => admin.query('select pg_terminate_backend(pid) from unnest($1::int[]) pid', [killed]));
    // From another server, whose notification is not received.
    listening(other);
    await announce('unheard', other);
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
    expect(await store.changes.read(before, 10)).toMatchObject({ isKnown: false, changes: [] });
    expect(await store.changes.read(second, 10)).toMatchObject({ isKnown: true, changes: [third] });
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
    const last = await endOf(writer.changes);
    await writer.transact('ALL', async (tx) => tx.publish(announced('kept too')));
    await writer.close();
    const reader = open();
    const { changes } = await readCommitted(reader.changes, last, 10);
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
