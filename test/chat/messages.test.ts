import { describe, expect, it } from 'vitest';
import { endOf } from '../support/changes.ts';
import {
  changedBy,
  chat,
  chatOn,
  chatted,
  messagesOf,
  openSession,
  post,
  sessionNow,
} from '../support/conversation.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const parallel = 50;
const at = (ms: number): string => new Date(START + ms).toISOString();

onBothStores((open) => {
  const scene = chatOn(open);
  const aSession = async (patch: object = {}) => (await openSession(scene.server, scene.deal, patch)).id;

  it('a message is returned as posted, and updates the message count and last activity of its session', async () => {
    const { server } = scene;
    const chatSessionId = await aSession();
    server.now = START + 3;
    const input = { chatSessionId, authorReference: 'ann', body: ' kept as it is\n\u{1f3d7}', idempotencyKey: 'k1' };
    const { chatMessage, chatSession } = await chatted(server, 'postChatMessage', input);
    expect(chatMessage).toEqual({
      id: expect.stringMatching(/^msg_[0-9a-z]{26}$/),
      chatSession: { id: chatSessionId },
      sequence: 1,
      authorReference: 'ann',
      body: ' kept as it is\n\u{1f3d7}',
      replyTo: null,
      revisions: [],
      idempotencyKey: 'k1',
      version: 1,
      createdAt: at(3),
      editedAt: null,
      deletedAt: null,
      deletionReason: null,
    });
    expect(chatSession).toMatchObject({ messageCount: 1, lastActivityAt: at(3), updatedAt: at(0), version: 1 });
    expect(await sessionNow(server, chatSessionId)).toEqual(chatSession);
    expect(await messagesOf(server, chatSessionId)).toEqual([chatMessage]);
    server.now = START;
  });

  it(`${parallel} concurrent posts get unique and gapless sequences`, async () => {
    const { server } = scene;
    const ids = [await aSession(), await aSession()];
    const posted = await Promise.all(
      Array.from({ length: parallel }, (_one, index) => post(server, ids[index % 2] as string, { body: `m${index}` })),
    );
    for (const id of ids) {
      const own = posted
        .filter(({ chatSession }) => chatSession?.id === id)
        .toSorted((a, b) => a.sequence - b.sequence);
      expect(own.map(({ sequence }) => sequence)).toEqual(own.map((_one, index) => index + 1));
      expect(await messagesOf(server, id)).toEqual(own);
      expect(await sessionNow(server, id)).toMatchObject({ messageCount: parallel / 2, version: 1 });
    }
  });

  describe('an edit', () => {
    it('an edit keeps the previous texts as revisions, oldest first, each with its time', async () => {
      const { server } = scene;
      const { id: chatMessageId } = await post(server, await aSession(), { body: 'one' });
      server.now = START + 1;
      await chatted(server, 'editChatMessage', { chatMessageId, body: 'two' });
      server.now = START + 2;
      const { chatMessage } = await chatted(server, 'editChatMessage', { chatMessageId, body: 'three' });
      server.now = START;
      expect(chatMessage).toMatchObject({
        body: 'three',
        version: 3,
        createdAt: at(0),
        editedAt: at(2),
        revisions: [
          { version: 1, body: 'one', createdAt: at(0) },
          { version: 2, body: 'two', createdAt: at(1) },
        ],
      });
      expect(await messagesOf(server, chatMessage.chatSession?.id ?? '')).toEqual([chatMessage]);
    });

    it('an edit compares the expected version, and one of two concurrent edits succeeds', async () => {
      const { server } = scene;
      const { id: chatMessageId } = await post(server, await aSession());
      const stale = await chat(server, 'editChatMessage', { chatMessageId, body: 'x', expectedVersion: 2 });
      expect(stale).toMatchObject({ code: 'STALE_VERSION', expectedVersion: 2, currentVersion: 1 });
      const edits = await Promise.all(
        ['a', 'b'].map((body) => chat(server, 'editChatMessage', { chatMessageId, body, expectedVersion: 1 })),
      );
      expect(edits.filter(({ code }) => code === 'STALE_VERSION')).toHaveLength(1);
    });

    it('an edit to the same text writes no version and publishes nothing', async () => {
      const { server, store } = scene;
      const { id: chatMessageId, chatSession } = await post(server, await aSession(), { body: 'same' });
      const [before] = await messagesOf(server, chatSession?.id ?? '');
      const last = await endOf(store.changes);
      server.now = START + 7;
      const grown = await changedBy(store, async () => {
        for (const expectedVersion of [undefined, 1]) {
          const reply = await chatted(server, 'editChatMessage', { chatMessageId, body: 'same', expectedVersion });
          expect(reply.chatMessage).toEqual(before);
        }
        const stale = await chat(server, 'editChatMessage', { chatMessageId, body: 'same', expectedVersion: 2 });
        expect(stale).toMatchObject({ code: 'STALE_VERSION', currentVersion: 1 });
      });
      server.now = START;
      expect(grown).toEqual({ auditEvents: 3 });
      expect(await endOf(store.changes)).toEqual(last);
      expect(await messagesOf(server, chatSession?.id ?? '')).toEqual([before]);
    });

    it('an edit is rejected after the hundredth, and all revisions are kept after a deletion', async () => {
      const { server } = scene;
      const { id: chatMessageId, chatSession } = await post(server, await aSession(), { body: 'v1' });
      for (let version = 2; version <= 101; version += 1) {
        await chatted(server, 'editChatMessage', { chatMessageId, body: `v${version}` });
      }
      const last = await chat(server, 'editChatMessage', { chatMessageId, body: 'v102' });
      expect(last).toMatchObject({ code: 'CONFLICT', path: ['chatMessageId'] });
      await chatted(server, 'editChatMessage', { chatMessageId, body: 'v101' });
      const [message] = await messagesOf(server, chatSession?.id ?? '');
      expect([message?.body, message?.revisions?.length]).toEqual(['v101', 100]);
      expect(message?.revisions?.[99]).toMatchObject({ version: 100, body: 'v100' });
      const { chatMessage } = await chatted(server, 'deleteChatMessage', { chatMessageId });
      expect([chatMessage.body, chatMessage.revisions?.length]).toEqual([null, 101]);
      expect(chatMessage.revisions?.[100]).toMatchObject({ version: 101, body: 'v101' });
    });
  });

  it('a deleted message stays in the list, is counted, cannot be edited, and can be deleted again without effect', async () => {
    const { server } = scene;
    const chatSessionId = await aSession();
    const messages = [await post(server, chatSessionId), await post(server, chatSessionId)] as const;
    const { id: chatMessageId } = messages[0];
    await chatted(server, 'editChatMessage', { chatMessageId, body: 'later' });
    server.now = START + 4;
    const { chatMessage } = await chatted(server, 'deleteChatMessage', { chatMessageId, reason: 'spam' });
    expect(chatMessage).toMatchObject({
      body: null,
      deletedAt: at(4),
      deletionReason: 'spam',
      version: 3,
      sequence: 1,
    });
    expect(chatMessage.revisions).toMatchObject([
      { version: 1, body: 'Hello' },
      { version: 2, body: 'later' },
    ]);
    server.now = START + 5;
    const again = await chatted(server, 'deleteChatMessage', { chatMessageId, reason: 'other' });
    expect(again.chatMessage).toEqual(chatMessage);
    server.now = START;
    const edit = await chat(server, 'editChatMessage', { chatMessageId, body: 'x' });
    expect(edit).toMatchObject({ code: 'CONFLICT', path: ['chatMessageId'] });
    expect(await messagesOf(server, chatSessionId)).toEqual([chatMessage, messages[1]]);
    expect(await sessionNow(server, chatSessionId)).toMatchObject({ messageCount: 2 });
    expect((await post(server, chatSessionId)).sequence).toBe(3);
  });

  describe('a reply', () => {
    it('a reply refers to any message of the same session, even a deleted one', async () => {
      const { server } = scene;
      const chatSessionId = await aSession();
      const { id: replyToId } = await post(server, chatSessionId);
      await chatted(server, 'deleteChatMessage', { chatMessageId: replyToId });
      const reply = await post(server, chatSessionId, { replyToId });
      expect(reply.replyTo).toEqual({ id: replyToId });
      expect((await messagesOf(server, chatSessionId))[1]).toEqual(reply);
    });

    it('a reply to a message of another session, or to an unknown one, is a ValidationError and posts nothing', async () => {
      const { server, other } = scene;
      const chatSessionId = await aSession();
      const { id: elsewhere } = await post(server, await aSession());
      const { id: foreign } = await post(server, (await openSession(server, other)).id);
      for (const replyToId of [elsewhere, foreign, 'msg_00000000000000000000000000', chatSessionId, 'x\0']) {
        const input = { chatSessionId, authorReference: 'a', body: 'b', replyToId };
        const reply = await chat(server, 'postChatMessage', input);
        expect(reply).toMatchObject({ code: 'VALIDATION_FAILED', issues: [{ path: ['replyToId'] }] });
      }
      expect(await sessionNow(server, chatSessionId)).toMatchObject({ messageCount: 0 });
    });
  });

  it('inactive and deleted sessions accept no messages until they are active and restored', async () => {
    const { server } = scene;
    const chatSessionId = await aSession({ active: false });
    const refused = async () =>
      expect(await chat(server, 'postChatMessage', { chatSessionId, authorReference: 'a', body: 'b' })).toMatchObject({
        code: 'CONFLICT',
        path: ['chatSessionId'],
      });
    await refused();
    await chatted(server, 'updateChatSession', { chatSessionId, active: true });
    expect((await post(server, chatSessionId)).sequence).toBe(1);
    await chatted(server, 'deleteChatSession', { chatSessionId });
    await refused();
    expect(await messagesOf(server, chatSessionId)).toHaveLength(1);
    await chatted(server, 'restoreChatSession', { chatSessionId });
    expect((await post(server, chatSessionId)).sequence).toBe(2);
  });
});
