import { beforeAll, describe, expect, it } from 'vitest';
import {
  ChatMessagesDocument,
  ChatSessionsDocument,
  ChatSessionsOfInstitutionDocument,
} from '../api/documents/graphql.ts';
import { errorOf } from '../support/answers.ts';
import { long } from '../support/badInput.ts';
import { chatOn, idsFor, openSession, post } from '../support/conversation.ts';
import { pageOf } from '../support/lists.ts';
import { onBothStores } from '../support/stores.ts';

const UNSTORABLE = ['NUL\0', 'bell\u0007', 'C1\u0085', 'half \ud83c'] as const;

onBothStores((open) => {
  const scene = chatOn(open);
  let chatSessionId: string;
  beforeAll(async () => {
    chatSessionId = (await openSession(scene.server, scene.deal)).id;
    await post(scene.server, chatSessionId);
  });

  describe('invalid arguments of chat lists', () => {
    it.each<[string, object]>([
      ['first', { first: -1 }],
      ['first', { first: 101 }],
      ['last', { last: 101 }],
      ['first', { first: 1, last: 1 }],
      ['after', { after: 'nonsense' }],
      ['before', { before: '\0' }],
      ['positionIds', { filter: { positionIds: Array.from({ length: 101 }, () => 'pos_x') } }],
      ['priorities', { filter: { priorities: Array.from({ length: 101 }, () => 'LOW') } }],
      ['search', { filter: { search: long(1_001) } }],
      ['search', { filter: { search: Array.from({ length: 90_000 }, (_one, index) => `w${index}`).join(' ') } }],
    ])('an invalid argument %s of a list is BAD_USER_INPUT and the message names it', async (argument, variables) => {
      const { code, message, answer } = await errorOf(scene.server, ChatSessionsDocument, variables);
      expect([code, message]).toEqual(['BAD_USER_INPUT', expect.stringContaining(argument)]);
      expect(answer.data).toEqual({ list: null });
    });

    it('filters accept texts that no session can have, and find nothing', async () => {
      for (const text of UNSTORABLE) {
        expect(await idsFor(scene.server, { ownerReference: text })).toEqual([]);
        expect(await idsFor(scene.server, { positionIds: [text] })).toEqual([]);
        expect(await idsFor(scene.server, { institutionId: text })).toEqual([]);
      }
      for (const search of ['\0', '\ud83c', "'", '\\', "a' & 'b", '!t:*', '(((']) {
        expect([search, (await idsFor(scene.server, { search })).length]).toEqual([search, 0]);
      }
    });

    it('a list of one parent rejects a cursor of another parent', async () => {
      const { server, deal, other } = scene;
      const { id } = await openSession(server, other);
      await post(server, id);
      for (const [document, parents] of [
        [ChatMessagesDocument, [chatSessionId, id]],
        [ChatSessionsOfInstitutionDocument, [deal.institution.id, other.institution.id]],
      ] as const) {
        for (const [parent, foreign] of [parents, parents.toReversed()]) {
          const { endCursor } = (await pageOf(server, document, { parent: foreign, first: 1 })).pageInfo;
          for (const argument of ['after', 'before']) {
            const { code, message } = await errorOf(server, document, { parent, [argument]: endCursor });
            expect([code, message]).toEqual(['BAD_USER_INPUT', expect.stringContaining(argument)]);
          }
          const own = await pageOf(server, document, { parent: foreign, after: endCursor });
          expect(own.nodes).toEqual([]);
        }
      }
    });

    it('a list of messages rejects a cursor of sessions, and vice versa', async () => {
      const { server } = scene;
      const { list } = await server.run(ChatSessionsDocument, { first: 1 });
      const after = list?.pageInfo.endCursor;
      const { code, message } = await errorOf(server, ChatMessagesDocument, { parent: chatSessionId, after });
      expect([code, message]).toEqual(['BAD_USER_INPUT', expect.stringContaining('after')]);
    });
  });
});
