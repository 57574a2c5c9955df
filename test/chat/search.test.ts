import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/domain/tokens.ts';
import { ChatSessionsDocument } from '../api/documents/graphql.ts';
import { COUNTS, SEED } from '../counts.ts';
import { chatOn, type ChatScene, chatted, idsFor, openSession, post } from '../support/chat.ts';
import { checked } from '../support/random.ts';
import { onBothStores, openMemory, openPostgres } from '../support/stores.ts';

onBothStores((open) => {
  describe('a search', () => {
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
      ['whatever its case', 'PIER', ['pier']],
      ['words of title and description together', 'delivery nine', ['pier']],
      ['words that punctuation parts', 'crane, steel!', ['pier']],
      ['no part of a word', 'pie', []],
      ['no more than a word', 'piers', []],
      ['no prefix, nor what looks like one', 'pie*', []],
      ['a ligature as its letters', 'office', ['office']],
      ['letters as their ligature', 'o\ufb03ce', ['office']],
      ['a Roman numeral as its letters', 'iv', ['office']],
      ['a composed letter as its parts', 'CAF\u00c9', ['office']],
      ['fullwidth letters', 'ab', ['office']],
      ['no letter without its accent', 'cafe', []],
      ['words of one message', 'pears apples', ['talk']],
      ['words not spread over two messages', 'pears plums', []],
      ['words not spread over title and message', 'talk apples', []],
      ['the same word twice', 'figs figs FIGS', ['talk']],
      ['nothing by punctuation alone', '?! -- \u{1f3d7}', []],
      ['nothing by nothing', '', []],
      ['nothing by spaces', ' \n', []],
      ['nothing by operators, which are punctuation or words', 'pier | talk', []],
    ])('finds %s', async (_what, search, expected) => {
      expect(await idsFor(scene.server, { search })).toEqual(expected.map((name) => ids[name]));
    });

    it('follows edits, deletions and restorations', async () => {
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

    it('takes a word of any length, and tells long words apart by their first hundred letters', async () => {
      const { server, deal } = scene;
      const word = '\u{10330}'.repeat(150);
      const { id } = await openSession(server, deal, { title: 'Gothic', description: word });
      expect(await idsFor(server, { search: word })).toEqual([id]);
      expect(await idsFor(server, { search: word.slice(0, 198) })).toEqual([]);
    });
  });
});

const WORDS = ['a', 'A', 'b', '\u00e9', 'e\u0301', '\ufb01', 'fi', 'stra\u00dfe', 'STRASSE', '\u0130', 'i\u0307', 'I'];
const MORE = [
  '\u0131',
  '\u03a3',
  '\u03c3',
  '\u03c2',
  '\u0661',
  '1',
  '\u65e5\u672c',
  '\u65e5',
  '\u0301',
  '\u2163',
  'constructor',
];
const words = fc.constantFrom(...WORDS, ...MORE);
const between = fc.constantFrom(' ', ' ', ' ', '-', "'", '&', '\\', '\n', '', '\u{1f3d7}', '\u200d', '_', '*');
const text = fc
  .array(fc.tuple(words, between), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.flat().join(''))
  .filter((each) => each.trim() !== '');
