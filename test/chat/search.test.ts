import { beforeAll, describe, expect, it } from 'vitest';
import { chatOn, chatted, idsFor, openSession, post } from '../support/conversation.ts';
import { onBothStores } from '../support/stores.ts';

onBothStores((open) => {
  describe('a search of sessions', () => {
    const scene = chatOn(open);
    const ids: { [name: string]: string } = {};
    beforeAll(async () => {
      const { server, deal } = scene;
      const opened = async (name: string, patch: object) => {
        ids[name] = (await openSession(server, deal, patch)).id;
      };
      await opened('pier', { title: 'Pier nine', description: 'steel-crane delivery' });
      await opened('office', { title: 'o\ufb03ce \u2163', description: 'STRASSE caf\u0065\u0301 \uff21\uff22' });
      await opened('talk', { title: 'Talk' });
      await post(server, ids['talk'] as string, { body: 'apples and pears' });
      await post(server, ids['talk'] as string, { body: 'plums, figs' });
    });

    it.each<[string, string, readonly string[]]>([
      ['one word of the title', 'pier', ['pier']],
      ['a word in another case', 'PIER', ['pier']],
      ['words of title and description together', 'delivery nine', ['pier']],
      ['words separated by punctuation', 'crane, steel!', ['pier']],
      ['nothing for a part of a word', 'pie', []],
      ['nothing for a longer word', 'piers', []],
      ['nothing for a prefix or a wildcard', 'pie*', []],
      ['a ligature as its letters', 'office', ['office']],
      ['letters as their ligature', 'o\ufb03ce', ['office']],
      ['a Roman numeral as its letters', 'iv', ['office']],
      ['a composed letter as its parts', 'CAF\u00c9', ['office']],
      ['fullwidth letters as plain letters', 'ab', ['office']],
      ['nothing for a letter without its accent', 'cafe', []],
      ['words of one message', 'pears apples', ['talk']],
      ['nothing for words of two messages', 'pears plums', []],
      ['nothing for words of title and message', 'talk apples', []],
      ['a repeated word', 'figs figs FIGS', ['talk']],
      ['nothing for punctuation only', '?! -- \u{1f3d7}', []],
      ['nothing for an empty text', '', []],
      ['nothing for white space', ' \n', []],
      ['nothing for operators, which are punctuation or words', 'pier | talk', []],
    ])('a search finds %s', async (_what, search, expected) => {
      expect(await idsFor(scene.server, { search })).toEqual(expected.map((name) => ids[name]));
    });

    it('a search reflects edits, deletions and restorations', async () => {
      const { server } = scene;
      const found = async (search: string) => (await idsFor(server, { search })).includes(ids['talk'] as string);
      const chatSessionId = ids['talk'] as string;
      const { id: chatMessageId } = await post(server, chatSessionId, { body: 'cherries' });
      expect(await found('cherries')).toBe(true);
      await chatted(server, 'editChatMessage', { chatMessageId, body: 'quinces' });
      expect([await found('cherries'), await found('quinces')]).toEqual([false, true]);
      await chatted(server, 'deleteChatMessage', { chatMessageId });
      expect(await found('quinces')).toBe(false);
      await chatted(server, 'updateChatSession', { chatSessionId, description: 'melons' });
      expect([await found('talk melons'), await found('melons')]).toEqual([true, true]);
      await chatted(server, 'updateChatSession', { chatSessionId, description: null, title: 'Chat' });
      expect([await found('melons'), await found('talk'), await found('CHAT')]).toEqual([false, false, true]);
      await chatted(server, 'deleteChatSession', { chatSessionId });
      expect(await found('chat')).toBe(false);
      await chatted(server, 'restoreChatSession', { chatSessionId });
      expect(await found('chat')).toBe(true);
    });

    it('a search accepts words of any length, and compares the first hundred letters of long words', async () => {
      const { server, deal } = scene;
      const word = '\u{10330}'.repeat(150);
      const { id } = await openSession(server, deal, { title: 'Gothic', description: word });
      expect(await idsFor(server, { search: word })).toEqual([id]);
      expect(await idsFor(server, { search: word.slice(0, 198) })).toEqual([]);
    });
  });
});
