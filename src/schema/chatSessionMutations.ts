import {
  createChatSession,
  deleteChatSession,
  restoreChatSession,
  updateChatSession,
} from '../commands/chatSession.ts';
import type { MutationName } from '../domain/auditEvent.ts';
import type { ErrorCode } from '../domain/userErrors.ts';
import { builder } from './builder.ts';
import { ACTIVE, ChatPriority, ChatSession } from './chatSession.ts';
import { EXPECTED_VERSION, IDEMPOTENCY_KEY, mutation, payloadType, resultType } from './mutation.ts';

const payload = (name: MutationName) => payloadType(name, 'chatSession', ChatSession, 'The chat session.');

const CreateChatSessionInput = builder.inputType('CreateChatSessionInput', {
  description: 'Input for createChatSession.',
  fields: (t) => ({
    institutionId: t.id({
      description:
        'The institution. Required with the root key if `positionId` is absent; if both are set, it must be the institution of the position. Defaults to the institution of the position or of the API key.',
    }),
    positionId: t.id({ description: 'The position that the chat session is about. Defaults to none.' }),
    ownerReference: t.string({
      required: true,
      description: 'Your reference of the owner, who leads the conversation. 1 to 200 characters.',
    }),
    title: t.string({ required: true, description: 'The subject. 1 to 200 characters.' }),
    description: t.string({ description: 'A longer description of the subject. At most 10,000 characters.' }),
    priority: t.field({ type: ChatPriority, description: 'The urgency. Defaults to MEDIUM.' }),
    active: t.boolean({ description: `${ACTIVE} Defaults to true.` }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const UpdateChatSessionInput = builder.inputType('UpdateChatSessionInput', {
  description: 'Input for updateChatSession. A field that is left out stays as it is.',
  fields: (t) => ({
    chatSessionId: t.id({ required: true, description: 'The chat session to update.' }),
    title: t.string({ description: 'The subject. 1 to 200 characters.' }),
    description: t.string({
      description: 'A longer description of the subject. At most 10,000 characters. Null removes it.',
    }),
    priority: t.field({ type: ChatPriority, description: 'The urgency.' }),
    active: t.boolean({ description: ACTIVE }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const named = (name: string, description: string) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({
      chatSessionId: t.id({ required: true, description: 'The chat session.' }),
      expectedVersion: t.int({ description: EXPECTED_VERSION }),
      idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
    }),
  });

const COMMON_ERRORS: readonly ErrorCode[] = ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'IDEMPOTENCY_CONFLICT'];

mutation(
  'createChatSession',
  'Creates a chat session.',
  CreateChatSessionInput,
  resultType(payload('createChatSession'), 'CreateChatSessionResult', [...COMMON_ERRORS, 'CAPACITY_EXCEEDED']),
  createChatSession,
);
mutation(
  'updateChatSession',
  'Updates a chat session. If no field differs, the object is returned unchanged.',
  UpdateChatSessionInput,
  resultType(payload('updateChatSession'), 'UpdateChatSessionResult', [...COMMON_ERRORS, 'CONFLICT', 'STALE_VERSION']),
  updateChatSession,
);
mutation(
  'deleteChatSession',
  'Deletes a chat session, which is not allowed while its position holds money. The chat session can be restored until it is removed permanently: after the retention period, and not before its position is in a terminal state.',
  named('DeleteChatSessionInput', 'Input for deleteChatSession.'),
  resultType(payload('deleteChatSession'), 'DeleteChatSessionResult', [...COMMON_ERRORS, 'CONFLICT', 'STALE_VERSION']),
  deleteChatSession,
);
mutation(
  'restoreChatSession',
  'Restores a deleted chat session.',
  named('RestoreChatSessionInput', 'Input for restoreChatSession.'),
  resultType(payload('restoreChatSession'), 'RestoreChatSessionResult', [
    ...COMMON_ERRORS,
    'CAPACITY_EXCEEDED',
    'STALE_VERSION',
  ]),
  restoreChatSession,
);
