import {
  type ChatMessageChanged,
  deleteChatMessage,
  editChatMessage,
  markChatSessionRead,
  postChatMessage,
} from '../commands/chatMessage.ts';
import { type ChatMessage as ChatMessageRow, type ChatRevision, MAX_REVISIONS } from '../domain/chatMessage.ts';
import { LIMITS } from '../domain/limits.ts';
import { EVERYONE } from '../domain/rights.ts';
import { firstOf } from '../store/window.ts';
import { builder, type ObjectFields } from './builder.ts';
import { ChatSession } from './chatSession.ts';
import { createdAtField, reference, VERSION } from './entityFields.ts';
import { withinNumbers } from './filter.ts';
import { listable } from './list.ts';
import { EXPECTED_VERSION, mutation } from './mutation.ts';
import { Node } from './node.ts';

const ChatMessageRevision = builder.objectRef<ChatRevision>('ChatMessageRevision').implement({
  description: 'An earlier text of a message, kept when the message was edited or deleted.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: 'The version of the message that had this text.' }),
    body: t.exposeString('body', { description: 'The text.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the message received this text.' }),
  }),
});

export const ChatMessage = builder.objectRef<ChatMessageRow>('ChatMessage');
ChatMessage.implement({
  description: 'A message of a chat session.',
  interfaces: [Node],
  fields: (t) => ({
    chatSession: reference(t, ChatSession, 'sessionId', 'The chat session of the message.'),
    sequence: t.exposeInt('sequence', {
      description: 'The number of the message within the chat session, starting at 1, without gaps.',
    }),
    authorReference: t.exposeString('authorReference', { description: 'The client-supplied reference of the author.' }),
    body: t.exposeString('body', { nullable: true, description: 'The text, or null if the message was deleted.' }),
    replyTo: reference(
      t,
      ChatMessage,
      'replyToId',
      'The message that this one replies to, or null if it is not a reply.',
    ),
    revisions: t.field({
      type: [ChatMessageRevision],
      nullable: true,
      description: `The earlier texts of the message, oldest first: at most ${LIMITS.revisions} from edits, and the last text of a deleted message.`,
      // Few messages are edited. A deleted message has one revision more than edits: its last text.
      extensions: { cost: { items: 2, maxItems: LIMITS.revisions + 1 }, reads: ['id'] },
      resolve: ({ id }, _args, { read }) => {
        const page = read.chatRevisions.page(
          firstOf({
            parent: { field: 'messageId', id },
            order: { by: ['version'], direction: 'ASC' },
            limit: MAX_REVISIONS,
          }),
        );
        return page instanceof Promise ? page.then(({ rows }) => rows) : page.rows;
      },
    }),
    idempotencyKey: t.exposeString('idempotencyKey', {
      nullable: true,
      description:
        'The idempotency key with which the message was posted, or null without one. A client recognizes its own messages by it.',
    }),
    version: t.exposeInt('version', { description: VERSION }),
    ...createdAtField(t, 'When the message was posted.'),
    editedAt: t.expose('editedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the message was last edited, or null if it never was.',
    }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the message was deleted, or null if it was not.',
    }),
    deletionReason: t.exposeString('deletionReason', {
      nullable: true,
      description: 'The reason for the deletion, or null if the message was not deleted or no reason was given.',
    }),
  }),
});

listable(ChatMessage, {
  prefix: 'msg',
  table: 'chatMessages',
  roles: EVERYONE,
  filter: {
    sequence: withinNumbers(
      'sequence',
      'Only messages whose sequence is within these bounds: { gt: 41 } returns 42 and later.',
    ),
  },
  order: { by: ['sequence'], direction: 'ASC' },
  edges: [
    {
      on: ChatSession,
      name: 'messages',
      field: 'sessionId',
      description: 'The messages of the chat session, oldest first. Use `last: n` for the newest n.',
    },
  ],
});

const payload = (t: ObjectFields<ChatMessageChanged>) => ({
  chatMessage: t.expose('chatMessage', { type: ChatMessage, description: 'The message.' }),
});

mutation(postChatMessage, 'Posts a message in a chat session.', {
  input: (t) => ({
    chatSessionId: t.id({ required: true, description: 'The chat session. Must be active and not deleted.' }),
    authorReference: t.string({ required: true, description: 'Your reference of the author. 1 to 200 characters.' }),
    body: t.string({ required: true, description: 'The text. 1 to 10,000 characters.' }),
    replyToId: t.id({ description: 'The message to reply to. Must be in the same chat session.' }),
  }),
  payload: (t) => ({
    ...payload(t),
    chatSession: t.expose('chatSession', { type: ChatSession, description: 'The chat session, in its current state.' }),
  }),
});

mutation(
  editChatMessage,
  `Edits a message, at most ${LIMITS.revisions} times. The earlier texts are kept as revisions. If the text does not differ, the message is returned unchanged.`,
  {
    input: (t) => ({
      chatMessageId: t.id({ required: true, description: 'The message.' }),
      body: t.string({ required: true, description: 'The new text. 1 to 10,000 characters.' }),
      expectedVersion: t.int({ description: EXPECTED_VERSION }),
    }),
    payload,
  },
);

mutation(
  deleteChatMessage,
  'Deletes the text of a message. The message stays in the list without its body, and its last text is kept as a revision. A message that is already deleted is returned unchanged.',
  {
    input: (t) => ({
      chatMessageId: t.id({ required: true, description: 'The message.' }),
      reason: t.string({ description: 'The reason. At most 1,000 characters.' }),
    }),
    payload,
  },
);

mutation(markChatSessionRead, 'Sets the read mark of a participant in a chat session.', {
  input: (t) => ({
    chatSessionId: t.id({ required: true, description: 'The chat session.' }),
    participantReference: t.string({
      required: true,
      description: 'Your reference of the participant. 1 to 200 characters.',
    }),
    upToSequence: t.int({
      required: true,
      description: 'The sequence of the last message that the participant has read. The read mark never moves back.',
    }),
  }),
  result: 'Result of a successful markChatSessionRead. The read mark is at the sequence, or was already after it.',
  payload: (t) => ({
    chatSession: t.expose('chatSession', { type: ChatSession, description: 'The chat session.' }),
  }),
});
