import { beforeAll, describe, expect, it } from 'vitest';
import { ChatSessionDocument } from '../api/documents/graphql.ts';
import { errorOf } from '../support/answers.ts';
import { long } from '../support/badInput.ts';
import {
  asViewer,
  CHAT,
  type ChatMutation,
  changedBy,
  chat,
  chatOn,
  chatted,
  messagesOf,
  openSession,
  post,
  sessionNow,
} from '../support/conversation.ts';
import { onBothStores } from '../support/stores.ts';

const UNSTORABLE = ['NUL\0', 'bell\u0007', 'C1\u0085', 'half \ud83c'] as const;
const BLANK = ['', ' \t\n\u00a0'] as const;
const LONG = [long(201), long(201, '\u{1f3d7}')] as const;

/** The mutation, the field and the invalid values of each text. */
const TEXTS: readonly (readonly [ChatMutation, field: string, readonly string[]])[] = [
  ['createChatSession', 'title', [...BLANK, ...LONG, ...UNSTORABLE]],
  ['createChatSession', 'ownerReference', [...BLANK, ...LONG, ...UNSTORABLE]],
  ['createChatSession', 'description', [long(10_001), long(10_001, '\u{1f3d7}'), ...UNSTORABLE]],
  ['createChatSession', 'idempotencyKey', ['', long(256), ...UNSTORABLE]],
  ['updateChatSession', 'title', [...BLANK, ...LONG, ...UNSTORABLE]],
  ['updateChatSession', 'description', [long(10_001), ...UNSTORABLE]],
  ['deleteChatSession', 'idempotencyKey', ['', long(256), ...UNSTORABLE]],
  ['restoreChatSession', 'idempotencyKey', ['', long(256)]],
  ['postChatMessage', 'body', [...BLANK, long(10_001), long(10_001, '\u{1f3d7}'), ...UNSTORABLE]],
  ['postChatMessage', 'authorReference', [...BLANK, ...LONG, ...UNSTORABLE]],
  ['postChatMessage', 'idempotencyKey', ['', long(256)]],
  ['editChatMessage', 'body', [...BLANK, long(10_001), ...UNSTORABLE]],
  ['deleteChatMessage', 'reason', [long(1_001), ...UNSTORABLE]],
  ['markChatSessionRead', 'participantReference', [...BLANK, ...LONG, ...UNSTORABLE]],
];

