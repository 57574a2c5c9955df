import { createApp } from '../../src/app.ts';
import type { ChatMessage, ReadMark } from '../../src/domain/chatMessage.ts';
import type { ChatSession } from '../../src/domain/chatSession.ts';
import type { Id } from '../../src/domain/ids.ts';
import type { Store } from '../../src/store/store.ts';
import { aMark, aMessage, aSession } from '../store/chatRows.ts';
import { nextId } from '../store/rows.ts';
import { APPLY } from './operations.ts';

/** The root key of every server of the benchmark. */
export const ROOT_KEY = 'root-q7Vd3xKe9TzBn2Wm6JpLc8RfYh4GsXu5';

/** The rows that a store is filled with. Equal values give equal rows with equal ids. */
export interface Size {
  /** The time of the first row. */
  readonly startMs: number;
  readonly positions: number;
  readonly sessions: number;
  readonly messagesPerSession: number;
}

/** The ids of the rows of a filled store, and an API key of the institution. */
export interface Data {
  readonly institutionId: Id;
  readonly assetIds: readonly Id[];
  readonly positionIds: readonly Id[];
  readonly sessionIds: readonly Id[];
  readonly apiKey: string;
}

/** The participant of the chat sessions that has read half of the messages. */
export const READER = 'reader';

const TEMPLATES = 5;
const ASSETS = 100;
/** The maximum number of rows that are written in one transaction. */
const AT_ONCE = 250;
const FILL_MS = 600_000;

type Send = (query: string, variables?: Readonly<Record<string, unknown>>) => Promise<Result>;
interface Result {
  readonly [field: string]: { readonly [object: string]: unknown } & {
    readonly results?: readonly { readonly position?: { readonly id: Id } }[];
  };
}

/**
 * Fills an empty store through the API, so that every position has its events, postings, audit events and changes. Ids
 * and times are the same on each run.
 */
