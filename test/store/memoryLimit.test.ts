import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/domain/auditEvent.ts';
import type { Position } from '../../src/domain/position.ts';
import { CapacityExceededError } from '../../src/domain/userErrors.ts';
import { StoreFullError } from '../../src/store/errors.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import type { StoreUsage, Writers } from '../../src/store/store.ts';
import { COUNTS, SEED } from '../counts.ts';
import { heldBytes } from '../support/heldBytes.ts';
import { checked } from '../support/random.ts';
import { aMessage, aSession } from './chatRows.ts';
import { aDeal, anEvent, aPosition, type Deal, funded, insertAll, nextId, START } from './rows.ts';

const MB = 2 ** 20;
const anAttempt = ({ institution }: Deal, over: Partial<AuditEvent> = {}): AuditEvent => ({
  id: nextId('aud'),
  institutionId: institution.id,
  action: 'POSITION_CREATED',
  outcome: 'FAILURE',
  actorKind: 'ROOT',
  apiKeyId: null,
  resourceType: null,
  resourceId: null,
  requestId: null,
  errorCode: 'CAPACITY_EXCEEDED',
  payload: null,
  createdAt: START,
  ...over,
});

async function keepDeal(store: MemoryStore): Promise<Deal> {
  const deal = aDeal();
  const { institution, template, asset } = deal;
  await store.transact('ALL', async (tx) =>
    insertAll(tx, { institutions: [institution], assetTemplates: [template], assets: [asset] }),
  );
  return deal;
}

/** Writes repeatedly until the store rejects a write, and returns the error. */
async function untilRefused(store: MemoryStore, write: (tx: Writers) => void): Promise<unknown> {
  for (let times = 0; times < 100_000; times += 1) {
    try {
      await store.transact('ALL', async (tx) => write(tx));
    } catch (error) {
      return error;
    }
  }
  throw new Error('It is never refused.');
}

describe('a memory store above its limit', () => {
  const maxBytes = 4 * MB;
  let store: MemoryStore;
  let deal: Deal;
  let position: Position;
  beforeEach(async () => {
    store = createMemoryStore({ maxBytes });
    deal = await keepDeal(store);
    position = aPosition(deal.asset);
    await store.transact('ALL', async (tx) => tx.positions.insert(position));
  });
  const fill = (): Promise<unknown> =>
    untilRefused(store, (tx) => tx.positions.insert(aPosition(deal.asset, { metadata: { text: 'x'.repeat(10_000) } })));
  const move = (tx: Writers): void => {
    position = funded(position);
    tx.positions.replace(position);
    tx.lifecycleEvents.insert(anEvent(position, { reason: 'r'.repeat(1_000) }));
  };

  it('new objects are rejected with CapacityExceeded, and nothing of the transaction is written', async () => {
    const error = await fill();
    expect(error).toBeInstanceOf(CapacityExceededError);
    expect(error).toMatchObject({ code: 'CAPACITY_EXCEEDED', capacity: 4 });
    expect(store.usage.usedBytes).toBeLessThanOrEqual(maxBytes);
    expect(store.usage.usedBytes).toBeGreaterThan(0.98 * maxBytes);
    const { usedBytes } = store.usage;
    const created = aPosition(deal.asset, { metadata: { text: 'x'.repeat(100_000) } });
    const refused = store.transact('ALL', async (tx) => {
      move(tx);
      tx.positions.insert(created);
    });
    await expect(refused).rejects.toBeInstanceOf(CapacityExceededError);
    expect(store.usage.usedBytes).toBe(usedBytes);
    expect(await store.read('ALL').positions.byIds([created.id])).toEqual([undefined]);
  });

  it('failed attempts use at most half of the reserve and moves all of it, and then StoreFullError is thrown', async () => {
    await fill();
    expect(await untilRefused(store, (tx) => tx.auditEvents.insert(anAttempt(deal)))).toBeInstanceOf(StoreFullError);
    expect(store.usage.usedBytes / maxBytes).toBeGreaterThan(1.04);
    expect(store.usage.usedBytes / maxBytes).toBeLessThanOrEqual(1.05);
    expect(await untilRefused(store, move)).toBeInstanceOf(StoreFullError);
    expect(store.usage.usedBytes / maxBytes).toBeGreaterThan(1.09);
    expect(store.usage.usedBytes / maxBytes).toBeLessThanOrEqual(1.1);
  });

  it('at the end of the reserve, reads and removals work, and objects are accepted again afterwards', async () => {
    const session = aSession(deal.institution.id, { description: 'd'.repeat(10_000) });
    const messages = Array.from({ length: 30 }, (_one, index) =>
      aMessage(session, index + 1, { body: 'word '.repeat(100) }),
    );
    await store.transact('ALL', async (tx) => insertAll(tx, { chatSessions: [session], chatMessages: messages }));
    await fill();
    expect(await untilRefused(store, (tx) => tx.auditEvents.insert(anAttempt(deal)))).toBeInstanceOf(StoreFullError);
    expect(await untilRefused(store, move)).toBeInstanceOf(StoreFullError);
    expect(await store.read('ALL').chatSessions.counts([{ where: {}, search: ['word'] }])).toEqual([1]);
    const before = store.usage.usedBytes;
    await store.transact('ALL', async (tx) => tx.chatSessions.remove(session));
    expect(store.usage.usedBytes).toBeLessThan(before);
    expect(store.usage.usedBytes).toBe(store.recountBytes());
  });

  it('an API key can be rotated in the reserve, but none can be created', async () => {
    const key = (over: object = {}) => ({
      id: nextId('key'),
      institutionId: deal.institution.id,
      label: 'l',
      role: 'ADMIN' as const,
      prefix: nextId('key'),
      tokenHash: '0'.repeat(64),
      createdAt: START,
      expiresAt: null,
      revokedAt: null,
      lastUsedAt: null,
      followedById: null,
      version: 1,
      ...over,
    });
    const first = key();
    await store.transact('ALL', async (tx) => tx.apiKeys.insert(first));
    await fill();
    expect(await untilRefused(store, (tx) => tx.apiKeys.insert(key()))).toBeInstanceOf(CapacityExceededError);
    await store.transact('ALL', async (tx) => {
      tx.apiKeys.replace({ ...first, expiresAt: START, version: 2 });
      tx.apiKeys.insert(key());
    });
  });
});

