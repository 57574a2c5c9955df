import {
  type ChatSessionChanged,
  createChatSession,
  deleteChatSession,
  restoreChatSession,
  updateChatSession,
} from '../commands/chatSession.ts';
import type { InputFields, ObjectFields } from './builder.ts';
import { ACTIVE, ChatPriority, ChatSession } from './chatSession.ts';
import { EXPECTED_VERSION, mutation, PATCH } from './mutation.ts';

const payload = (t: ObjectFields<ChatSessionChanged>) => ({
  chatSession: t.expose('chatSession', { type: ChatSession, description: 'The chat session.' }),
});

/** The input of a mutation that only names the chat session. */
const input = (t: InputFields) => ({
  chatSessionId: t.id({ required: true, description: 'The chat session.' }),
  expectedVersion: t.int({ description: EXPECTED_VERSION }),
});

mutation(createChatSession, 'Creates a chat session.', {
  input: (t) => ({
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
  }),
  payload,
});

mutation(updateChatSession, 'Updates a chat session. If no field differs, the object is returned unchanged.', {
  inputNote: PATCH,
  input: (t) => ({
    chatSessionId: t.id({ required: true, description: 'The chat session to update.' }),
    title: t.string({ description: 'The subject. 1 to 200 characters.' }),
    description: t.string({
      description: 'A longer description of the subject. At most 10,000 characters. Null removes it.',
    }),
    priority: t.field({ type: ChatPriority, description: 'The urgency.' }),
    active: t.boolean({ description: ACTIVE }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
  }),
  payload,
});

mutation(
  deleteChatSession,
  'Deletes a chat session, which is not allowed while its position holds money. The chat session can be restored until it is removed permanently: after the retention period, and not before its position is in a terminal state.',
  { input, payload },
);

mutation(restoreChatSession, 'Restores a deleted chat session.', { input, payload });
