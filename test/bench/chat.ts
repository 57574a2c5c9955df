// Measures chat: the memory that sessions need, how fast they are written and listed in memory, and how long PostgreSQL
// takes for a page with unread counts and for a search. Each figure is printed with its goal.
import type { ChatMessage, ReadMark } from '../../src/domain/chatMessage.ts';
import { readMarkId } from '../../src/domain/chatMessage.ts';
import type { ChatPriority, ChatSession } from '../../src/domain/chatSession.ts';
import { type Id, typeId } from '../../src/domain/ids.ts';
import type { Institution } from '../../src/domain/institution.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { MemoryMeter } from '../../src/store/memory/meter.ts';
import { TextIndex } from '../../src/store/memory/search.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import type { Order, Store, Window } from '../../src/store/store.ts';
import { heldBytes } from '../support/heldBytes.ts';

const SESSIONS = 10_000;
const AT_ONCE = 100;
const START = Date.parse('2026-03-01T12:00:00.000Z');
const WORDS =
  'escrow release invoice pier harbor deal milestone retainage letter credit tenor buyer seller audit'.split(' ');
const ORDERS: readonly Order<ChatSession>[] = [
  { by: ['createdAt'], direction: 'DESC' },
  { by: ['updatedAt'], direction: 'DESC' },
  { by: ['lastActivityAt'], direction: 'DESC' },
  { by: ['priority', 'lastActivityAt'], direction: 'DESC' },
  { by: ['title'], direction: 'ASC' },
];

/** Prints a figure with its goal, if it has one. */
function tell(what: string, figure: number, unit: string, goal = ''): void {
  const shown = figure.toFixed(figure < 100 ? 2 : 0).padStart(9);
  process.stdout.write(`${what.padEnd(62)}${shown} ${unit.padEnd(6)}${goal && `  goal: ${goal}`}\n`);
}

let ids = 0;
function newId(prefix: 'inst' | 'chat' | 'msg'): Id {
  ids += 1;
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(12, ids);
  return typeId(prefix, bytes);
}
/** The state of a random generator that yields the same numbers on each run. */
let state = 1;
const roll = (sides: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * sides);
};
/** Returns a text of the given length, different on each call. */
function text(characters: number): string {
  let words = '';
  while (words.length < characters) words += `${WORDS[roll(WORDS.length)]}${roll(1_000)} `;
  // The text is flat like text from the network, not a slice that retains the whole.
  return Buffer.from(words.slice(0, characters)).toString('latin1');
}

const institution: Institution = {
  id: newId('inst'),
  name: 'Bench',
  regions: ['US'],
  verticals: ['CONSTRUCTION'],
  version: 1,
  createdAt: START,
  updatedAt: START,
};
const newSession = (index: number): ChatSession =>
  Object.freeze({
    id: newId('chat'),
    institutionId: institution.id,
    positionId: null,
    ownerReference: `owner-${index % 50}`,
    title: text(40),
    description: text(60),
    priority: (1 + roll(4)) as ChatPriority,
    active: roll(10) > 0,
    deleted: false,
    deletedAt: null,
    edition: 1,
    messageCount: 0,
    createdAt: START + index,
    updatedAt: START + index,
    lastActivityAt: START + index,
    version: 1,
  });
const edited = (session: ChatSession, now: number, change: Partial<ChatSession>): ChatSession =>
  Object.freeze({ ...session, ...change, edition: session.edition + 1, version: session.version + 1, updatedAt: now });
const UPDATES = {
  'of the description': () => ({ description: text(60) }),
  'of the title': () => ({ title: text(40) }),
  'of title, priority and active': () => ({
    title: text(40),
    priority: (1 + roll(4)) as ChatPriority,
    active: roll(10) > 0,
  }),
};
const newMessage = (sessionId: Id, sequence: number, body: string): ChatMessage => ({
  id: newId('msg'),
  institutionId: institution.id,
  sessionId,
  sequence,
  authorReference: `owner-${sequence % 3}`,
  body,
  replyToId: null,
  idempotencyKey: null,
  version: 1,
  createdAt: START + sequence,
  editedAt: null,
  deletedAt: null,
  deletionReason: null,
});

