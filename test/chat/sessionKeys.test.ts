import { getNullableType, isInputObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { AuditEventsDocument } from '../api/documents/graphql.ts';
import {
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
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

/** The mutations whose input has no idempotency key. */
const UNKEYED = Object.values(schema.getMutationType()?.getFields() ?? {}).flatMap(({ name, args }) => {
  const input = args[0] && getNullableType(args[0].type);
  return isInputObjectType(input) && !('idempotencyKey' in input.getFields()) ? [{ name, input: input.name }] : [];
});

onBothStores((open) => {
  const scene = chatOn(open);
  const aSession = async (patch: object = {}) => (await openSession(scene.server, scene.deal, patch)).id;
  const opening = (patch: object = {}) => ({
    institutionId: scene.deal.institution.id,
    ownerReference: 'olga',
    title: 'Once',
    ...patch,
  });

  describe('sessions and messages with an idempotency key', () => {
    it('a session is created once, and a retry returns it in its current state', async () => {
      const { server, store } = scene;
      const input = opening({ idempotencyKey: 'open' });
      const first = await chatted(server, 'createChatSession', input);
      expect(first.replayed).toBe(false);
      const { id: chatSessionId } = first.chatSession;
      const { chatSession } = await chatted(server, 'updateChatSession', { chatSessionId, title: 'Changed' });
      const grown = await changedBy(store, async () => {
        expect(await chatted(server, 'createChatSession', input)).toMatchObject({ replayed: true, chatSession });
        const other = await chat(server, 'createChatSession', { ...input, title: 'Other' });
        expect(other).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
      });
      expect(grown).toEqual({ auditEvents: 1 });
    });

    it('omitted fields and fields with their default value are the same input', async () => {
      const key = { idempotencyKey: 'in full' };
      const first = await chatted(scene.server, 'createChatSession', opening(key));
      const full = opening({ ...key, priority: 'MEDIUM', active: true, description: null, positionId: null });
      const again = await chatted(scene.server, 'createChatSession', full);
      expect(again).toEqual({ ...first, replayed: true });
    });

    it.each<[ChatMutation, object]>([
      ['updateChatSession', { title: 'Twice?' }],
      ['deleteChatSession', {}],
      ['restoreChatSession', {}],
    ])('%s is executed once, even if the retry expects the earlier version', async (mutation, patch) => {
      const { server, store } = scene;
      const chatSessionId = await aSession();
      if (mutation === 'restoreChatSession') await chatted(server, 'deleteChatSession', { chatSessionId });
      const expectedVersion = mutation === 'restoreChatSession' ? 2 : 1;
      const input = { chatSessionId, ...patch, expectedVersion, idempotencyKey: `once ${mutation}` };
      const first = await chatted(server, mutation, input);
      const grown = await changedBy(store, async () => {
        expect(await chatted(server, mutation, input)).toEqual({ ...first, replayed: true });
      });
      expect(grown).toEqual({});
      expect(first.chatSession.version).toBe(expectedVersion + 1);
    });

    it('20 concurrent posts with one idempotency key post once, and return the current message and session', async () => {
      const { server } = scene;
      const chatSessionId = await aSession();
      const input = { chatSessionId, authorReference: 'ann', body: 'Once', idempotencyKey: 'post' };
      const replies = await Promise.all(Array.from({ length: 20 }, () => chatted(server, 'postChatMessage', input)));
      expect(new Set(replies.map(({ chatMessage }) => chatMessage.id)).size).toBe(1);
      expect(replies.filter(({ replayed }) => replayed)).toHaveLength(19);
      const chatMessageId = replies[0]?.chatMessage.id;
      await chatted(server, 'deleteChatMessage', { chatMessageId });
      await post(server, chatSessionId);
      const again = await chatted(server, 'postChatMessage', input);
      expect(again).toMatchObject({ replayed: true, chatMessage: { id: chatMessageId, body: null, sequence: 1 } });
      expect(again.chatSession).toEqual(await sessionNow(server, chatSessionId));
      expect(await messagesOf(server, chatSessionId)).toHaveLength(2);
    });

    it('a ConflictError is stored under the idempotency key, and a ValidationError is not', async () => {
      const { server } = scene;
      const chatSessionId = await aSession({ active: false });
      const input = { chatSessionId, authorReference: 'ann', body: 'Now?', idempotencyKey: 'conflict' };
      const first = await chat(server, 'postChatMessage', input);
      expect(first).toMatchObject({ code: 'CONFLICT' });
      await chatted(server, 'updateChatSession', { chatSessionId, active: true });
      expect(await chat(server, 'postChatMessage', input)).toEqual(first);
      const bad = { ...input, idempotencyKey: 'bad', body: ' ' };
      expect(await chat(server, 'postChatMessage', bad)).toMatchObject({ code: 'VALIDATION_FAILED' });
      await chatted(server, 'postChatMessage', { ...bad, body: 'Good' });
    });
  });

  it('the Idempotency-Key header is rejected where a token is created, and ignored by naturally idempotent mutations', async () => {
    const { server, store, deal } = scene;
    const chatSessionId = await aSession();
    const { id: chatMessageId } = await post(server, chatSessionId);
    const apiKeyId = 'key_00000000000000000000000000';
    const inputs: Readonly<Record<string, object>> = {
      createApiKey: { institutionId: deal.institution.id, label: 'Key', role: 'ADMIN' },
      revokeApiKey: { apiKeyId },
      rotateApiKey: { apiKeyId },
      createWebhookEndpoint: { institutionId: deal.institution.id, url: 'https://example.com', document: '' },
      rotateWebhookSecret: { webhookEndpointId: 'whe_00000000000000000000000000' },
      editChatMessage: { chatMessageId, body: 'Edited' },
      deleteChatMessage: { chatMessageId },
      markChatSessionRead: { chatSessionId, participantReference: 'bob', upToSequence: 1 },
    };
    expect(Object.keys(inputs).toSorted()).toEqual(UNKEYED.map(({ name }) => name).toSorted());
    for (const { name, input } of UNKEYED) {
      const document = `mutation($input: ${input}!) { ${name}(input: $input) { __typename } }`;
      const createsToken = /^(create|rotate)(ApiKey|Webhook)/.test(name);
      const grown = await changedBy(store, async () => {
        const answer = await server.ask(document, { input: inputs[name] }, { 'idempotency-key': 'k' });
        expect([name, answer.errors?.[0]?.extensions?.code]).toEqual([
          name,
          createsToken ? 'BAD_USER_INPUT' : undefined,
        ]);
        expect(answer.data === undefined).toBe(createsToken);
      });
      expect([name, Object.keys(grown).length > 0]).toEqual([name, !createsToken]);
    }
    expect(await messagesOf(server, chatSessionId)).toMatchObject([{ id: chatMessageId, version: 3, body: null }]);
  });

  it('every mutation is in the audit log with its object, without body or description', async () => {
    const { server, deal } = scene;
    const secret = 'not for the trail';
    server.now = START + 1_000;
    const { chatSession } = await chatted(server, 'createChatSession', opening({ description: secret }));
    const chatSessionId = chatSession.id;
    await chatted(server, 'updateChatSession', { chatSessionId, description: secret, priority: 'LOW' });
    const { id: chatMessageId } = await post(server, chatSessionId, { body: secret });
    await chatted(server, 'editChatMessage', { chatMessageId, body: `${secret}!` });
    await chat(server, 'editChatMessage', { chatMessageId, body: secret.repeat(1_000) });
    await chatted(server, 'markChatSessionRead', { chatSessionId, participantReference: 'bob', upToSequence: 1 });
    await chatted(server, 'deleteChatMessage', { chatMessageId, reason: 'why' });
    await chatted(server, 'deleteChatSession', { chatSessionId });
    await chat(server, 'postChatMessage', { chatSessionId, authorReference: 'ann', body: secret });
    await chatted(server, 'restoreChatSession', { chatSessionId });
    server.now = START;
    const { auditEvents } = await server.run(AuditEventsDocument, { first: 10 });
    const events = auditEvents?.nodes.toReversed() ?? [];
    expect(JSON.stringify(events)).not.toContain(secret);
    const session = { resourceType: 'ChatSession', resourceId: chatSessionId };
    const message = { resourceType: 'ChatMessage', resourceId: chatMessageId };
    const institution = { id: deal.institution.id };
    expect(events).toMatchObject(
      [
        { ...session, outcome: 'SUCCESS', payload: { title: 'Once' } },
        { ...session, outcome: 'SUCCESS', payload: { priority: 'LOW' } },
        { ...message, outcome: 'SUCCESS', payload: { chatSessionId, authorReference: 'ann' } },
        { ...message, outcome: 'SUCCESS' },
        { ...message, outcome: 'FAILURE', errorCode: 'VALIDATION_FAILED' },
        { ...session, outcome: 'SUCCESS', payload: { participantReference: 'bob' } },
        { ...message, outcome: 'SUCCESS', payload: { reason: 'why' } },
        { ...session, outcome: 'SUCCESS' },
        { ...session, outcome: 'FAILURE', errorCode: 'CONFLICT' },
        { ...session, outcome: 'SUCCESS' },
      ].map((event, index) => (index === 4 ? event : { ...event, institution })),
    );
    expect(new Set(events.map(({ action }) => action)).size).toBe(8);
  });
});
