import { expect, it, onTestFinished, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { ChatSession } from '../../src/domain/chatSession.ts';
import { TOKENS_VERSION, tokensOf } from '../../src/domain/tokens.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { OnStatement } from '../../src/store/postgres/session.ts';
import type { Store } from '../../src/store/store.ts';
import { firstOf } from '../../src/store/window.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { aMessage, aSession, aTombstone } from './chatRows.ts';
import { anInstitution } from './rows.ts';

const BATCH_ROWS = 200;
/** Texts that the former tokenizer split differently, each with a query that must find it now. */
const TEXTS = [
  ['STRASSE 9', 'straße'],
  ['Straße 10', 'strasse'],
  ['ΟΔΥΣΣΕΥΣ', 'οδυσσευς'],
  ['İstanbul', 'istanbul'],
  ['soft\u00adhyphen', 'softhyphen'],
  ['zero\u200bwidth', 'zerowidth'],
  ['東京都の契約', '契約'],
  ['โครงการสะพาน', 'สะพาน'],
  ['서울특별시', '특별'],
  ['plain words', 'plain'],
] as const;

/** Returns the words that servers stored with the former tokenizer. */
const FORMER_TOKENS = (text: string): readonly string[] => [
  ...new Set(
    text
      .normalize('NFKC')
      .toLowerCase()
      .normalize('NFKC')
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [],
  ),
];

interface Rows {
  readonly institution: ReturnType<typeof anInstitution>;
  readonly sessions: readonly ReturnType<typeof aSession>[];
  readonly messages: readonly ReturnType<typeof aMessage>[];
}

/** Returns the given number of sessions, with texts in titles, descriptions and messages in turn. */
function rowsOf(count: number): Rows {
  const institution = anInstitution();
  const textOf = (index: number): string => `${TEXTS[index % TEXTS.length]?.[0]} n${index}`;
  const sessions = Array.from({ length: count }, (_, index) =>
    aSession(institution.id, {
      title: index % 3 === 0 ? textOf(index) : 'Untitled',
      description: index % 3 === 1 ? textOf(index) : null,
    }),
  );
  const messages = sessions.flatMap((session, index) => [
    aMessage(session, 1, index % 3 === 2 ? { body: textOf(index) } : {}),
    ...(index % 10 === 0 ? [aMessage(session, 2, aTombstone)] : []),
  ]);
  return { institution, sessions, messages };
}

async function write(store: Store, { institution, sessions, messages }: Rows): Promise<void> {
  await store.transact('ALL', async (tx) => {
    tx.institutions.insert(institution);
    for (const session of sessions) tx.chatSessions.insert(session);
    for (const message of messages) tx.chatMessages.insert(message);
  });
}

/** Puts the database into the state that the former version left. */
const makeFormer = (url: string, { sessions, messages }: Rows): Promise<void> =>
  asAdmin(url, async (admin) => {
    const texts = [
      ['chat_sessions', sessions.map(({ id, title, description }) => [id, `${title}\n${description ?? ''}`] as const)],
      ['chat_messages', messages.map(({ id, body }) => [id, body ?? ''] as const)],
    ] as const;
    for (const [table, rows] of texts) {
      const words = rows.map(([, text]) => JSON.stringify(FORMER_TOKENS(text)));
      await admin.query(
        `update ${table} t set words = array_to_tsvector(array(select json_array_elements_text(v.words::json)))
         from unnest($1::text[], $2::text[]) as v(id, words) where v.id = t.id`,
        [rows.map(([id]) => id), words],
      );
    }
    // As the migration leaves the table. Running it again would also run all later ones on a schema that has them.
    await admin.query('update search_words set version = 1, done_through = null');
  });

/** Creates a database of the former version with these rows, and migrates it. */
async function upgraded(rows: Rows): Promise<string> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const store = storeAt(database.url);
  await write(store, rows);
  await store.close();
  await makeFormer(database.url, rows);
  await migrate(database.url);
  return database.url;
}

