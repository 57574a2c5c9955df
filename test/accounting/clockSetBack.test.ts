import { beforeAll, describe, expect, it } from 'vitest';
import { revokedKey, usedKey } from '../../src/domain/apiKey.ts';
import { createIds } from '../../src/ids.ts';
import { call, did, opening } from '../support/accounting.ts';
import { endOf, readCommitted } from '../support/changes.ts';
import { type ChatScene, chatOn, chatted, messagesOf, openSession, post, sessionNow } from '../support/conversation.ts';
import { fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const HOUR_MS = 3_600_000;
const time = (ms: number): string => new Date(START + ms).toISOString();

/** Sets the clock back by an hour from the given time after START. */
const setBack = ({ server }: ChatScene, fromMs = 0): void => {
  server.now = START + fromMs - HOUR_MS;
};
const inOrder = <V>(values: readonly V[]): readonly V[] => values.toSorted((a, b) => (a < b ? -1 : 1));

onBothStores((open) => {
  const scene = chatOn(open);
  beforeAll(() => {
    scene.server.now = START;
  });

  describe('a clock that is set back by an hour', () => {
    it('no position changes before it was created, and its events and ids stay in order, when the clock is set back', async () => {
      const { server, store, deal } = scene;
      server.now = START;
      const { id: positionId } = await openPosition(server, deal);
      server.now += 1_000;
      await did(server, 'fundPosition', { positionId });
      setBack(scene);
      await did(server, 'releasePosition', { positionId, amount: '1' });
      await did(server, 'applyPositions', {
        operations: [{ transition: { positionId, toState: 'PARTIALLY_RELEASED', amount: '1' } }],
      });
      const { position } = await did(server, 'releasePosition', { positionId, all: true });
      expect(position).toMatchObject({ createdAt: time(0), updatedAt: time(1_000), state: 'RELEASED' });
      const read = store.read('ALL');
      const of = { field: 'positionId', id: positionId } as const;
      const window = { parent: of, where: {}, limit: 10, backward: false, after: null, before: null } as const;
      const order = { by: ['sequence'], direction: 'ASC' } as const;
      const pages = await Promise.all([
        read.lifecycleEvents.pages([{ ...window, order }]),
        read.ledgerEvents.pages([{ ...window, order }]),
      ]);
      for (const [page] of pages) {
        const rows = page?.rows ?? [];
        expect(rows.map(({ createdAt }) => createdAt - START)).toEqual([0, 1_000, 1_000, 1_000, 1_000]);
        expect(inOrder(rows.map(({ id }) => id))).toEqual(rows.map(({ id }) => id));
      }
      server.now = START + 2_000;
      const { id: later } = await fundedPosition(server, deal);
      expect(inOrder([positionId, later])).toEqual([positionId, later]);
    });

    it('every move that ends a position keeps its times in order when the clock is set back', async () => {
      const { server, store, deal } = scene;
      for (const mutation of ['cancelPosition', 'expirePosition'] as const) {
        server.now = START;
        const { id: positionId } = await fundedPosition(server, deal);
        setBack(scene);
        expect(await did(server, mutation, { positionId })).toMatchObject({
          position: { updatedAt: time(0) },
          event: { createdAt: time(0) },
          ledgerEvent: { createdAt: time(0) },
        });
      }
      server.now = START;
      const expiresAt = time(HOUR_MS);
      const { id } = await fundedPosition(server, deal, '100.00', { expiresAt });
      server.now = START + HOUR_MS - 1;
      await did(server, 'releasePosition', { positionId: id, amount: '1' });
      // Decisions use the current clock: an hour earlier the position is not due.
      setBack(scene, HOUR_MS);
      expect(await server.app.expireDue()).toBe(0);
      await did(server, 'releasePosition', { positionId: id, amount: '1' });
      server.now = START + HOUR_MS;
      expect(await server.app.expireDue()).toBe(1);
      expect(await store.read('ALL').positions.byIds([id])).toMatchObject([
        { state: 'EXPIRED', updatedAt: START + HOUR_MS },
      ]);
    });

    it('a position that has expired can move again until its expiry, and a new position is checked by the current clock', async () => {
      const { server, deal } = scene;
      server.now = START;
      const { id: positionId } = await openPosition(server, deal, { expiresAt: time(1_000) });
      server.now = START + 1_000;
      expect(await call(server, 'fundPosition', { positionId })).toMatchObject({ code: 'ILLEGAL_TRANSITION' });
      setBack(scene);
      await did(server, 'fundPosition', { positionId });
      await did(server, 'createPosition', opening(deal, { expiresAt: time(1 - HOUR_MS) }));
      expect(await call(server, 'createPosition', opening(deal, { expiresAt: time(-HOUR_MS) }))).toMatchObject({
        code: 'VALIDATION_FAILED',
        path: ['expiresAt'],
      });
    });

    it('funding, closing and updates are never dated before an earlier change', async () => {
      const { server, store, deal } = scene;
      server.now = START;
      const { id: positionId } = await openPosition(server, deal);
      setBack(scene);
      await did(server, 'fundPosition', { positionId });
      server.now = START + 10;
      await did(server, 'updatePosition', { positionId, externalReference: 'a' });
      setBack(scene);
      await did(server, 'updatePosition', { positionId, externalReference: 'b' });
      const { event } = await did(server, 'cancelPosition', { positionId });
      expect(event).toMatchObject({ createdAt: time(10) });
      const [row] = await store.read('ALL').positions.byIds([positionId]);
      expect(row).toMatchObject({ fundedAt: START, closedAt: START + 10, updatedAt: START + 10 });
    });

    it('institutions, templates and assets never change before they were created', async () => {
      const { server, store } = scene;
      server.now = START;
      const { institution, templateId, assetId } = await makeDeal(server);
      setBack(scene);
      await did(server, 'updateInstitution', { institutionId: institution.id, name: 'n' });
      await did(server, 'updateAssetTemplate', { templateId, name: 'n' });
      await did(server, 'updateAsset', { assetId, label: 'l' });
      const read = store.read('ALL');
      const rows = [
        await read.institutions.byIds([institution.id]),
        await read.assetTemplates.byIds([templateId]),
        await read.assets.byIds([assetId]),
      ];
      for (const [row] of rows) expect(row).toMatchObject({ version: 2, createdAt: START, updatedAt: START });
    });

    it('policies never change before they were created', async () => {
      const { server, deal } = scene;
      const input = { institutionId: deal.institution.id, region: 'US' };
      server.now = START;
      await did(server, 'setPolicy', input);
      server.now = START + 5;
      await did(server, 'setPolicy', input);
      setBack(scene);
      const { policy } = await did(server, 'setPolicy', input);
      expect(policy).toMatchObject({ version: 3, createdAt: time(0), updatedAt: time(5) });
      await did(server, 'deletePolicy', input);
    });

    it('the times of chat messages, edits, revisions and deletions never decrease', async () => {
      const { server, deal } = scene;
      server.now = START;
      const { id: chatSessionId } = await openSession(server, deal);
      server.now = START + 10;
      const first = await post(server, chatSessionId);
      setBack(scene);
      const second = await post(server, chatSessionId);
      expect([first.createdAt, second.createdAt]).toEqual([time(10), time(10)]);
      expect(inOrder([first.id, second.id])).toEqual([first.id, second.id]);
      await chatted(server, 'editChatMessage', { chatMessageId: first.id, body: 'edited' });
      server.now = START + 20;
      await chatted(server, 'editChatMessage', { chatMessageId: first.id, body: 'edited again' });
      setBack(scene);
      await chatted(server, 'deleteChatMessage', { chatMessageId: first.id });
      const [message] = await messagesOf(server, chatSessionId);
      expect(message).toMatchObject({ createdAt: time(10), editedAt: time(20), deletedAt: time(20) });
      expect(message?.revisions?.map(({ createdAt }) => createdAt)).toEqual([time(10), time(10), time(20)]);
      expect(await sessionNow(server, chatSessionId)).toMatchObject({ lastActivityAt: time(10) });
    });

    it('a session is never changed, deleted or restored before it was created', async () => {
      const { server, deal } = scene;
      server.now = START;
      const { id: chatSessionId } = await openSession(server, deal);
      setBack(scene);
      const steps = [
        ['updateChatSession', { title: 'Pier 10' }, null],
        ['deleteChatSession', {}, time(0)],
        ['restoreChatSession', {}, null],
      ] as const;
      for (const [mutation, more, deletedAt] of steps) {
        const { chatSession } = await chatted(server, mutation, { chatSessionId, ...more });
        expect(chatSession).toMatchObject({ createdAt: time(0), updatedAt: time(0), deletedAt });
      }
    });

    it('the change that subscribers receive is never dated before an earlier change of the object', async () => {
      const { server, store, deal } = scene;
      const last = await endOf(store.changes);
      server.now = START;
      const { id } = await openPosition(server, deal);
      const { id: chatSessionId } = await openSession(server, deal);
      setBack(scene);
      await did(server, 'fundPosition', { positionId: id });
      const { id: chatMessageId } = await post(server, chatSessionId);
      await chatted(server, 'editChatMessage', { chatMessageId, body: 'x' });
      await chatted(server, 'deleteChatMessage', { chatMessageId });
      await chatted(server, 'deleteChatSession', { chatSessionId });
      const { changes } = await readCommitted(store.changes, last, 100);
      expect(changes.map(({ createdAt }) => createdAt - START)).toEqual(Array.from({ length: 7 }, () => 0));
    });

    it('an idempotency key stored earlier replays, and its retention is counted by the current clock', async () => {
      const { server, deal } = scene;
      const input = opening(deal, { idempotencyKey: 'back' });
      server.now = START;
      const first = await did(server, 'createPosition', input);
      setBack(scene);
      expect(await call(server, 'createPosition', input)).toEqual({ ...first, replayed: true });
      server.now = START + 30 * 24 * HOUR_MS + 1;
      await server.app.cleanUp();
      expect(await call(server, 'createPosition', input)).toMatchObject({ replayed: false });
      server.now = START;
    });
  });
});

it('an API key is never revoked or used before it was created, or before it was last used', () => {
  const key = {
    id: 'key_1',
    institutionId: 'inst_1',
    label: 'a',
    role: 'ADMIN',
    prefix: '',
    tokenHash: '',
    createdAt: START,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    followedById: null,
    version: 1,
  } as const;
  expect(revokedKey(key, START - HOUR_MS).revokedAt).toBe(START);
  expect(revokedKey(key, START + 1).revokedAt).toBe(START + 1);
  expect(usedKey(key, START - HOUR_MS).lastUsedAt).toBe(START);
  const used = usedKey(key, START + 5);
  expect([used.lastUsedAt, usedKey(used, START + 1).lastUsedAt]).toEqual([START + 5, START + 5]);
});

it.each([1, 9_999, 10_001, HOUR_MS, 365 * 24 * HOUR_MS])(
  'ids sort in the order in which they were created when the clock is set back by %d ms',
  (ms) => {
    let now = START;
    const newId = createIds(() => now);
    const made = [newId('pos'), newId('pos')];
    now -= ms;
    made.push(newId('pos'), newId('pos'));
    now += ms + 1;
    made.push(newId('pos'));
    expect(inOrder(made)).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  },
);
