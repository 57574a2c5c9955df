import {
  type ChatSessionChanged,
  createChatSession,
  deleteChatSession,
  restoreChatSession,
  updateChatSession,
} from '../commands/chatSession.ts';
import type { Replayable } from '../commands/perform.ts';
import type { ErrorCode } from '../domain/refusals.ts';
import { builder } from './builder.ts';
import { ACTIVE, ChatPriority, ChatSession } from './chatSession.ts';
import { IDEMPOTENCY_KEY, mutation, REPLAYED, resultType } from './mutation.ts';

const payload = (name: string, description: string) =>
  builder.objectRef<Replayable<ChatSessionChanged>>(name).implement({
    description,
    fields: (t) => ({
      chatSession: t.expose('chatSession', { type: ChatSession, description: 'The session.' }),
      replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
    }),
  });

const CreateChatSessionInput = builder.inputType('CreateChatSessionInput', {
  description: 'A new chat session.',
  fields: (t) => ({
    institutionId: t.id({ description: 'Whose it will be; may be left out where the position says it.' }),
    positionId: t.id({ description: 'The position that it is about, if it is about one.' }),
    ownerReference: t.string({ required: true, description: 'Who leads it: 1 to 200 characters.' }),
    title: t.string({ required: true, description: 'What it is about: 1 to 200 characters.' }),
    description: t.string({ description: 'The same at length: at most 10,000 characters.' }),
    priority: t.field({ type: ChatPriority, description: 'MEDIUM if left out.' }),
    active: t.boolean({ description: 'true if left out.' }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const EXPECTED = 'The version last read; if it is another now, StaleVersionError.';
const UpdateChatSessionInput = builder.inputType('UpdateChatSessionInput', {
  description: 'A change of a session: what is left out stays as it is.',
  fields: (t) => ({
    chatSessionId: t.id({ required: true, description: 'The session.' }),
    title: t.string({ description: '1 to 200 characters.' }),
    description: t.string({ description: 'At most 10,000 characters; null clears it.' }),
    priority: t.field({ type: ChatPriority, description: 'How urgent it is.' }),
    active: t.boolean({ description: ACTIVE }),
    expectedVersion: t.int({ description: EXPECTED }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const named = (name: string, description: string) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({
      chatSessionId: t.id({ required: true, description: 'The session.' }),
      expectedVersion: t.int({ description: EXPECTED }),
      idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
    }),
  });

const COMMON: readonly ErrorCode[] = ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'IDEMPOTENCY_CONFLICT'];

mutation(
  'createChatSession',
  'Opens a chat session.',
  CreateChatSessionInput,
  resultType(payload('CreateChatSessionPayload', 'The session was opened.'), 'CreateChatSessionResult', [
    ...COMMON,
    'CAPACITY_EXCEEDED',
  ]),
  createChatSession,
);
mutation(
  'updateChatSession',
  'Changes a chat session.',
  UpdateChatSessionInput,
  resultType(payload('UpdateChatSessionPayload', 'The session was changed.'), 'UpdateChatSessionResult', [
    ...COMMON,
    'CONFLICT',
    'STALE_VERSION',
  ]),
  updateChatSession,
);
mutation(
  'deleteChatSession',
  'Deletes a chat session, unless its position holds money. The session can be restored until it is removed permanently: after the retention period, and not before its position is terminal.',
  named('DeleteChatSessionInput', 'The session to delete.'),
  resultType(payload('DeleteChatSessionPayload', 'The session is deleted.'), 'DeleteChatSessionResult', [
    ...COMMON,
    'CONFLICT',
    'STALE_VERSION',
  ]),
  deleteChatSession,
);
mutation(
  'restoreChatSession',
  'Brings a deleted chat session back.',
  named('RestoreChatSessionInput', 'The session to bring back.'),
  resultType(payload('RestoreChatSessionPayload', 'The session is there again.'), 'RestoreChatSessionResult', [
    ...COMMON,
    'CAPACITY_EXCEEDED',
    'STALE_VERSION',
  ]),
  restoreChatSession,
);
