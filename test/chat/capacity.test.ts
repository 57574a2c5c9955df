import { describe, expect, it } from 'vitest';
import { changedBy, chat, chatOn, chatted, openSession, post } from '../support/conversation.ts';
import { onBothStores } from '../support/stores.ts';

onBothStores((open) => {
  describe('where there may be 3 sessions of 4 messages', () => {
    const scene = chatOn(open, { settings: { chatLimits: { sessions: 3, messagesPerSession: 4 } } });
    const opening = (patch: object = {}) => ({
      institutionId: scene.deal.institution.id,
      ownerReference: 'olga',
      title: 'One more',
      ...patch,
    });
    let ids: readonly string[];

    it('the fourth session is one too many, whoever’s it is, and nothing is kept', async () => {
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

    it('what cannot be found, or is wrong, is told before it', async () => {
      const { server } = scene;
      const wrong = await chat(server, 'createChatSession', opening({ title: '' }));
      expect(wrong).toMatchObject({ code: 'VALIDATION_FAILED' });
      const nobody = opening({ institutionId: 'inst_00000000000000000000000000' });
      expect(await chat(server, 'createChatSession', nobody)).toMatchObject({ code: 'NOT_FOUND' });
    });

    it('deleted sessions do not count, and restoring one needs room', async () => {
      const { server } = scene;
      const key = { idempotencyKey: 'room' };
      expect(await chat(server, 'createChatSession', opening(key))).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
      await chatted(server, 'deleteChatSession', { chatSessionId: ids[0] });
      // The refusal was not remembered: there is room now.
      const { chatSession } = await chatted(server, 'createChatSession', opening(key));
      const full = await chat(server, 'restoreChatSession', { chatSessionId: ids[0] });
      expect(full).toMatchObject({ code: 'CAPACITY_EXCEEDED', capacity: 3 });
      // Live ones need none.
      await chatted(server, 'restoreChatSession', { chatSessionId: ids[1] });
      await chatted(server, 'deleteChatSession', { chatSessionId: chatSession.id });
      await chatted(server, 'restoreChatSession', { chatSessionId: ids[0] });
    });

    it('the fifth message is one too many, tombstones count, and edits need no room', async () => {
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

    it('of many who post for the last places at once, as many get one as there are', async () => {
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

  describe('where there may be 5 sessions', () => {
    const scene = chatOn(open, { settings: { chatLimits: { sessions: 5, messagesPerSession: 1 } } });

    it('of many who open the last ones at once, as many do as there is room for', async () => {
      const { server, deal, store } = scene;
      const input = { institutionId: deal.institution.id, ownerReference: 'o', title: 't' };
      const replies = await Promise.all(Array.from({ length: 16 }, () => chat(server, 'createChatSession', input)));
      expect(replies.filter(({ code }) => code === undefined)).toHaveLength(5);
      expect(replies.filter(({ code }) => code === 'CAPACITY_EXCEEDED')).toHaveLength(11);
      expect(await store.read('ALL').chatSessions.counts([{ where: {} }])).toEqual([5]);
    });
  });
});