async function inPortions<E>(store: Store, rows: readonly E[], write: (tx: Tx, row: E) => void, atOnce = AT_ONCE) {
  for (let from = 0; from < rows.length; from += atOnce) {
    await store.transact('ALL', async (tx) => {
      for (const row of rows.slice(from, from + atOnce)) write(tx, row);
    });
  }
}
type Tx = Parameters<Parameters<Store['transact']>[1]>[0];

/** Returns the operations per second, as the best of the given number of rounds. */
async function rate(count: number, rounds: number, work: () => Promise<void>): Promise<number> {
  let best = 0;
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    await work();
    best = Math.max(best, (count / (performance.now() - began)) * 1_000);
  }
  return best;
}
/** Returns the median duration of the given number of runs, in us. */
async function microseconds(runs: number, work: () => unknown): Promise<number> {
  const took: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const began = performance.now();
    const answer = work();
    if (answer instanceof Promise) await answer;
    took.push((performance.now() - began) * 1_000);
  }
  return took.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
}

const windowOf = (order: Order<ChatSession>, over: Partial<Window<ChatSession>> = {}): Window<ChatSession> => ({
  where: { priority: { in: [3] }, active: { in: [true] }, deleted: { in: [false] } },
  order,
  limit: 50,
  backward: false,
  after: null,
  before: null,
  ...over,
});

async function filled(count: number): Promise<{ readonly store: Store; readonly sessions: ChatSession[] }> {
  const store = createMemoryStore();
  await store.transact('ALL', async (tx) => tx.institutions.insert(institution));
  const sessions = Array.from({ length: count }, (_each, index) => newSession(index));
  await inPortions(store, sessions, (tx, row) => tx.chatSessions.insert(row));
  return { store, sessions };
}

async function inMemory(): Promise<void> {
  process.stdout.write(`\nChat in memory, ${SESSIONS} sessions of titles of 40 and descriptions of 60 characters\n`);
  await rates();
  const before = heldBytes();
  const { store, sessions } = await filled(SESSIONS);
  const began = performance.now();
  await store.read('ALL').chatSessions.counts([{ where: {}, search: ['escrow1'] }]);
  tell('feeding the text index, a session', ((performance.now() - began) * 1_000) / SESSIONS, 'us');
  // The text index is measured separately, to print its share of the total.
  const fed = heldBytes();
  const texts = new TextIndex(new MemoryMeter(), { rows: 0 });
  for (const session of sessions) texts.put(session);
  texts.find(['escrow1'], null);
  const ofTexts = heldBytes() - fed;
  sessions.length = 0;
  const whole = heldBytes() - before - ofTexts;
  tell('the text index', ofTexts / 2 ** 20, 'MB');
  tell('sessions with all indexes but the text index', (whole - ofTexts) / 2 ** 20, 'MB', 'at most 6');
  // Keeps both objects reachable until they are measured.
  texts.find([], null);
  await store.read('ALL').chatSessions.byIds([]);
  await pages();
}

async function rates(): Promise<void> {
  const create = async (): Promise<number> => {
    const store = createMemoryStore();
    await store.transact('ALL', async (tx) => tx.institutions.insert(institution));
    const rows = Array.from({ length: SESSIONS }, (_each, index) => newSession(index));
    return rate(SESSIONS, 1, () => inPortions(store, rows, (tx, row) => tx.chatSessions.insert(row)));
  };
  let creates = 0;
  for (let round = 0; round < 8; round += 1) creates = Math.max(creates, await create());
  tell(`creates through store.transact, ${AT_ONCE} a transaction`, creates, '/s', '100,000');
  const { store, sessions } = await filled(SESSIONS);
  let rows: readonly ChatSession[] = sessions;
  let now = START + SESSIONS;
  for (const [name, change] of Object.entries(UPDATES)) {
    let updates = 0;
    for (let round = 1; round <= 8; round += 1) {
      rows = rows.map((row) => edited(row, (now += 1), change()));
      updates = Math.max(
        updates,
        await rate(SESSIONS, 1, () => inPortions(store, rows, (tx, row) => tx.chatSessions.replace(row))),
      );
    }
    tell(`updates ${name}`, updates, '/s', '100,000');
  }
  const lookups = 100_000;
  const { chatSessions } = store.read('ALL');
  const found = await rate(lookups, 3, async () => {
    for (let index = 0; index < lookups; index += 1) void chatSessions.byIds([rows[index % rows.length]?.id ?? '']);
  });
  tell('lookup by id', 1_000_000 / found, 'us', 'under 2');
}