onBothStores((open) => {
  const scene = chatOn(open);
  let chatSessionId: string;
  let chatMessageId: string;
  /** A valid input of each mutation. */
  let good: { readonly [M in ChatMutation]: object };

  beforeAll(async () => {
    const { server, deal } = scene;
    chatSessionId = (await openSession(server, deal)).id;
    chatMessageId = (await post(server, chatSessionId)).id;
    good = {
      createChatSession: { institutionId: deal.institution.id, ownerReference: 'o', title: 't' },
      updateChatSession: { chatSessionId, title: 'New' },
      deleteChatSession: { chatSessionId },
      restoreChatSession: { chatSessionId },
      postChatMessage: { chatSessionId, authorReference: 'a', body: 'b' },
      editChatMessage: { chatMessageId, body: 'Other' },
      deleteChatMessage: { chatMessageId },
      markChatSessionRead: { chatSessionId, participantReference: 'p', upToSequence: 1 },
    };
  });

  /** Checks that the work writes only an audit event and changes nothing. */
  const keepsNothing = async (work: () => Promise<unknown>, grown: object = { auditEvents: 1 }) => {
    // Each call gets its own minute, so that the failed attempt is recorded and not only counted.
    scene.server.now += 60_000;
    const before = [await sessionNow(scene.server, chatSessionId), await messagesOf(scene.server, chatSessionId)];
    expect(await changedBy(scene.store, work)).toEqual(grown);
    expect([await sessionNow(scene.server, chatSessionId), await messagesOf(scene.server, chatSessionId)]).toEqual(
      before,
    );
  };

  it.each(TEXTS)('%s rejects an invalid %s with the path of the field', async (mutation, field, values) => {
    for (const value of values) {
      await keepsNothing(async () => {
        const reply = await chat(scene.server, mutation, { ...good[mutation], [field]: value });
        expect([value.slice(0, 20), reply]).toMatchObject([
          value.slice(0, 20),
          { code: 'VALIDATION_FAILED', issues: [{ path: [field], message: expect.stringMatching(/^must .*\.$/) }] },
        ]);
      });
    }
  });

  it('texts of the maximum length are stored unchanged', async () => {
    const { server, deal } = scene;
    const [title, body] = [long(200, '\u{1f3d7}'), long(10_000, '\u{1f3d7}')];
    const session = await openSession(server, deal, { title, description: body, ownerReference: title });
    expect(await sessionNow(server, session.id)).toMatchObject({ title, description: body, ownerReference: title });
    const message = await post(server, session.id, { body, authorReference: title });
    expect(await messagesOf(server, session.id)).toEqual([message]);
    expect(message.body).toBe(body);
  });

  it('all validation issues of an input are returned at once', async () => {
    const input = { ...good.createChatSession, title: '', ownerReference: '\0', description: long(10_001) };
    const { issues } = await chat(scene.server, 'createChatSession', input);
    expect(issues?.map(({ path }) => path.join())).toEqual(['ownerReference', 'title', 'description']);
  });

  it('null for a field that an update cannot clear is rejected with the path of the field', async () => {
    for (const field of ['title', 'priority', 'active']) {
      await keepsNothing(async () => {
        const reply = await chat(scene.server, 'updateChatSession', { chatSessionId, [field]: null });
        expect(reply).toMatchObject({ code: 'VALIDATION_FAILED', issues: [{ path: [field] }] });
      });
    }
  });

  it('root must name the institution of a session without a position', async () => {
    const reply = await chat(scene.server, 'createChatSession', { ownerReference: 'o', title: 't' });
    expect(reply).toMatchObject({ code: 'VALIDATION_FAILED', issues: [{ path: ['institutionId'] }] });
  });

  describe('input of the wrong type', () => {
    it.each<[ChatMutation, object]>([
      ['createChatSession', { priority: 'CRITICAL' }],
      ['createChatSession', { priority: 2 }],
      ['createChatSession', { priority: 'low' }],
      ['createChatSession', { title: null }],
      ['createChatSession', { title: 5 }],
      ['createChatSession', { active: 'yes' }],
      ['createChatSession', { version: 3 }],
      ['updateChatSession', { ownerReference: 'other' }],
      ['updateChatSession', { expectedVersion: 1.5 }],
      ['postChatMessage', { body: null }],
      ['postChatMessage', { sequence: 7 }],
      ['markChatSessionRead', { upToSequence: 2 ** 31 }],
      ['markChatSessionRead', { upToSequence: '1' }],
      ['markChatSessionRead', { upToSequence: null }],
    ])('%s with %j is BAD_USER_INPUT and writes no audit event', async (mutation, patch) => {
      await keepsNothing(async () => {
        const variables = { input: { ...good[mutation], ...patch } };
        expect((await errorOf(scene.server, CHAT[mutation], variables)).code).toBe('BAD_USER_INPUT');
      }, {});
    });
  });

  describe('malformed ids', () => {
    const BAD = ['', 'x', 'chat_', 'pos_00000000000000000000000000', "' or 1=1 --", 'chat_\0', long(100_000)];

    it('malformed ids are not found by mutations, and null in queries', async () => {
      for (const id of BAD) {
        expect(await sessionNow(scene.server, id)).toBeNull();
        for (const [mutation, input] of Object.entries(good) as [ChatMutation, object][]) {
          const field = 'chatSessionId' in input ? 'chatSessionId' : 'chatMessageId';
          if (!(field in input)) continue;
          await keepsNothing(async () => {
            const reply = await chat(scene.server, mutation, { ...input, [field]: id });
            expect(reply).toMatchObject({ code: 'NOT_FOUND', path: [field] });
          });
        }
        const about = await chat(scene.server, 'createChatSession', { ...good.createChatSession, positionId: id });
        expect(about).toMatchObject({ code: 'NOT_FOUND', path: ['positionId'] });
      }
    });

    it('a message of another institution is not found when it is edited or deleted', async () => {
      const { server, deal, other } = scene;
      const theirs = await post(server, (await openSession(server, other)).id);
      await asViewer(server, { role: 'ADMIN', institutionId: deal.institution.id }, async () => {
        for (const [mutation, patch] of [
          ['editChatMessage', { body: 'Mine' }],
          ['deleteChatMessage', {}],
        ] as const) {
          const reply = await chat(server, mutation, { chatMessageId: theirs.id, ...patch });
          expect(reply).toMatchObject({ code: 'NOT_FOUND', path: ['chatMessageId'], id: theirs.id });
        }
        const { data } = await server.ask('query ($id: ID!) { node(id: $id) { id } }', { id: theirs.id });
        expect(data).toEqual({ node: null });
      });
      expect(await messagesOf(server, theirs.chatSession?.id ?? '')).toEqual([theirs]);
    });
  });

  it('a session is not found by the id of another type or by a list of ids', async () => {
    expect((await errorOf(scene.server, ChatSessionDocument, { id: ['a', 'b'] })).code).toBe('BAD_USER_INPUT');
    expect(await sessionNow(scene.server, chatMessageId)).toBeNull();
    await chatted(scene.server, 'restoreChatSession', { chatSessionId });
  });
});
