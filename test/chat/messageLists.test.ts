import { describe, expect, it } from 'vitest';
import { ChatMessagesDocument } from '../api/documents/graphql.ts';
import { chatOn, messagesOf, openSession, post } from '../support/conversation.ts';
import { idsOf, pageOf, walk } from '../support/lists.ts';
import { onBothStores } from '../support/stores.ts';

onBothStores((open) => {
  const scene = chatOn(open);
  const aSession = async () => (await openSession(scene.server, scene.deal)).id;

  describe('the list of messages', () => {
    it('messages are read from a sequence on, in pages forward and backward, and `last` returns the newest', async () => {
      const { server } = scene;
      const parent = await aSession();
      const ids: string[] = [];
      for (let index = 0; index < 7; index += 1) ids.push((await post(server, parent)).id);
      for (const size of [1, 3, 100]) {
        for (const backward of [false, true]) {
          expect(await walk(server, ChatMessagesDocument, { parent }, size, backward)).toEqual(ids);
          const filter = { sequence: { gt: 2, lte: 6 } };
          expect(await walk(server, ChatMessagesDocument, { parent, filter }, size, backward)).toEqual(ids.slice(2, 6));
        }
      }
      expect(idsOf(await pageOf(server, ChatMessagesDocument, { parent, last: 2 }))).toEqual(ids.slice(-2));
      const beyond = await pageOf(server, ChatMessagesDocument, { parent, filter: { sequence: { gt: 7 } } });
      expect([beyond.nodes, beyond.totalCount]).toEqual([[], 0]);
      const whole = await pageOf(server, ChatMessagesDocument, { parent, filter: { sequence: {} } });
      expect(whole.totalCount).toBe(7);
    });

    it('paging returns each message once while messages are posted', async () => {
      const { server } = scene;
      const parent = await aSession();
      for (let index = 0; index < 3; index += 1) await post(server, parent);
      let added = 0;
      const walked = await walk(server, ChatMessagesDocument, { parent }, 2, false, async () => {
        if ((added += 1) < 5) await post(server, parent);
      });
      expect(walked).toEqual((await messagesOf(server, parent)).map(({ id }) => id));
    });
  });
});