it('a warning is logged once at 80 % of the limit, and again after the memory has fallen below', async () => {
  const warnings: number[] = [];
  const maxBytes = MB;
  const onWarning = (_message: string, { usedBytes }: StoreUsage) => warnings.push(usedBytes / maxBytes);
  const store = createMemoryStore({ maxBytes, onWarning });
  const { institution } = await keepDeal(store);
  const sessions = Array.from({ length: 12 }, () => aSession(institution.id, { description: '.'.repeat(1_500) }));
  const insertAllOfThem = (): Promise<unknown> => {
    let next = 0;
    return untilRefused(store, (tx) => tx.chatSessions.insert(aSession(institution.id, sessions[next++] ?? {})));
  };
  expect(await insertAllOfThem()).toBeInstanceOf(CapacityExceededError);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toBeGreaterThanOrEqual(0.8);
  for (let times = 1; times <= 2; times += 1) {
    const { rows } = (await store.read('ALL').chatSessions.pages([ALL_SESSIONS]))[0] ?? { rows: [] };
    await store.transact('ALL', async (tx) => {
      for (const row of rows) tx.chatSessions.remove(row);
    });
    expect(store.usage.usedBytes).toBeLessThan(0.5 * maxBytes);
    await insertAllOfThem();
    expect(warnings).toHaveLength(1 + times);
  }
});

const ALL_SESSIONS = {
  where: {},
  order: { by: ['createdAt'], direction: 'ASC' },
  limit: 1_000,
  backward: false,
  after: null,
  before: null,
} as const;

const texts = fc.constantFrom('a', 'a word', 'ein Wort und noch ein Wort', 'слово', 'x'.repeat(300), '日本');
const step = fc.record({
  kind: fc.constantFrom(
    'open',
    'post',
    'edit',
    'retitle',
    'remove',
    'search',
    'create',
    'update',
    'move',
    'forget',
    'count',
  ),
  which: fc.nat(1_000),
  text: texts,
});

