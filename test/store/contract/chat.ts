import { expect, it } from 'vitest';
import type { ChatMessage } from '../../../src/domain/chatMessage.ts';
import type { ChatSession } from '../../../src/domain/chatSession.ts';
import type { Key, WithUnread } from '../../../src/store/store.ts';
import { aMark, aMessage, aSession, aTombstone } from '../chatRows.ts';
import { aDeal, type GetStore, idsOf, keep, keyOf, nextId, only, pageOf, START, windowOn } from '../rows.ts';

const PRIORITY = ['priority', 'lastActivityAt'] as const;
const DIRECTIONS = ['ASC', 'DESC'] as const;

/** Tests how chat is read: two fields in an order, words, counts along with rows, and omitted columns. */
export function readsChat(store: GetStore): void {
  const made = async () => {
    const { institution } = aDeal();
    const chatSessions = [
      aSession(institution.id, { priority: 3, lastActivityAt: START + 1, title: 'red ship' }),
      aSession(institution.id, { priority: 1, lastActivityAt: START + 9, description: 'red' }),
      aSession(institution.id, { priority: 3, lastActivityAt: START + 1, title: 'blue' }),
      aSession(institution.id, { priority: 4, lastActivityAt: START, deleted: true, deletedAt: START }),
      aSession(institution.id, { priority: 3, lastActivityAt: START, title: 'red', description: 'a ship' }),
    ] as const;
    const [first, second, third] = chatSessions;
    const chatMessages = [
      aMessage(second, 1, { body: 'a ship' }),
      aMessage(third, 1, { authorReference: 'bob', body: 'red ship' }),
      aMessage(third, 2),
      aMessage(third, 3, aTombstone),
      aMessage(third, 4),
    ];
    const readMarks = [aMark(third, 'bob', 2), aMark(third, 'ann', 4), aMark(first, 'bob', 0)];
    await keep(store(), { institutions: [institution], chatSessions, chatMessages, readMarks });
    const places = (ids: readonly string[] | undefined) =>
      ids?.map((id) => chatSessions.findIndex((row) => row.id === id));
    return { institution, chatSessions, chatMessages, places, scope: only(institution) };
  };

  it.each(DIRECTIONS)('sessions are ordered by two fields, %s, and paged between any two rows', async (direction) => {
    const { chatSessions, places, scope } = await made();
    const ascending = [1, 4, 0, 2, 3];
    const expected = direction === 'ASC' ? ascending : ascending.toReversed();
    const reader = store().read(scope).chatSessions;
    const order = { by: PRIORITY, direction };
    expect(places(idsOf(await pageOf(reader, { order })))).toEqual(expected);
    for (const [index, place] of expected.entries()) {
      const key: Key = keyOf(chatSessions[place] as ChatSession, PRIORITY);
      const [behind, ahead] = await reader.pages([
        windowOn<ChatSession>({ order, after: key }),
        windowOn<ChatSession>({ order, before: key, backward: true, limit: 2 }),
      ]);
      expect(places(idsOf(behind))).toEqual(expected.slice(index + 1));
      expect(places(idsOf(ahead))).toEqual(expected.slice(0, index).slice(-2));
    }
  });

  it('a filter by priority limits the first field of the order', async () => {
    const { places, scope } = await made();
    const reader = store().read(scope).chatSessions;
    const order = { by: PRIORITY, direction: 'DESC' } as const;
    const page = await pageOf(reader, {
      order,
      where: { priority: { in: [3, 1] }, deleted: { in: [false] } },
      limit: 3,
    });
    expect([places(idsOf(page)), page.more]).toEqual([[2, 0, 4], true]);
  });

  it('a search finds words within one text: title with description, or one message that is not deleted', async () => {
    const { chatSessions, places, scope } = await made();
    const reader = store().read(scope).chatSessions;
    for (const [search, expected] of [
      [['red'], [0, 1, 2, 4]],
      [['ship'], [0, 1, 2, 4]],
      [
        ['red', 'ship'],
        [0, 2, 4],
      ],
      [['hello', 'red'], []],
      [['shi'], []],
      [[], []],
    ] as const) {
      expect(places(idsOf(await pageOf(reader, { search })))).toEqual(expected);
      expect(await reader.counts([{ search, where: {} }])).toEqual([expected.length]);
    }
    const after = keyOf(chatSessions[0], ['createdAt']);
    const part = await pageOf(reader, { search: ['red'], after, limit: 2, where: { priority: { in: [1, 3] } } });
    expect([places(idsOf(part)), part.more]).toEqual([[1, 2], true]);
    expect(idsOf(await pageOf(store().read(only(aDeal().institution)).chatSessions, { search: ['red'] }))).toEqual([]);
  });

  it('unread messages are counted for each participant, and not outside of the scope', async () => {
    const { chatSessions, scope } = await made();
    const [first, second, third] = chatSessions;
    const unreadRequests = [
      { sessionId: third.id, participantReference: 'ann' },
      { sessionId: third.id, participantReference: 'bob' },
      { sessionId: third.id, participantReference: 'carl' },
      { sessionId: second.id, participantReference: 'carl' },
      { sessionId: first.id, participantReference: 'bob' },
      { sessionId: nextId('chat'), participantReference: 'bob' },
      { sessionId: 'nonsense\0', participantReference: 'bob' },
      { sessionId: third.id, participantReference: 'bob' },
    ];
    expect(await store().read(scope).unreadCounts(unreadRequests)).toEqual([0, 1, 3, 1, 0, 0, 0, 1]);
    const theirs = store().read(only(aDeal().institution));
    expect(await theirs.unreadCounts(unreadRequests)).toEqual(unreadRequests.map(() => 0));
    expect(await store().read(scope).unreadCounts([])).toEqual([]);
  });

  it('counts along with rows equal separate counts, and fields that are not needed change nothing else', async () => {
    const { chatSessions, scope } = await made();
    const { description: _description, ...needed } = chatSessions[0];
    const fields = { chatSessions: new Set(Object.keys(needed)) };
    const readers = store().read(scope, undefined, () => ({ fields }));
    const participants = ['ann', "b'; --", 'bob', '__proto__'];
    const page = await pageOf(readers.chatSessions, { unreadFor: participants });
    expect(page.rows).toHaveLength(chatSessions.length);
    for (const [at, row] of page.rows.entries()) {
      const { unread, ...rest }: ChatSession & WithUnread = row;
      const kept = chatSessions[at] as ChatSession;
      expect([{ ...kept, description: undefined }, kept]).toContainEqual(rest);
      const alone = await readers.unreadCounts(
        participants.map((participantReference) => ({ sessionId: row.id, participantReference })),
      );
      const along = participants.map((each, index) =>
        unread && Object.hasOwn(unread, each) ? unread[each] : alone[index],
      );
      expect(along).toEqual(alone);
    }
  });

  it('messages of a session are listed from a sequence on', async () => {
    const { chatSessions, chatMessages, scope } = await made();
    const of = (id: string) => ({ field: 'sessionId', id }) as const;
    const order = { by: ['sequence'], direction: 'ASC' } as const;
    const where = { sequence: { range: { gt: 1, lte: 3 } } };
    const pages = await store()
      .read(scope)
      .chatMessages.pages(
        chatSessions.map(({ id }) => ({ ...windowOn<ChatMessage>({ order }), parent: of(id), where })),
      );
    expect(pages.map(({ rows }) => rows)).toEqual([[], [], chatMessages.slice(2, 4), [], []]);
  });
}
