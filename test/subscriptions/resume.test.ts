import { expect, it, onTestFinished } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Store } from '../../src/store/store.ts';
import { anInstitution, nextId, START } from '../store/rows.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { changes, clientOf, listening, type Result, type Results, sse } from '../support/live.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const SESSIONS = `subscription($of: ID, $after: String) { chatSessionChanged(institutionId: $of, after: $after) {
  cursor kind } }`;

/** A running server, and what a test does with it. */
interface Running {
  /** Publishes n session changes in an institution. */
  readonly publish: (of: string, count?: number) => Promise<void>;
  /** Subscribes to session changes in an institution. */
  readonly subscribe: (of: string, after?: string) => Results;
  /** Returns the cursor of CAUGHT_UP on a new subscription. */
  readonly currentCursor: (of: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

async function run(store: Store): Promise<Running> {
  const ends: (() => Promise<void>)[] = [];
  const server = serve(store);
  const client = clientOf(sse, await listening(server, (end) => ends.push(end)));
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => void (await Promise.all(ends.map((end) => end())));
  const subscribe: Running['subscribe'] = (of, after) => client.ask(SESSIONS, { of, after });
  const running: Running = {
    publish: (institutionId, count = 1) =>
      store.transact('ALL', async (tx) => {
        for (let published = 0; published < count; published += 1) {
          const objectId = nextId('chat');
          tx.publish({
            topic: 'CHAT_SESSION',
            kind: 'UPDATED',
            institutionId,
            objectId,
            detailId: null,
            createdAt: START,
          });
        }
      }),
    subscribe,
    currentCursor: async (of) => (await changes(subscribe(of), 1))[0]?.cursor ?? '',
    stop: () => (stopped ??= stop()),
  };
  onTestFinished(running.stop);
  return running;
}

/** Returns the kind of the first change after the cursor, or the code of the error. */
async function firstAfter(server: Running, of: string, after: string): Promise<string | undefined> {
  const results = server.subscribe(of, after);
  const { value } = (await results.next()) as IteratorYieldResult<Result>;
  await results.return?.();
  return value.errors?.[0]?.extensions?.code ?? value.data?.['chatSessionChanged']?.kind;
}

async function database(copied?: string): Promise<string> {
  const created = await createDatabase(copied);
  onTestFinished(() => created.drop());
  return created.url;
}
async function runOn(databaseUrl: string): Promise<Running> {
  const store = createPostgresStore({ databaseUrl, onError: () => undefined });
  const running = await run(store);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= running.stop().then(() => store.close()));
  onTestFinished(stop);
  return { ...running, stop };
}

/** Creates two institutions in the store. */
async function institutionsIn(store: Store): Promise<readonly [string, string]> {
  const [one, other] = [anInstitution(), anInstitution()];
  await store.transact('ALL', async (tx) => [one, other].forEach((each) => tx.institutions.insert(each)));
  return [one.id, other.id];
}
async function institutionsAt(databaseUrl: string): Promise<readonly [string, string]> {
  const store = createPostgresStore({ databaseUrl, onError: () => undefined });
  const ids = await institutionsIn(store);
  await store.close();
  return ids;
}
const cursors = async (results: Results, count: number): Promise<readonly string[]> =>
  (await changes(results, count)).map(({ cursor }) => cursor);

onBothStores((open) => {
  it('all cursors have the same length, and hide the number and the occurrence of changes of others', async () => {
    const store = await open();
    const [own, other] = await institutionsIn(store);
    const server = await run(store);
    const seen = [await server.currentCursor(own), await server.currentCursor(own)];
    await server.publish(other, 12_345);
    seen.push(await server.currentCursor(own), await server.currentCursor(own));
    expect(new Set(seen.map(({ length }) => length)).size).toBe(1);
    // Equal cursors would reveal that nothing was changed in between.
    expect(new Set(seen).size).toBe(seen.length);
    for (const cursor of seen) {
      expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toMatch(/(\.0|12345)$/);
      expect(await changes(server.subscribe(own, cursor), 1)).toMatchObject([{ kind: 'CAUGHT_UP' }]);
    }
  });

  it('a cursor of the former format gets CURSOR_EXPIRED', async () => {
    const store = await open();
    const [own] = await institutionsIn(store);
    const server = await run(store);
    for (const former of ['0123456789ab.0', '0123456789ab.17', 'ffffffffffff.999999999999999']) {
      const after = Buffer.from(former).toString('base64url');
      expect([former, await firstAfter(server, own, after)]).toEqual([former, 'CURSOR_EXPIRED']);
    }
  });
});

it('a cursor of a memory store that no longer exists gets CURSOR_EXPIRED', async () => {
  const [gone, store] = [createMemoryStore(), createMemoryStore()];
  const [[former], [own]] = [await institutionsIn(gone), await institutionsIn(store)];
  const [earlier, server] = [await run(gone), await run(store)];
  await earlier.publish(former, 3);
  await server.publish(own, 3);
  const after = await earlier.currentCursor(former);
  expect(await firstAfter(server, own, after)).toBe('CURSOR_EXPIRED');
});

it('cursors of another server on the same database are accepted, also after both have restarted', async () => {
  const url = await database();
  const [own] = await institutionsAt(url);
  const [one, other] = [await runOn(url), await runOn(url)];
  const live = one.subscribe(own);
  const [start] = await cursors(live, 1);
  await one.publish(own, 3);
  const [first, second, third] = await cursors(live, 3);
  expect(await cursors(other.subscribe(own, start), 3)).toEqual([first, second, third]);
  await Promise.all([one.stop(), other.stop()]);
  const restarted = await runOn(url);
  expect(await cursors(restarted.subscribe(own, first), 2)).toEqual([second, third]);
  expect(await changes(restarted.subscribe(own, third), 1)).toMatchObject([{ kind: 'CAUGHT_UP' }]);
});

it('cursors created after a backup get CURSOR_EXPIRED once the backup is restored', async () => {
  const url = await database();
  const [own] = await institutionsAt(url);
  const beforeBackup = await runOn(url);
  const known = beforeBackup.subscribe(own);
  const seenBefore = [...(await cursors(known, 1))];
  await beforeBackup.publish(own, 2);
  seenBefore.push(...(await cursors(known, 2)), await beforeBackup.currentCursor(own));
  await beforeBackup.stop();
  const backup = await database(url);

  const original = await runOn(url);
  const live = original.subscribe(own);
  await changes(live, 1);
  await original.publish(own, 3);
  const lost = [...(await cursors(live, 3)), await original.currentCursor(own)];
  await original.stop();

  const restored = await runOn(backup);
  for (const after of lost) expect(await firstAfter(restored, own, after)).toBe('CURSOR_EXPIRED');
  // First as many changes as were lost, and then more, so that their sequences are used again.
  for (const count of [3, 4]) {
    await restored.publish(own, count);
    await restored.currentCursor(own);
    for (const after of lost) expect(await firstAfter(restored, own, after)).toBe('CURSOR_EXPIRED');
  }
  const missed = await Promise.all(seenBefore.map((after) => changes(restored.subscribe(own, after), 8)));
  expect(missed.map((kinds) => kinds.findIndex(({ kind }) => kind === 'CAUGHT_UP'))).toEqual([-1, -1, 7, 7]);
});

it('a cursor of another database gets CURSOR_EXPIRED', async () => {
  const [url, foreign] = [await database(), await database()];
  // Databases of one template share its encryption key; a database that was migrated separately has another.
  await asAdmin(foreign, (admin) => admin.query(`update outbox_extent set cursor_key = sha256('another')`));
  const [own] = await institutionsAt(url);
  const [there] = await institutionsAt(foreign);
  const [one, other] = [await runOn(url), await runOn(foreign)];
  await one.publish(own, 2);
  await other.publish(there, 2);
  const after = await other.currentCursor(there);
  expect(await changes(other.subscribe(there, after), 1)).toMatchObject([{ kind: 'CAUGHT_UP' }]);
  expect(await firstAfter(one, own, after)).toBe('CURSOR_EXPIRED');
});