const query = fc.array(fc.tuple(words, between), { maxLength: 3 }).map((parts) => parts.flat().join(''));
const which = fc.nat(1_000);
const step = fc.oneof(
  fc.record({ do: fc.constant('open' as const), title: text, description: fc.option(text) }),
  fc.record({ do: fc.constant('update' as const), which, title: text }),
  fc.record({ do: fc.constant('describe' as const), which, description: fc.option(text) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('post' as const), which, body: text }) },
  fc.record({ do: fc.constant('edit' as const), which, body: text }),
  fc.record({ do: fc.constant('delete' as const), which }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What there is, told as simply as can be. */
interface Model {
  readonly sessions: { title: string; description: string | null }[];
  readonly messages: { readonly session: number; body: string | null }[];
}

/** Does the step to the model, and answers how to do it to a server, given what it has called sessions and messages. */
function stepped({ sessions, messages }: Model, next: Step) {
  const at =
    'which' in next
      ? next.which % Math.max(1, next.do === 'edit' || next.do === 'delete' ? messages.length : sessions.length)
      : 0;
  const [session, message] = [sessions[at], messages[at]];
  if (next.do === 'open') {
    sessions.push({ title: next.title, description: next.description });
  } else if (next.do === 'update' && session) session.title = next.title;
  else if (next.do === 'describe' && session) session.description = next.description;
  else if (next.do === 'post' && session) messages.push({ session: at, body: next.body });
  else if (next.do === 'edit' && message?.body) message.body = next.body;
  else if (next.do === 'delete' && message) message.body = null;
  else return undefined;
  return async ({ server, deal }: ChatScene, ids: Ids): Promise<void> => {
    const { do: what, which: _which, ...input } = { which: 0, ...next };
    const chatSessionId = ids.sessions[at] as string;
    const chatMessageId = ids.messages[at];
    if (what === 'open') ids.sessions.push((await openSession(server, deal, input)).id);
    else if (what === 'post') ids.messages.push((await post(server, chatSessionId, input)).id);
    else if (what === 'edit') await chatted(server, 'editChatMessage', { chatMessageId, ...input });
    else if (what === 'delete') await chatted(server, 'deleteChatMessage', { chatMessageId });
    else await chatted(server, 'updateChatSession', { chatSessionId, ...input });
  };
}
interface Ids {
  readonly sessions: string[];
  readonly messages: string[];
}

/** The sessions that have all words of the query in one text. */
function foundIn({ sessions, messages }: Model, search: string): readonly number[] {
  const asked = tokensOf(search);
  const has = (body: string): boolean => asked.length > 0 && asked.every((word) => tokensOf(body).includes(word));
  return sessions.flatMap(({ title, description }, at) => {
    const said = messages.flatMap(({ session, body }) => (session === at && body !== null ? [body] : []));
    return [`${title} ${description ?? ''}`, ...said].some(has) ? [at] : [];
  });
}

describe('both stores find the sessions that a plain model finds', () => {
  const scenes = [chatOn(openMemory), chatOn(() => openPostgres())] as const;
  const ids: readonly [Ids, Ids] = [
    { sessions: [], messages: [] },
    { sessions: [], messages: [] },
  ];
  const model: Model = { sessions: [], messages: [] };

  async function agree(search: string): Promise<number> {
    const expected = foundIn(model, search);
    for (const [at, { server }] of scenes.entries()) {
      const variables = { filter: { search }, orderBy: { field: 'CREATED_AT', direction: 'ASC' }, first: 100 } as const;
      const { list } = await server.run(ChatSessionsDocument, variables);
      const found = list?.nodes.map(({ id }) => ids[at as 0 | 1].sessions.indexOf(id));
      expect({ search, found, total: list?.totalCount }).toEqual({
        search,
        found: expected.slice(0, 100),
        total: expected.length,
      });
    }
    return expected.length;
  }

  it('after each of many random changes', async () => {
    const steps = fc.sample(fc.tuple(step, query), { numRuns: COUNTS.chatSteps, seed: SEED });
    let hits = 0;
    for (const [next, search] of steps) {
      const done = stepped(model, next);
      if (!done) continue;
      for (const [at, each] of scenes.entries()) {
        each.server.now += 1;
        await done(each, ids[at as 0 | 1]);
      }
      hits += (await agree(search)) > 0 ? 1 : 0;
    }
    expect(hits).toBeGreaterThan(steps.length / 10);
  });

  it('by random words', () =>
    checked(
      COUNTS.searches,
      fc.asyncProperty(query, async (search) => {
        await agree(search);
      }),
    ));
});