async function pages(): Promise<void> {
  const took = new Map<string, number[]>();
  const sizes = [1_000, SESSIONS, 100_000];
  for (const size of sizes) {
    const { store } = await filled(size);
    for (const scope of ['ALL', { institutionId: institution.id }] as const) {
      const { chatSessions } = store.read(scope);
      for (const order of ORDERS) {
        const name = `${order.by.join(', ')}${scope === 'ALL' ? '' : ' of one institution'}`;
        const us = await microseconds(500, () => chatSessions.pages([windowOf(order)]));
        took.set(name, [...(took.get(name) ?? []), us]);
      }
    }
  }
  process.stdout.write(`page of 50 by priority and active, among ${sizes.join(', ')}\n`);
  for (const [name, [few = 0, some = 0, many = 0]] of took) {
    const [low, high] = [Math.min(few, some, many), Math.max(few, some, many)];
    const all = [few, some, many].map((us) => us.toFixed(0).padStart(6)).join('');
    process.stdout.write(
      `  by ${name.padEnd(48)}${all} us   factor ${(high / low).toFixed(1)}  goals: under 100 among ${SESSIONS}, factor 3\n`,
    );
  }
}

/** Runs the same measurements on a migrated database, through the store. */
async function onPostgres(databaseUrl: string): Promise<void> {
  const statements: string[] = [];
  const onStatement = (statement: { readonly text: string }): void => void statements.push(statement.text);
  const store = createPostgresStore({ databaseUrl, onError: () => undefined, onStatement });
  const sessions = Array.from({ length: 1_000 }, (_each, index) => newSession(index));
  const messages = 100;
  process.stdout.write(`\nChat on PostgreSQL, ${sessions.length} sessions of ${messages} messages\n`);
  await store.transact('ALL', async (tx) => tx.institutions.insert(institution));
  await inPortions(store, sessions, (tx, row) => tx.chatSessions.insert(row), 1_000);
  for (const [at, { id }] of sessions.entries()) {
    await store.transact('ALL', async (tx) => {
      for (let sequence = 1; sequence <= messages; sequence += 1) {
        const rare = sequence === 7 && at % 10 === 0;
        tx.chatMessages.insert(newMessage(id, sequence, `${text(60)}${rare ? ' zanzibar' : ''}`));
      }
      const sessionId = id;
      const mark: ReadMark = {
        id: readMarkId(id, 'owner-1'),
        institutionId: institution.id,
        sessionId,
        participantReference: 'owner-1',
        sequence: 50,
        version: 1,
      };
      tx.readMarks.insert(mark);
    });
  }
  const scope = { institutionId: institution.id };
  const [, , newest] = ORDERS;
  if (!newest) throw new Error('There is no such order.');
  const { chatSessions } = store.read(scope, undefined, () => ({ omit: ['description'] }));
  const page = windowOf(newest, { where: { deleted: { in: [false] } }, unreadFor: ['owner-1'] });
  statements.length = 0;
  await chatSessions.pages([page]);
  const own = statements.filter((statement) => /chat_sessions/.test(statement)).length;
  const counted = await microseconds(200, () => chatSessions.pages([page]));
  tell(
    `page of 50 with unread counts, in ${own} statement${own === 1 ? '' : 's'}`,
    counted / 1_000,
    'ms',
    '1 statement',
  );
  const search = windowOf(newest, { where: {}, search: ['zanzibar'] });
  const found = (await chatSessions.counts([{ where: {}, search: ['zanzibar'] }]))[0] ?? 0;
  const searched = await microseconds(100, () => chatSessions.pages([search]));
  tell(`search for a word in ${found} of ${sessions.length * messages} messages`, searched / 1_000, 'ms', 'under 20');
  await store.close();
}

export async function benchChat(databaseUrl: string): Promise<void> {
  await inMemory();
  await onPostgres(databaseUrl);
}