it('the counted memory equals a recount after any change, and its former value after removals', async () => {
  const steps = fc.array(step, { minLength: COUNTS.memorySteps, maxLength: COUNTS.memorySteps });
  await checked(
    5,
    fc.asyncProperty(steps, async (all) => {
      const store = createMemoryStore({ maxBytes: 1_000 * MB });
      const deal = await keepDeal(store);
      const positions: Position[] = [];
      const sessions = new Map<string, { row: ReturnType<typeof aSession>; messages: ReturnType<typeof aMessage>[] }>();
      const atStart = store.usage.usedBytes;
      for (const { kind, which, text } of all) {
        const [id, session] = [...sessions][which % Math.max(1, sessions.size)] ?? [];
        const index = which % Math.max(1, session?.messages.length ?? 1);
        const message = session?.messages[index];
        await store.transact('ALL', async (tx) => {
          if (kind === 'open') {
            const row = aSession(deal.institution.id, { title: text, description: text, ownerReference: text });
            tx.chatSessions.insert(row);
            sessions.set(row.id, { row, messages: [] });
          } else if (kind === 'post' && session) {
            const row = aMessage(session.row, session.messages.length + 1, { body: text });
            tx.chatMessages.insert(row);
            session.messages.push(row);
          } else if (kind === 'edit' && session && message) {
            const row = { ...message, body: which % 5 === 0 ? null : text, version: message.version + 1 };
            tx.chatMessages.replace(row);
            session.messages[index] = row;
          } else if (kind === 'retitle' && session) {
            session.row = { ...session.row, title: text, ownerReference: text, version: session.row.version + 1 };
            tx.chatSessions.replace(session.row, ['title', 'ownerReference']);
          } else if (kind === 'remove' && session && id) {
            tx.chatSessions.remove(session.row);
            sessions.delete(id);
          } else if (kind === 'create') {
            const row = aPosition(deal.asset, { holderReference: text, metadata: { [text]: [text, which, { text }] } });
            tx.positions.insert(row);
            positions.push(row);
          } else if (kind === 'update' && positions.length > 0) {
            const at = which % positions.length;
            const before = positions[at] as Position;
            const metadata = which % 3 === 0 ? {} : { [text]: text, n: [which % 5, { text: which % 2 === 0 }] };
            const reference = `${text} ${nextId('pos')}`;
            const change = { externalReference: reference, uniqueReference: reference, metadata };
            const after: Position = { ...before, ...change, version: before.version + 1 };
            positions[at] = after;
            tx.positions.replace(after, ['externalReference', 'uniqueReference', 'metadata']);
          } else if (kind === 'move' && positions.length > 0) {
            const at = which % positions.length;
            const moved = funded(positions[at] as Position, { externalReference: text });
            positions[at] = moved;
            tx.positions.replace(moved);
            tx.publish({
              topic: 'POSITION',
              kind: 'UPDATED',
              institutionId: deal.institution.id,
              objectId: text,
              detailId: null,
              createdAt: which,
            });
          }
        });
        if (kind === 'search') await store.read('ALL').chatSessions.counts([{ where: {}, search: ['wort'] }]);
        if (kind === 'forget') await store.changes.deleteBefore(which);
        if (kind === 'count') await store.counters.add(which % 7, new Map([[text, 1]]));
        expect(store.usage.usedBytes).toBe(store.recountBytes());
      }
      await store.transact('ALL', async (tx) => {
        for (const { row } of sessions.values()) tx.chatSessions.remove(row);
        for (const row of positions) tx.positions.remove(row);
      });
      await store.changes.deleteBefore(Infinity);
      await store.counters.deleteBefore(Infinity);
      expect(store.usage.usedBytes).toBe(atStart);
    }),
  );
  process.stdout.write(`memory counted and recounted with the seed ${SEED}\n`);
});

const batchRows = 1_000;
it.each([
  [
    'positions with one event each',
    (deal: Deal, index: number) => {
      const row = aPosition(deal.asset, { createdAt: START + index, holderReference: `holder ${index}` });
      return { positions: [row], lifecycleEvents: [anEvent(row)] };
    },
  ],
  [
    'positions with different metadata',
    (deal: Deal, index: number) => {
      const metadata = { [`key ${index}`]: `${index}`, lane: `Lane ${index % 50}`, parity: index % 2 };
      return { positions: [aPosition(deal.asset, { createdAt: START + index, metadata })] };
    },
  ],
  [
    'chat sessions with texts',
    (deal: Deal, index: number) => {
      const [title, description] = [
        `Session ${index} of pier ${index % 77}`,
        `The invoice ${index % 999} of a letter of credit`,
      ];
      return { chatSessions: [aSession(deal.institution.id, { title, description, createdAt: START + index })] };
    },
  ],
])(`the estimated memory of ${COUNTS.measuredRows} %s is close to the growth of the heap`, async (what, rowsAt) => {
  const fillStore = async (rows: number): Promise<MemoryStore> => {
    const store = createMemoryStore();
    const deal = await keepDeal(store);
    for (let from = 0; from < rows; from += batchRows) {
      await store.transact('ALL', async (tx) => {
        for (let index = from; index < from + batchRows; index += 1) insertAll(tx, rowsAt(deal, index));
      });
    }
    await store.read('ALL').chatSessions.counts([{ where: {}, search: ['pier'] }]);
    return store;
  };
  await fillStore(batchRows);
  const before = heldBytes();
  const store = await fillStore(COUNTS.measuredRows);
  const grown = heldBytes() - before;
  const ratio = store.usage.usedBytes / grown;
  process.stdout.write(
    `${COUNTS.measuredRows} ${what}: the heap grows by ${(grown / MB).toFixed(1)} MB, estimated ` +
      `${(store.usage.usedBytes / MB).toFixed(1)} MB, ratio ${ratio.toFixed(2)}\n`,
  );
  expect(ratio).toBeGreaterThan(0.8);
  expect(ratio).toBeLessThan(1.25);
});
