import { describe, expect, it } from 'vitest';
import {
  asViewer,
  type ChatMutation,
  changedBy,
  chat,
  chatOn,
  chatted,
  openSession,
  sessionNow,
} from '../support/conversation.ts';
import { openPosition } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

const UNKNOWN = 'chat_00000000000000000000000000';

onBothStores((open) => {
  const scene = chatOn(open);

  describe('sessions and institutions', () => {
    it('a session of another institution is reported like one that never existed', async () => {
      const { server, deal, other, store } = scene;
      const { id: theirs } = await openSession(server, other);
      const inputs: readonly (readonly [ChatMutation, object])[] = [
        ['updateChatSession', { title: 'Mine' }],
        ['deleteChatSession', {}],
        ['restoreChatSession', {}],
        ['postChatMessage', { authorReference: 'a', body: 'b' }],
        ['markChatSessionRead', { participantReference: 'a', upToSequence: 0 }],
      ];
      await asViewer(server, { role: 'ADMIN', institutionId: deal.institution.id }, async () => {
        expect(await sessionNow(server, theirs)).toBeNull();
        for (const [mutation, input] of inputs) {
          const grown = await changedBy(store, async () => {
            const ask = (chatSessionId: string) => chat(server, mutation, { chatSessionId, ...input });
            const [foreign, none] = [await ask(theirs), await ask(UNKNOWN)];
            expect(foreign).toMatchObject({ code: 'NOT_FOUND', path: ['chatSessionId'], id: theirs });
            expect(none).toEqual({ ...foreign, id: UNKNOWN });
          });
          expect(grown).toEqual({ auditEvents: 2 });
        }
      });
      expect(await sessionNow(server, theirs)).toMatchObject({ version: 1, title: 'Pier 9' });
    });

    it('a position of another institution cannot get a session', async () => {
      const { server, deal, other } = scene;
      const { id: positionId } = await openPosition(server, other);
      const input = { positionId, ownerReference: 'o', title: 't' };
      const named = await chat(server, 'createChatSession', { ...input, institutionId: deal.institution.id });
      expect(named).toMatchObject({ code: 'NOT_FOUND', path: ['institutionId'], id: deal.institution.id });
      await asViewer(server, { role: 'ADMIN', institutionId: deal.institution.id }, async () => {
        const expected = { code: 'NOT_FOUND', path: ['positionId'], id: positionId };
        expect(await chat(server, 'createChatSession', input)).toMatchObject(expected);
        const foreign = { ownerReference: 'o', title: 't', institutionId: other.institution.id };
        expect(await chat(server, 'createChatSession', foreign)).toMatchObject({ path: ['institutionId'] });
        const own = await chatted(server, 'createChatSession', { ownerReference: 'o', title: 't' });
        expect(own.chatSession.institution).toEqual({ id: deal.institution.id });
      });
    });
  });

  it('READ_ONLY can read sessions, and is forbidden every change', async () => {
    const { server, deal } = scene;
    const session = await openSession(server, deal);
    await asViewer(server, { role: 'READ_ONLY', institutionId: deal.institution.id }, async () => {
      expect(await sessionNow(server, session.id)).toEqual(session);
      const update = { chatSessionId: session.id, title: 'No' };
      expect(await chat(server, 'updateChatSession', update)).toMatchObject({ code: 'FORBIDDEN' });
    });
  });
});
