import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { DAY_MS } from '../../src/domain/time.ts';
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
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const KEEP_DAYS = 3;
const KEPT_MS = KEEP_DAYS * DAY_MS;
/** More rows than two batches. */
const many = 45;

onBothStores((open) => {
  describe('the clean-up of deleted sessions', () => {
    const scene = chatOn(open, { settings: { chatRetentionMs: KEPT_MS, idempotencyRetentionMs: 100 * DAY_MS } });
    const tidyAt = async (ms: number) => {
      scene.server.now = START + ms;
      await scene.server.app.cleanUp();
    };
    /**
     * Creates a session with two messages, an edit, a reply, a deleted message and a read mark, and deletes it at the
     * given time.
     */
    const deletedAt = async (ms: number, patch: object = {}): Promise<string> => {
      const { server, deal } = scene;
      server.now = START;
      const { id: chatSessionId } = await openSession(server, deal, patch);
      const { id: replyToId } = await post(server, chatSessionId, { body: 'vanishing' });
      const { id: chatMessageId } = await post(server, chatSessionId, { replyToId });
      await chatted(server, 'editChatMessage', { chatMessageId, body: 'edited' });
      await chatted(server, 'deleteChatMessage', { chatMessageId });
      await chatted(server, 'markChatSessionRead', { chatSessionId, participantReference: 'bob', upToSequence: 1 });
      server.now = START + ms;
      await chatted(server, 'deleteChatSession', { chatSessionId });
      return chatSessionId;
    };

    it('the clean-up permanently deletes sessions deleted before the retention, with all their parts', async () => {
      const { server, store } = scene;
      const old = await deletedAt(0, { title: 'vanishing too' });
      const young = await deletedAt(1, { title: 'staying' });
      expect(await idsFor(server, { search: 'vanishing', includeDeleted: true })).toEqual([old, young]);
      // At the last millisecond of the retention the session can still be restored.
      expect(await changedBy(store, () => tidyAt(KEPT_MS))).toEqual({});
      const grown = await changedBy(store, () => tidyAt(KEPT_MS + 1));
      expect(grown).toEqual({ chatSessions: -1, chatMessages: -2, chatRevisions: -2, readMarks: -1 });
      expect(await sessionNow(server, old)).toBeNull();
      expect(await messagesOf(server, old)).toEqual([]);
      expect(await chat(server, 'restoreChatSession', { chatSessionId: old })).toMatchObject({ code: 'NOT_FOUND' });
      expect(await idsFor(server, { search: 'vanishing', includeDeleted: true })).toEqual([young]);
      expect(await sessionNow(server, young)).toMatchObject({ title: 'staying', messageCount: 2 });
      expect(await messagesOf(server, young)).toHaveLength(2);
    });

    it('the clean-up keeps sessions that are not deleted, and restored ones, of any age', async () => {
      const { server, store } = scene;
      await tidyAt(10 * KEPT_MS);
      const chatSessionId = await deletedAt(0);
      await chatted(server, 'restoreChatSession', { chatSessionId });
      expect(await changedBy(store, () => tidyAt(20 * KEPT_MS))).toEqual({});
      // The retention counts from the last deletion.
      await chatted(server, 'deleteChatSession', { chatSessionId });
      expect(await changedBy(store, () => tidyAt(21 * KEPT_MS))).toEqual({});
      expect(await changedBy(store, () => tidyAt(21 * KEPT_MS + 1))).toMatchObject({ chatSessions: -1 });
    });

    it('the clean-up keeps the audit log, and a retry of a removed session still replays', async () => {
      const { server, deal } = scene;
      server.now = START;
      const input = { institutionId: deal.institution.id, ownerReference: 'o', title: 't', idempotencyKey: 'gone' };
      const { chatSession } = await chatted(server, 'createChatSession', input);
      await chatted(server, 'deleteChatSession', { chatSessionId: chatSession.id });
      const message = { chatSessionId: chatSession.id, authorReference: 'a', body: 'b' };
      await tidyAt(KEPT_MS + 1);
      expect(await chat(server, 'postChatMessage', message)).toMatchObject({ code: 'NOT_FOUND' });
      const again = await chat(server, 'createChatSession', input);
      expect(again).toMatchObject({ replayed: true, chatSession: { id: chatSession.id } });
    });

    it(`the clean-up removes ${many} sessions in batches, also on two servers concurrently`, async () => {
      const { server, store } = scene;
      const ids: string[] = [];
      for (let index = 0; index < many; index += 1) ids.push(await deletedAt(index % 3));
      const stay = await deletedAt(100);
      server.now = START + KEPT_MS + 50;
      const faults: unknown[] = [];
      const second = createApp({
        store,
        clock: () => server.now,
        onInternalError: (_id, error) => faults.push(error),
        settings: { chatRetentionMs: KEPT_MS, idempotencyRetentionMs: 100 * DAY_MS },
      });
      const grown = await changedBy(store, () => Promise.all([server.app.cleanUp(), second.cleanUp()]));
      expect(grown).toEqual({
        chatSessions: -many,
        chatMessages: -2 * many,
        chatRevisions: -2 * many,
        readMarks: -many,
      });
      expect(faults).toEqual([]);
      expect(await store.read('ALL').chatSessions.byIds([stay, ids[0] ?? ''])).toMatchObject([{ id: stay }, undefined]);
    });

    it('a session restored during the clean-up is either complete or not found', async () => {
      const { server, store } = scene;
      for (let round = 0; round < 5; round += 1) {
        const chatSessionId = await deletedAt(0);
        server.now = START + KEPT_MS + 60;
        const [, restored] = await Promise.all([
          server.app.cleanUp(),
          chat(server, 'restoreChatSession', { chatSessionId }),
        ]);
        const [row] = await store.read('ALL').chatSessions.byIds([chatSessionId]);
        expect(row === undefined).toBe(restored.code === 'NOT_FOUND');
        expect(await messagesOf(server, chatSessionId)).toHaveLength(row ? 2 : 0);
      }
    });
  });
});
