import { describe, expect, it } from 'vitest';
import {
  type ChatMutation,
  changedBy,
  chat,
  chatOn,
  chatted,
  openSession,
  post,
  sessionNow,
} from '../support/conversation.ts';
import { openPosition } from '../support/deal.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const NOW = new Date(START).toISOString();
const at = (ms: number): string => new Date(START + ms).toISOString();

onBothStores((open) => {
  const scene = chatOn(open);

  it('a session has the requested values, and is read as it was returned', async () => {
    const { server, deal } = scene;
    const { id: positionId } = await openPosition(server, deal);
    const { chatSession } = await chatted(server, 'createChatSession', {
      positionId,
      ownerReference: 'olga',
      title: 'Pier 9: \u{1f3d7} crane',
      description: 'two\nlines',
      priority: 'URGENT',
      active: false,
    });
    expect(chatSession).toEqual({
      id: expect.stringMatching(/^chat_[0-9a-z]{26}$/),
      institution: { id: deal.institution.id },
      position: { id: positionId },
      ownerReference: 'olga',
      title: 'Pier 9: \u{1f3d7} crane',
      description: 'two\nlines',
      priority: 'URGENT',
      active: false,
      version: 1,
      createdAt: NOW,
      updatedAt: NOW,
      lastActivityAt: NOW,
      deletedAt: null,
      messageCount: 0,
    });
    expect(await sessionNow(server, chatSession.id)).toEqual(chatSession);
  });

  it('a session is by default MEDIUM and active, without a position and description', async () => {
    const expected = { priority: 'MEDIUM', active: true, position: null, description: null };
    expect(await openSession(scene.server, scene.deal)).toMatchObject(expected);
    const nulls = { priority: null, active: null, positionId: null, description: null };
    expect(await openSession(scene.server, scene.deal, nulls)).toMatchObject(expected);
  });

  it('an update changes only the given fields and increases the version', async () => {
    const { server, deal } = scene;
    const before = await openSession(server, deal, { description: 'long', priority: 'LOW' });
    const { id: chatSessionId } = before;
    server.now = START + 5;
    const patches = [{ title: 'New' }, { priority: 'HIGH' }, { active: false }, { description: null }] as const;
    let expected = before;
    for (const [index, patch] of patches.entries()) {
      expected = { ...expected, ...patch, version: index + 2, updatedAt: at(5) };
      const { chatSession } = await chatted(server, 'updateChatSession', { chatSessionId, ...patch });
      expect(chatSession).toEqual(expected);
      expect(await sessionNow(server, chatSessionId)).toEqual(expected);
    }
    server.now = START;
  });

  it('a deleted session is read by its id, accepts no change, and is restored unchanged', async () => {
    const { server, deal } = scene;
    const before = await openSession(server, deal, { description: 'kept' });
    const { id: chatSessionId } = before;
    server.now = START + 1;
    const { chatSession: deleted } = await chatted(server, 'deleteChatSession', { chatSessionId });
    expect(deleted).toEqual({ ...before, deletedAt: at(1), updatedAt: at(1), version: 2 });
    expect(await sessionNow(server, chatSessionId)).toEqual(deleted);
    const update = await chat(server, 'updateChatSession', { chatSessionId, title: 'No' });
    expect(update).toMatchObject({ code: 'CONFLICT', path: ['chatSessionId'] });
    server.now = START + 2;
    const { chatSession: restored } = await chatted(server, 'restoreChatSession', { chatSessionId });
    expect(restored).toEqual({ ...before, updatedAt: at(2), version: 3 });
    expect(await sessionNow(server, chatSessionId)).toEqual(restored);
    server.now = START;
  });

  it('deleting a deleted session and restoring a live one change nothing and return the session', async () => {
    const { server, store, deal } = scene;
    const live = await openSession(server, deal);
    const { chatSession } = await chatted(server, 'restoreChatSession', { chatSessionId: live.id });
    expect(chatSession).toEqual(live);
    const first = await chatted(server, 'deleteChatSession', { chatSessionId: live.id });
    server.now = START + 9;
    const again = await changedBy(store, async () => {
      const second = await chatted(server, 'deleteChatSession', { chatSessionId: live.id });
      expect(second.chatSession).toEqual(first.chatSession);
    });
    expect(again).toEqual({ auditEvents: 1 });
    server.now = START;
  });

  describe('the version of a session', () => {
    it('messages, edits, deletions and read marks do not change the version, but only count and last activity', async () => {
      const { server, deal } = scene;
      const before = await openSession(server, deal);
      server.now = START + 7;
      const { id: chatMessageId } = await post(server, before.id);
      server.now = START + 8;
      await chatted(server, 'editChatMessage', { chatMessageId, body: 'Other' });
      await chatted(server, 'deleteChatMessage', { chatMessageId });
      await chatted(server, 'markChatSessionRead', {
        chatSessionId: before.id,
        participantReference: 'bob',
        upToSequence: 1,
      });
      expect(await sessionNow(server, before.id)).toEqual({ ...before, messageCount: 1, lastActivityAt: at(7) });
      const input = { chatSessionId: before.id, title: 'New', expectedVersion: 1 };
      const { chatSession } = await chatted(server, 'updateChatSession', input);
      expect(chatSession).toMatchObject({ version: 2, messageCount: 1, lastActivityAt: at(7), updatedAt: at(8) });
      server.now = START;
    });

    it.each<[ChatMutation, object]>([
      ['updateChatSession', { title: 'New' }],
      ['deleteChatSession', {}],
      ['restoreChatSession', {}],
    ])('the expected version is compared: %s', async (mutation, patch) => {
      const { server, deal, store } = scene;
      const { id: chatSessionId } = await openSession(server, deal);
      if (mutation === 'restoreChatSession') await chatted(server, 'deleteChatSession', { chatSessionId });
      const current = mutation === 'restoreChatSession' ? 2 : 1;
      for (const expectedVersion of [current - 1, current + 1]) {
        const grown = await changedBy(store, async () => {
          expect(await chat(server, mutation, { chatSessionId, ...patch, expectedVersion })).toMatchObject({
            code: 'STALE_VERSION',
            path: ['expectedVersion'],
            expectedVersion,
            currentVersion: current,
          });
        });
        expect(grown).toEqual({ auditEvents: 1 });
      }
      const done = await chatted(server, mutation, { chatSessionId, ...patch, expectedVersion: current });
      expect(done.chatSession.version).toBe(current + 1);
    });

    it('one of two updates with the same expected version succeeds, and both succeed without it', async () => {
      const { server, deal } = scene;
      const { id: chatSessionId } = await openSession(server, deal);
      const updateTitle = (title: string) =>
        chat(server, 'updateChatSession', { chatSessionId, title, expectedVersion: 1 });
      const replies = await Promise.all([updateTitle('A'), updateTitle('B')]);
      expect(replies.filter(({ code }) => code === 'STALE_VERSION')).toHaveLength(1);
      await Promise.all(
        [{ title: 'C' }, { priority: 'HIGH' }, { active: false }].map((patch) =>
          chatted(server, 'updateChatSession', { chatSessionId, ...patch }),
        ),
      );
      const expected = { title: 'C', priority: 'HIGH', active: false, version: 5 };
      expect(await sessionNow(server, chatSessionId)).toMatchObject(expected);
    });
  });
});