function storeAt(databaseUrl: string, onStatement?: OnStatement): Store {
  const store = createPostgresStore({ databaseUrl, onError: () => undefined, ...(onStatement && { onStatement }) });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= store.close());
  onTestFinished(close);
  return { ...store, close };
}

async function refreshAll(store: Store): Promise<number> {
  for (let batches = 0; ; batches += 1) if (await store.refreshWords()) return batches;
}

/** Returns the ids of the sessions that each search finds. */
async function foundIn(store: Store): Promise<readonly (readonly string[])[]> {
  const searches = [...TEXTS.map(([, search]) => search), 'n17', 'untitled', 'hello'];
  const windows = searches.map((search) => ({
    ...firstOf<ChatSession>({ where: {}, order: { by: ['createdAt'], direction: 'ASC' }, limit: 10_000 }),
    search: tokensOf(search),
  }));
  const pages = await store.read('ALL').chatSessions.pages(windows);
  return pages.map(({ rows }) => rows.map(({ id }) => id).toSorted());
}

/** Returns what the memory store finds among the same rows. */
async function expectedOf(rows: Rows): Promise<readonly (readonly string[])[]> {
  const memory = createMemoryStore();
  await write(memory, rows);
  expect(await memory.refreshWords()).toBe(true);
  const found = await foundIn(memory);
  expect(found.filter((ids) => ids.length === 0)).toEqual([]);
  return found;
}

it('after an upgrade, texts of the former version are found by the current rules, as in the memory store', async () => {
  const rows = rowsOf(450);
  const expected = await expectedOf(rows);
  const store = storeAt(await upgraded(rows));
  const before = await foundIn(store);
  expect(before.filter((ids, index) => ids.length < (expected[index]?.length ?? 0)).length).toBeGreaterThan(6);
  const batches = await refreshAll(store);
  const inBatches = (count: number): number => Math.floor(count / BATCH_ROWS) + 1;
  expect(batches).toBe(inBatches(rows.sessions.length) + inBatches(rows.messages.length));
  expect(await foundIn(store)).toEqual(expected);
});

it('a batch has fewer long texts than short ones', async () => {
  const short = rowsOf(45);
  const description = '東京都庁の工事契約'.repeat(1_000);
  const rows = { ...short, sessions: short.sessions.map((session) => ({ ...session, description })) };
  const store = storeAt(await upgraded(rows));
  // 12 texts of 9,000 characters exceed 100,000, so there are four batches of sessions and one of messages.
  expect(await refreshAll(store)).toBe(5);
  expect(await foundIn(store)).toEqual(await expectedOf(rows));
});

it('words are recomputed once, and those of a later version are not', async () => {
  const url = await upgraded(rowsOf(10));
  const statements: string[] = [];
  const store = storeAt(url, ({ text }) => statements.push(text));
  await refreshAll(store);
  statements.length = 0;
  expect(await store.refreshWords()).toBe(true);
  expect(statements).toHaveLength(1);
  await asAdmin(url, (admin) =>
    admin.query('update search_words set version = $1, done_through = $2', [TOKENS_VERSION + 1, '']),
  );
  expect(await store.refreshWords()).toBe(true);
});

it('only rows whose words differ are written', async () => {
  const url = await upgraded(rowsOf(30));
  const store = storeAt(url);
  const since = rowsOf(5);
  await write(store, since);
  const versionsOf = () =>
    asAdmin(url, async (admin) => {
      const text = 'select id, xmin::text from chat_sessions where id = any($1) order by id';
      return (await admin.query(text, [since.sessions.map(({ id }) => id)])).rows;
    });
  const before = await versionsOf();
  await refreshAll(store);
  expect(before).toHaveLength(5);
  expect(await versionsOf()).toEqual(before);
});

