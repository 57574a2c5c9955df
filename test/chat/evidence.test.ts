import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../src/domain/time.ts';
import { did } from '../support/accounting.ts';
import {
  changedBy,
  chat,
  chatOn,
  chatted,
  idsFor,
  messagesOf,
  openSession,
  post,
  sessionNow,
} from '../support/conversation.ts';
import { fundedPosition, openPosition } from '../support/deal.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const KEPT_MS = 3 * DAY_MS;
/** More sessions than two batches of the clean-up. */
const MANY = 45;

onBothStores((open) => {
  const scene = chatOn(open, { settings: { chatRetentionMs: KEPT_MS, idempotencyRetentionMs: 100 * DAY_MS } });

  describe('the last text of a deleted message', () => {
    it('a deleted message keeps its last text as a revision with version and time, even if it was never edited', async () => {
      const { server, store, deal } = scene;
      const { id: chatSessionId } = await openSession(server, deal);
      const { id: chatMessageId, createdAt } = await post(server, chatSessionId, { body: 'the last words' });
      const grown = await changedBy(store, async () => {
        for (const _again of [1, 2]) {
          const { chatMessage } = await chatted(server, 'deleteChatMessage', { chatMessageId });
          expect(chatMessage).toMatchObject({
            body: null,
            version: 2,
            revisions: [{ version: 1, body: 'the last words', createdAt }],
          });
        }
      });
      expect(grown).toEqual({ chatRevisions: 1, auditEvents: 2 });
      expect(await messagesOf(server, chatSessionId)).toMatchObject([{ revisions: [{ body: 'the last words' }] }]);
    });

    it('the text of a deleted message is not found by a search', async () => {
      const { server, deal } = scene;
      const { id: chatSessionId } = await openSession(server, deal);
      const { id: chatMessageId } = await post(server, chatSessionId, { body: 'unfindable' });
      expect(await idsFor(server, { search: 'unfindable' })).toEqual([chatSessionId]);
      await chatted(server, 'deleteChatMessage', { chatMessageId });
      expect(await idsFor(server, { search: 'unfindable' })).toEqual([]);
    });

    it('a deleted message is not counted, neither as unread nor in the message count', async () => {
      const { server, deal } = scene;
      const { id: chatSessionId } = await openSession(server, deal);
      const { id: chatMessageId } = await post(server, chatSessionId);
      await chatted(server, 'deleteChatMessage', { chatMessageId });
      const query =
        'query ($id: ID!) { chatSession(id: $id) { messageCount unreadCount(participantReference: "bob") } }';
      const { data } = await server.ask(query, { id: chatSessionId });
      expect(data).toEqual({ chatSession: { messageCount: 1, unreadCount: 0 } });
    });
  });

  describe('deleting a session', () => {
    const bound = async (positionId: string): Promise<string> =>
      (await openSession(scene.server, scene.deal, { institutionId: undefined, positionId })).id;

    it('deleting a session is a ConflictError while its position holds money, and succeeds afterwards', async () => {
      const { server, store, deal } = scene;
      const { id: positionId } = await fundedPosition(server, deal);
      const chatSessionId = await bound(positionId);
      const refused = { code: 'CONFLICT', path: ['chatSessionId'] };
      const grown = await changedBy(store, async () => {
        expect(await chat(server, 'deleteChatSession', { chatSessionId })).toMatchObject(refused);
        expect(await chat(server, 'deleteChatSession', { chatSessionId, expectedVersion: 2 })).toMatchObject({
          code: 'STALE_VERSION',
        });
      });
      expect(grown).toEqual({ auditEvents: 2 });
      await did(server, 'releasePosition', { positionId, amount: '1.00' });
      expect(await chat(server, 'deleteChatSession', { chatSessionId })).toMatchObject(refused);
      expect(await sessionNow(server, chatSessionId)).toMatchObject({ deletedAt: null, version: 1 });
      await did(server, 'releasePosition', { positionId, all: true });
      const { chatSession } = await chatted(server, 'deleteChatSession', { chatSessionId });
      expect(chatSession).toMatchObject({ version: 2, deletedAt: expect.any(String) });
    });

    it('a session is deleted if its position is not funded, or if it has no position', async () => {
      const { server, deal } = scene;
      const unfunded = await bound((await openPosition(server, deal)).id);
      for (const chatSessionId of [unfunded, (await openSession(server, deal)).id]) {
        const { chatSession } = await chatted(server, 'deleteChatSession', { chatSessionId });
        expect(chatSession.deletedAt).not.toBeNull();
      }
    });

    it('a session deleted before its position was funded is returned and can be restored', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await openPosition(server, deal);
      const chatSessionId = await bound(positionId);
      const { chatSession } = await chatted(server, 'deleteChatSession', { chatSessionId });
      await did(server, 'fundPosition', { positionId });
      expect((await chatted(server, 'deleteChatSession', { chatSessionId })).chatSession).toEqual(chatSession);
      const restored = await chatted(server, 'restoreChatSession', { chatSessionId });
      expect(restored.chatSession).toMatchObject({ deletedAt: null, version: 3 });
      expect(await chat(server, 'deleteChatSession', { chatSessionId })).toMatchObject({ code: 'CONFLICT' });
    });

    it('the conflict of a deletion is stored under the idempotency key', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await fundedPosition(server, deal);
      const keyed = { chatSessionId: await bound(positionId), idempotencyKey: 'held' };
      const first = await chat(server, 'deleteChatSession', keyed);
      expect(first).toMatchObject({ code: 'CONFLICT' });
      await did(server, 'cancelPosition', { positionId });
      expect(await chat(server, 'deleteChatSession', keyed)).toEqual(first);
      await chatted(server, 'deleteChatSession', { ...keyed, idempotencyKey: 'free' });
    });
  });

  describe('the clean-up of sessions that have positions', () => {
    it('the clean-up keeps sessions of positions that are not terminal, and removes them afterwards', async () => {
      const { server, store, deal } = scene;
      server.now = START;
      const positions = await Promise.all([1, 2, 3].map(() => openPosition(server, deal)));
      const [created = '', funded = '', ended = ''] = positions.map(({ id }) => id);
      const ids: string[] = [];
      for (const { id: positionId } of positions) {
        const { id: chatSessionId } = await openSession(server, deal, { institutionId: undefined, positionId });
        await post(server, chatSessionId);
        await chatted(server, 'deleteChatSession', { chatSessionId });
        ids.push(chatSessionId);
      }
      await did(server, 'fundPosition', { positionId: funded });
      await did(server, 'cancelPosition', { positionId: ended });
      // Sessions of the other tests are removed as well.
      server.now = START + KEPT_MS + 1;
      await server.app.cleanUp();
      const left = async () => (await store.read('ALL').chatSessions.byIds(ids)).map((row) => row?.positionId);
      expect(await left()).toEqual([created, funded, undefined]);
      server.now += 100 * DAY_MS;
      expect(await changedBy(store, () => server.app.cleanUp())).not.toHaveProperty('chatSessions');
      await did(server, 'releasePosition', { positionId: funded, all: true });
      await did(server, 'expirePosition', { positionId: created });
      expect(await changedBy(store, () => server.app.cleanUp())).toMatchObject({ chatSessions: -2, chatMessages: -2 });
      expect(await left()).toEqual([undefined, undefined, undefined]);
      server.now = START;
    });

    it(`the clean-up finds removable sessions after ${MANY} that must stay`, async () => {
      const { server, store, deal } = scene;
      server.now = START;
      const { id: positionId } = await openPosition(server, deal);
      const stay: string[] = [];
      for (let index = 0; index < MANY; index += 1) {
        const { id: chatSessionId } = await openSession(server, deal, { institutionId: undefined, positionId });
        await chatted(server, 'deleteChatSession', { chatSessionId });
        stay.push(chatSessionId);
      }
      server.now += 1;
      const { id: last } = await openSession(server, deal);
      await chatted(server, 'deleteChatSession', { chatSessionId: last });
      server.now += KEPT_MS + 1;
      expect(await changedBy(store, () => server.app.cleanUp())).toMatchObject({ chatSessions: -1 });
      const rows = await store.read('ALL').chatSessions.byIds([...stay, last]);
      expect(rows.map((row) => row?.id)).toEqual([...stay, undefined]);
      server.now = START;
    });
  });
});
