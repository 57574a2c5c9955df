import { describe, expect, it } from 'vitest';
import { changedBy, chat, chatOn, chatted, openSession, post } from '../support/conversation.ts';
import { onBothStores } from '../support/stores.ts';

onBothStores((open) => {
  describe('a limit of 3 sessions with 4 messages each', () => {
    const scene = chatOn(open, { settings: { chatLimits: { sessions: 3, messagesPerSession: 4 } } });
    const opening = (patch: object = {}) => ({
      institutionId: scene.deal.institution.id,
      ownerReference: 'olga',
      title: 'One more',
      ...patch,
    });
    let ids: readonly string[];

    it('a session beyond the limit is rejected for any institution, and nothing is written', async () => {
      const { server, deal, other, store } = scene;
      ids = [
        (await openSession(server, deal)).id,
        (await openSession(server, other)).id,
        (await openSession(server, deal, { active: false })).id,
      ];
      for (const { institution } of [deal, other]) {
        const grown = await changedBy(store, async () => {
          const refused = await chat(server, 'createChatSession', opening({ institutionId: institution.id }));
          expect(refused).toMatchObject({ code: 'CAPACITY_EXCEEDED', capacity: 3 });
        });
        expect(grown).toEqual({ auditEvents: 1 });
      }
    });

    it('missing objects and validation issues are reported before the limit', async () => {
      const { server } = scene;
      const wrong = await chat(server, 'createChatSession', opening({ title: '' }));
      expect(wrong).toMatchObject({ code: 'VALIDATION_FAILED' });
      const nobody = opening({ institutionId: 'inst_00000000000000000000000000' });
      expect(await chat(server, 'createChatSession', nobody)).toMatchObject({ code: 'NOT_FOUND' });
    });

    it('deleted sessions do not count, and restoring a session requires capacity', async () => {
      const { server } = scene;
      const key = { idempotencyKey: 'room' };
      expect(await chat(server, 'createChatSession', opening(key))).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
      await chatted(server, 'deleteChatSession', { chatSessionId: ids[0] });
      // The error was not stored, and there is capacity now.
      const { chatSession } = await chatted(server, 'createChatSession', opening(key));
      const full = await chat(server, 'restoreChatSession', { chatSessionId: ids[0] });
      expect(full).toMatchObject({ code: 'CAPACITY_EXCEEDED', capacity: 3 });
      // Restoring a session that is not deleted requires no capacity.
      await chatted(server, 'restoreChatSession', { chatSessionId: ids[1] });
      await chatted(server, 'deleteChatSession', { chatSessionId: chatSession.id });
      await chatted(server, 'restoreChatSession', { chatSessionId: ids[0] });
    });

    it('a message beyond the limit is rejected; deleted messages count, and edits require no capacity', async () => {
      const { server, deal, store } = scene;
      await chatted(server, 'deleteChatSession', { chatSessionId: ids[0] });
      const { id: chatSessionId } = await openSession(server, deal);
      const messages = [];
      for (let index = 0; index < 4; index += 1) messages.push(await post(server, chatSessionId));
      await chatted(server, 'deleteChatMessage', { chatMessageId: messages[0]?.id });
      const input = { chatSessionId, authorReference: 'ann', body: 'One more' };
      const grown = await changedBy(store, async () => {
        const refused = await chat(server, 'postChatMessage', input);
        expect(refused).toMatchObject({ code: 'CAPACITY_EXCEEDED', capacity: 4 });
      });
      expect(grown).toEqual({ auditEvents: 1 });
      await chatted(server, 'editChatMessage', { chatMessageId: messages[1]?.id, body: 'Other' });
    });

    it('concurrent posts at the limit succeed for exactly the remaining messages', async () => {
      const { server, deal } = scene;
      await chatted(server, 'deleteChatSession', { chatSessionId: ids[2] });
      const { id: chatSessionId } = await openSession(server, deal);
      const input = { chatSessionId, authorReference: 'ann', body: 'Me' };
      const replies = await Promise.all(Array.from({ length: 12 }, () => chat(server, 'postChatMessage', input)));
      expect(replies.filter(({ code }) => code === 'CAPACITY_EXCEEDED')).toHaveLength(8);
      expect(replies.flatMap((reply) => reply.chatMessage?.sequence ?? []).toSorted((a, b) => a - b)).toEqual([
        1, 2, 3, 4,
      ]);
    });
  });

  describe('a limit of 5 sessions', () => {
    const scene = chatOn(open, { settings: { chatLimits: { sessions: 5, messagesPerSession: 1 } } });

    it('concurrent creations at the limit succeed for exactly the remaining sessions', async () => {
      const { server, deal, store } = scene;
      const input = { institutionId: deal.institution.id, ownerReference: 'o', title: 't' };
      const replies = await Promise.all(Array.from({ length: 16 }, () => chat(server, 'createChatSession', input)));
      expect(replies.filter(({ code }) => code === undefined)).toHaveLength(5);
      expect(replies.filter(({ code }) => code === 'CAPACITY_EXCEEDED')).toHaveLength(11);
      expect(await store.read('ALL').chatSessions.counts([{ where: {} }])).toEqual([5]);
    });
  });
});