export async function fillData(store: Store, size: Size): Promise<Data> {
  let now = size.startMs;
  const app = createApp({
    store,
    rootToken: ROOT_KEY,
    clock: () => (now += 1),
    newId: nextId,
    // A busy machine may need long for a batch.
    settings: { operationMs: FILL_MS },
    onInternalError: (_id, error) => process.stderr.write(`${String(error)}\n`),
  });
  const send: Send = async (query, variables = {}) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${ROOT_KEY}` };
    const body = JSON.stringify({ query, variables });
    const response = await app.fetch(new Request('http://localhost/graphql', { method: 'POST', headers, body }));
    const { data, errors } = (await response.json()) as { data: Result; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  const institutionId = await create(send, 'Institution', { name: 'Bench Bank', regions: ['US'] });
  const assetIds = await fillAssets(send, institutionId);
  const positionIds = await fillPositions(send, assetIds, size.positions);
  const sessionIds = await fillSessions(store, institutionId, size);
  const { createApiKey } =
    await send(`mutation { createApiKey(input: { institutionId: "${institutionId}", label: "bench",
    role: ADMIN }) { ... on CreateApiKeyPayload { token } } }`);
  await app.stop();
  return { institutionId, assetIds, positionIds, sessionIds, apiKey: String(createApiKey?.['token']) };
}

/** Creates an object, and returns its id. */
async function create(send: Send, type: string, input: Readonly<Record<string, unknown>>): Promise<Id> {
  const object = `${type[0]?.toLowerCase()}${type.slice(1)}`;
  const data = await send(
    `mutation ($input: Create${type}Input!) { create${type}(input: $input) { ... on Create${type}Payload { ${object} { id } } } }`,
    { input },
  );
  const made = data[`create${type}`]?.[object] as { readonly id: Id } | undefined;
  if (!made) throw new Error(JSON.stringify(data));
  return made.id;
}

async function fillAssets(send: Send, institutionId: Id): Promise<readonly Id[]> {
  const assetIds: Id[] = [];
  for (let template = 0; template < TEMPLATES; template += 1) {
    const templateId = await create(send, 'AssetTemplate', {
      institutionId,
      code: 'CONSTR_ESCROW',
      name: `Escrow ${template}`,
      vertical: 'CONSTRUCTION',
      region: 'US',
      config: { currency: 'USD', region: 'US' },
    });
    for (let asset = 0; asset < ASSETS / TEMPLATES; asset += 1) {
      assetIds.push(await create(send, 'Asset', { templateId, label: `Pier ${template}-${asset}` }));
    }
  }
  return assetIds;
}

/** Returns the input of createPosition for the position with this number. */
export const positionInput = (assetIds: readonly Id[], index: number): Readonly<Record<string, unknown>> => ({
  assetId: assetIds[index % assetIds.length],
  holderReference: `holder-${index % 50}`,
  amount: { amount: `${100 + (index % 900)}.00`, currencyCode: 'USD' },
});

/** Creates positions in batches. Three of four are funded, and one of four has released two parts. */
async function fillPositions(send: Send, assetIds: readonly Id[], count: number): Promise<readonly Id[]> {
  const ids: Id[] = [];
  const apply = async (operations: readonly unknown[]): Promise<readonly Id[]> => {
    if (operations.length === 0) return [];
    const { applyPositions } = await send(APPLY, { input: { operations } });
    return (applyPositions?.results ?? []).map(({ position }) => {
      if (!position) throw new Error(`A position could not be written: ${JSON.stringify(applyPositions)}`);
      return position.id;
    });
  };
  for (let from = 0; from < count; from += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - from);
    const made = await apply(Array.from({ length }, (_, index) => ({ create: positionInput(assetIds, from + index) })));
    const moves = (chosen: (index: number) => boolean, move: object) =>
      made.filter((_id, index) => chosen(index)).map((positionId) => ({ transition: { positionId, ...move } }));
    await apply(moves((index) => index % 4 !== 0, { toState: 'FUNDED' }));
    for (const amount of ['10.00', '20.00']) {
      await apply(moves((index) => index % 4 === 2, { toState: 'PARTIALLY_RELEASED', amount }));
    }
    ids.push(...made);
  }
  return ids;
}

/** Inserts chat sessions with their messages, and a read mark of one participant in the middle of each. */
async function fillSessions(store: Store, institutionId: Id, size: Size): Promise<readonly Id[]> {
  const { sessions, messagesPerSession, startMs } = size;
  const rows = Array.from({ length: sessions }, (_, index) =>
    aSession(institutionId, {
      title: `Delivery of pier ${index}`,
      messageCount: messagesPerSession,
      createdAt: startMs + index,
      updatedAt: startMs + index,
      lastActivityAt: startMs + index,
    }),
  );
  const sessionsAtOnce = Math.max(1, Math.floor(AT_ONCE / messagesPerSession));
  for (let from = 0; from < rows.length; from += sessionsAtOnce) {
    const part = rows.slice(from, from + sessionsAtOnce);
    await store.transact('ALL', async (tx) => {
      for (const session of part) tx.chatSessions.insert(session);
      for (const message of part.flatMap((session) => messagesOf(session, messagesPerSession))) {
        tx.chatMessages.insert(message);
      }
      for (const mark of part.map((session) => markOf(session, messagesPerSession))) tx.readMarks.insert(mark);
    });
  }
  return rows.map(({ id }) => id);
}

const messagesOf = (session: ChatSession, count: number): readonly ChatMessage[] =>
  Array.from({ length: count }, (_, index) =>
    aMessage(session, index + 1, {
      authorReference: `author-${index % 3}`,
      body: `Message ${index} of the parties about the delivery and the release of the money.`,
      createdAt: session.createdAt,
    }),
  );
const markOf = (session: ChatSession, count: number): ReadMark => aMark(session, READER, Math.floor(count / 2));