it('recomputing words continues after a crash, even in the middle of a batch', async () => {
  const rows = rowsOf(450);
  const url = await upgraded(rows);
  const first = storeAt(url);
  expect(await first.refreshWords()).toBe(false);
  await first.close();
  // The connection is lost when the words of the second batch have been sent.
  const cut = storeAt(url, ({ text }) => {
    if (text.startsWith('update search_words')) throw new Error('The process has ended.');
  });
  await expect(cut.refreshWords()).rejects.toThrow('The process has ended.');
  await cut.close();
  const read: unknown[] = [];
  const second = storeAt(url, ({ text, values }) => {
    if (text.includes('for no key update')) read.push(values[0]);
  });
  expect(await second.refreshWords()).toBe(false);
  const ids = rows.messages.map(({ id }) => id).toSorted();
  expect(read).toEqual([ids[BATCH_ROWS - 1]]);
  await refreshAll(second);
  expect(await foundIn(second)).toEqual(await expectedOf(rows));
});

it('recomputing words survives the loss of every connection', async () => {
  const rows = rowsOf(450);
  const url = await upgraded(rows);
  const store = storeAt(url);
  for (let isDone = false; !isDone; ) {
    const refreshed = store.refreshWords();
    await asAdmin(url, (admin) =>
      admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      ),
    );
    isDone = await refreshed;
  }
  expect(await foundIn(store)).toEqual(await expectedOf(rows));
});

it('two servers share the work of recomputing words, and repeat none of it', async () => {
  const rows = rowsOf(900);
  const url = await upgraded(rows);
  const read: unknown[] = [];
  const onStatement: OnStatement = ({ text, values }) => {
    if (text.includes('for no key update')) read.push(`${text} ${String(values[0])}`);
  };
  const [one, other] = [storeAt(url, onStatement), storeAt(url, onStatement)];
  const batches = await Promise.all([refreshAll(one), refreshAll(other)]);
  process.stdout.write(`Batches of two servers: ${batches.join(' and ')}\n`);
  expect(new Set(read).size).toBe(read.length);
  expect(Math.min(...batches)).toBeGreaterThan(0);
  expect(await foundIn(one)).toEqual(await expectedOf(rows));
});

it('the words of a text that is edited meanwhile are those of the edit', async () => {
  const short = rowsOf(BATCH_ROWS);
  // Long texts leave enough time for an edit after they have been read.
  const description = 'ΟΔΥΣΣΕΥΣ '.repeat(1_000);
  const rows = { ...short, sessions: short.sessions.map((session) => ({ ...session, description })) };
  const url = await upgraded(rows);
  const editor = storeAt(url);
  const edits: Promise<void>[] = [];
  const change = { title: 'Bauvertrag', description: '契約書' };
  const edit = ({ id }: ChatSession): Promise<void> =>
    editor.transact('ALL', async (tx) => {
      const [row] = await tx.chatSessions.lock([id]);
      if (row) tx.chatSessions.replace({ ...row, ...change, version: row.version + 1 });
    });
  const store = storeAt(url, ({ text }) => {
    if (/from chat_sessions where id > .* limit/s.test(text) && edits.length === 0) {
      edits.push(...rows.sessions.slice(0, 5).map(edit));
    }
  });
  await refreshAll(store);
  await Promise.all(edits);
  expect(edits).toHaveLength(5);
  const sessions = rows.sessions.map((each, index) => (index < 5 ? { ...each, ...change } : each));
  expect(await foundIn(store)).toEqual(await expectedOf({ ...rows, sessions }));
});

it('a starting server recomputes words in the background', async () => {
  const rows = rowsOf(30);
  const store = storeAt(await upgraded(rows));
  const faults: unknown[] = [];
  const app = createApp({ store, onInternalError: (_id, error) => faults.push(error) });
  app.start();
  onTestFinished(() => app.stop());
  const expected = JSON.stringify(await expectedOf(rows));
  await vi.waitUntil(async () => JSON.stringify(await foundIn(store)) === expected, { timeout: 20_000, interval: 100 });
  expect(faults).toEqual([]);
});
