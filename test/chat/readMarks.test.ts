import { expect, it } from 'vitest';
import { ChatSessionReadDocument } from '../api/documents/graphql.ts';
import { errorOf } from '../support/answers.ts';
import { changedBy, chat, chatOn, chatted, openSession, post, sessionNow } from '../support/conversation.ts';
import { onBothStores } from '../support/stores.ts';

onBothStores((open) => {
  const scene = chatOn(open);
  /** Creates a session with one message of each author in turn. */
  const withMessages = async (...authors: readonly string[]) => {
    const { id } = await openSession(scene.server, scene.deal);
    const messages: string[] = [];
    for (const authorReference of authors) messages.push((await post(scene.server, id, { authorReference })).id);
    return { id, messages };
  };
  const readOf = async (id: string, reader: string) => {
    const { chatSession } = await scene.server.run(ChatSessionReadDocument, { id, reader });
    return [chatSession?.unreadCount, chatSession?.lastReadSequence];
  };
  const mark = (chatSessionId: string, participantReference: string, upToSequence: number) =>
    chat(scene.server, 'markChatSessionRead', { chatSessionId, participantReference, upToSequence });

  it('unread messages are those after the read mark, without own and deleted ones', async () => {
    const { id, messages } = await withMessages('ann', 'bob', 'ann', 'carl', 'Ann');
    expect(await readOf(id, 'ann')).toEqual([3, 0]);
    expect(await readOf(id, 'nobody')).toEqual([5, 0]);
    await mark(id, 'ann', 2);
    expect(await readOf(id, 'ann')).toEqual([2, 2]);
    expect(await readOf(id, 'bob')).toEqual([4, 0]);
    await chatted(scene.server, 'deleteChatMessage', { chatMessageId: messages[3] });
    expect(await readOf(id, 'ann')).toEqual([1, 2]);
    expect(await readOf(id, 'bob')).toEqual([3, 0]);
    await mark(id, 'ann', 5);
    expect(await readOf(id, 'ann')).toEqual([0, 5]);
    await post(scene.server, id, { authorReference: 'bob' });
    expect(await readOf(id, 'ann')).toEqual([1, 5]);
  });

  it('a read mark never moves back, and the unchanged session is returned', async () => {
    const { id } = await withMessages('ann', 'ann', 'ann');
    const session = await sessionNow(scene.server, id);
    expect((await mark(id, 'bob', 2)).chatSession).toEqual(session);
    for (const upToSequence of [2, 1, 0]) {
      const grown = await changedBy(scene.store, async () => {
        expect((await mark(id, 'bob', upToSequence)).chatSession).toEqual(session);
      });
      expect(grown).toEqual({ auditEvents: 1 });
    }
    expect(await readOf(id, 'bob')).toEqual([1, 2]);
  });

  it('a read mark beyond the last message or below 0 is a ValidationError and does not move', async () => {
    const { id } = await withMessages('ann', 'ann');
    await mark(id, 'bob', 1);
    for (const upToSequence of [3, 2_147_483_647, -1]) {
      const grown = await changedBy(scene.store, async () => {
        expect(await mark(id, 'bob', upToSequence)).toMatchObject({
          code: 'VALIDATION_FAILED',
          issues: [{ path: ['upToSequence'] }],
        });
      });
      expect(grown).toEqual({ auditEvents: 1 });
    }
    expect(await readOf(id, 'bob')).toEqual([1, 1]);
  });

  it('the furthest of concurrent read marks is kept', async () => {
    const { id } = await withMessages(...Array.from({ length: 12 }, () => 'ann'));
    const sequences = [3, 12, 1, 7, 5, 11, 2, 9];
    const replies = await Promise.all(sequences.map((upToSequence) => mark(id, 'bob', upToSequence)));
    expect(replies.map(({ code }) => code)).toEqual(sequences.map(() => undefined));
    expect(await readOf(id, 'bob')).toEqual([0, 12]);
    expect(await scene.store.read('ALL').readMarks.counts([{ parent: { field: 'sessionId', id }, where: {} }])).toEqual(
      [1],
    );
  });

  it('participants with similar names, or names of object properties, have separate read marks', async () => {
    const { id } = await withMessages('ann', 'ann', 'ann');
    const readers = ['bob', 'Bob', 'bob ', '"bob"', "b'b", 'b\\b', 'constructor', '__proto__', 'toString'];
    for (const [index, reader] of readers.entries()) await mark(id, reader, index % 4);
    for (const [at, reader] of readers.entries()) expect(await readOf(id, reader)).toEqual([3 - (at % 4), at % 4]);
    // All participants in one list, more than can be counted along with the rows.
    const fields = readers.map(
      (reader, index) => `r${index}: unreadCount(participantReference: ${JSON.stringify(reader)})`,
    );
    const { data, errors } = await scene.server.ask<{ chatSessions: { nodes: object[] } }>(
      `{ chatSessions(filter: { ownerReference: "owner" }, first: 1, orderBy: { field: CREATED_AT, direction: DESC }) {
        nodes { id ${fields.join(' ')} }
      } }`,
    );
    expect(errors).toBeUndefined();
    const counts = Object.fromEntries(readers.map((_reader, index) => [`r${index}`, 3 - (index % 4)]));
    expect(data?.chatSessions.nodes).toEqual([{ id, ...counts }]);
  });

  it('an invalid participant is BAD_USER_INPUT for that field only', async () => {
    const { id } = await withMessages('ann');
    for (const reader of ['\0', '\ud800']) {
      const { code, message, answer } = await errorOf(scene.server, ChatSessionReadDocument, { id, reader });
      expect([code, message]).toEqual(['BAD_USER_INPUT', expect.stringContaining('participantReference')]);
      expect(answer.data).toEqual({ chatSession: { messageCount: 1, unreadCount: null, lastReadSequence: null } });
    }
  });
});
