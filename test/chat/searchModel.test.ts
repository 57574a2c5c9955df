import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/domain/tokens.ts';
import { ChatSessionsDocument } from '../api/documents/graphql.ts';
import { COUNTS, SEED } from '../counts.ts';
import { type ChatScene, chatOn, chatted, openSession, post } from '../support/conversation.ts';
import { checked } from '../support/random.ts';
import { openMemory, openPostgres } from '../support/stores.ts';

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

/** The sessions and messages in their simplest form. */
interface Model {
  readonly sessions: { title: string; description: string | null }[];
  readonly messages: { readonly session: number; body: string | null }[];
}

/** Applies the step to the model, and returns how to apply it to a server with the given ids. */
function stepped({ sessions, messages }: Model, next: Step) {
  const index =
    'which' in next
      ? next.which % Math.max(1, next.do === 'edit' || next.do === 'delete' ? messages.length : sessions.length)
      : 0;
  const [session, message] = [sessions[index], messages[index]];
  if (next.do === 'open') {
    sessions.push({ title: next.title, description: next.description });
  } else if (next.do === 'update' && session) session.title = next.title;
  else if (next.do === 'describe' && session) session.description = next.description;
  else if (next.do === 'post' && session) messages.push({ session: index, body: next.body });
  else if (next.do === 'edit' && message?.body) message.body = next.body;
  else if (next.do === 'delete' && message) message.body = null;
  else return undefined;
  return async ({ server, deal }: ChatScene, ids: Ids): Promise<void> => {
    const { do: what, which: _which, ...input } = { which: 0, ...next };
    const chatSessionId = ids.sessions[index] as string;
    const chatMessageId = ids.messages[index];
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

/** Returns the sessions with all words of the query in one text. */
function foundIn({ sessions, messages }: Model, search: string): readonly number[] {
  const searchedWords = tokensOf(search);
  const has = (body: string): boolean =>
    searchedWords.length > 0 && searchedWords.every((word) => tokensOf(body).includes(word));
  return sessions.flatMap(({ title, description }, index) => {
    const said = messages.flatMap(({ session, body }) => (session === index && body !== null ? [body] : []));
    return [`${title} ${description ?? ''}`, ...said].some(has) ? [index] : [];
  });
}

describe('both stores find the sessions that the model finds', () => {
  const scenes = [chatOn(openMemory), chatOn(() => openPostgres())] as const;
  const ids: readonly [Ids, Ids] = [
    { sessions: [], messages: [] },
    { sessions: [], messages: [] },
  ];
  const model: Model = { sessions: [], messages: [] };

  async function agree(search: string): Promise<number> {
    const expected = foundIn(model, search);
    for (const [index, { server }] of scenes.entries()) {
      const variables = { filter: { search }, orderBy: { field: 'CREATED_AT', direction: 'ASC' }, first: 100 } as const;
      const { list } = await server.run(ChatSessionsDocument, variables);
      const found = list?.nodes.map(({ id }) => ids[index as 0 | 1].sessions.indexOf(id));
      expect({ search, found, total: list?.totalCount }).toEqual({
        search,
        found: expected.slice(0, 100),
        total: expected.length,
      });
    }
    return expected.length;
  }

  it('both stores agree with the model after each of many random changes', async () => {
    const steps = fc.sample(fc.tuple(step, query), { numRuns: COUNTS.chatSteps, seed: SEED });
    let hits = 0;
    for (const [next, search] of steps) {
      const done = stepped(model, next);
      if (!done) continue;
      for (const [index, each] of scenes.entries()) {
        each.server.now += 1;
        await done(each, ids[index as 0 | 1]);
      }
      hits += (await agree(search)) > 0 ? 1 : 0;
    }
    expect(hits).toBeGreaterThan(steps.length / 10);
  });

  it('both stores agree with the model on random searches', async () => {
    await checked(
      COUNTS.searches,
      fc.asyncProperty(query, async (search) => {
        expect(await agree(search)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
