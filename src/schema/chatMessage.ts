import {
  type ChatMessageChanged,
  type ChatMessagePosted,
  type ChatSessionRead,
  deleteChatMessage,
  editChatMessage,
  markChatSessionRead,
  postChatMessage,
} from '../commands/chatMessage.ts';
import type { Replayable } from '../commands/perform.ts';
import { type ChatMessage as ChatMessageRow, type ChatRevision, MAX_REVISIONS } from '../domain/chatMessage.ts';
import { LIMITS } from '../domain/limits.ts';
import { firstOf } from '../store/window.ts';
import { builder } from './builder.ts';
import { ChatSession } from './chatSession.ts';
import { connect, connectionType, pageArgs } from './connection.ts';
import { IntRange, whereOf, within } from './filter.ts';
import { VERSIONED } from './institution.ts';
import { EXPECTED_VERSION, IDEMPOTENCY_KEY, mutation, REPLAYED, resultType } from './mutation.ts';
import { Node, node } from './node.ts';

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
    chatSession: t.field({
      type: ChatSession,
      nullable: true,
      description: 'The chat session of the message.',
      resolve: ({ sessionId }, _args, { read }) => read.chatSessions.byId(sessionId),
    }),
    sequence: t.exposeInt('sequence', {
      description: 'The number of the message within the chat session, starting at 1, without gaps.',
    }),
    authorReference: t.exposeString('authorReference', { description: 'The client-supplied reference of the author.' }),
    body: t.exposeString('body', { nullable: true, description: 'The text, or null if the message was deleted.' }),
    replyTo: t.field({
      type: ChatMessage,
      nullable: true,
      description: 'The message that this one replies to, or null if it is not a reply.',
      resolve: ({ replyToId }, _args, { read }) => (replyToId === null ? null : read.chatMessages.byId(replyToId)),
    }),
    revisions: t.field({
      type: [ChatMessageRevision],
      nullable: true,
      description: `The earlier texts of the message, oldest first: at most ${LIMITS.revisions} from edits, and the last text of a deleted message.`,
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
    version: t.exposeInt('version', { description: VERSIONED.version }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the message was posted.' }),
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
node('msg', 'ChatMessage', (read, id) => read.chatMessages.byId(id));

const ChatMessageConnection = connectionType(ChatMessage);
const ChatMessageFilter = builder.inputType('ChatMessageFilter', {
  description: 'Filters the messages of a chat session.',
  fields: (t) => ({
    sequence: t.field({
      type: IntRange,
      description: 'Only messages whose sequence is within these bounds: { gt: 41 } returns 42 and later.',
    }),
  }),
});

builder.objectField(ChatSession, 'messages', (t) =>
  t.field({
    type: ChatMessageConnection,
    nullable: true,
    description: 'The messages of the chat session, oldest first. Use `last: n` for the newest n.',
    args: {
      filter: t.arg({ type: ChatMessageFilter, description: 'Filters the messages. Defaults to all.' }),
      ...pageArgs,
    },
    resolve: ({ id }, { filter, ...page }, { read }) => {
      const where = whereOf<ChatMessageRow>({ sequence: within(filter?.sequence) });
      const selection = { parent: { field: 'sessionId', id }, where } as const;
      return connect(read.chatMessages, 'ChatMessage', selection, { by: ['sequence'], direction: 'ASC' }, page);
    },
  }),
);

const PostChatMessageInput = builder.inputType('PostChatMessageInput', {
  description: 'Input for postChatMessage.',
  fields: (t) => ({
    chatSessionId: t.id({ required: true, description: 'The chat session. Must be active and not deleted.' }),
    authorReference: t.string({ required: true, description: 'Your reference of the author. 1 to 200 characters.' }),
    body: t.string({ required: true, description: 'The text. 1 to 10,000 characters.' }),
    replyToId: t.id({ description: 'The message to reply to. Must be in the same chat session.' }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});
const EditChatMessageInput = builder.inputType('EditChatMessageInput', {
  description: 'Input for editChatMessage.',
  fields: (t) => ({
    chatMessageId: t.id({ required: true, description: 'The message.' }),
    body: t.string({ required: true, description: 'The new text. 1 to 10,000 characters.' }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
  }),
});
const DeleteChatMessageInput = builder.inputType('DeleteChatMessageInput', {
  description: 'Input for deleteChatMessage.',
  fields: (t) => ({
    chatMessageId: t.id({ required: true, description: 'The message.' }),
    reason: t.string({ description: 'The reason. At most 1,000 characters.' }),
  }),
});
const MarkChatSessionReadInput = builder.inputType('MarkChatSessionReadInput', {
  description: 'Input for markChatSessionRead.',
  fields: (t) => ({
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
});

const PostChatMessagePayload = builder.objectRef<Replayable<ChatMessagePosted>>('PostChatMessagePayload').implement({
  description: 'Result of a successful postChatMessage.',
  fields: (t) => ({
    chatMessage: t.expose('chatMessage', { type: ChatMessage, description: 'The message.' }),
    chatSession: t.expose('chatSession', { type: ChatSession, description: 'The chat session, in its current state.' }),
    replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
  }),
});
const changed = (name: string, description: string) =>
  builder.objectRef<ChatMessageChanged>(name).implement({
    description,
    fields: (t) => ({ chatMessage: t.expose('chatMessage', { type: ChatMessage, description: 'The message.' }) }),
  });
const MarkChatSessionReadPayload = builder.objectRef<ChatSessionRead>('MarkChatSessionReadPayload').implement({
  description: 'Result of a successful markChatSessionRead. The read mark is at the sequence, or was already after it.',
  fields: (t) => ({ chatSession: t.expose('chatSession', { type: ChatSession, description: 'The chat session.' }) }),
});

mutation(
  'postChatMessage',
  'Posts a message in a chat session.',
  PostChatMessageInput,
  resultType(PostChatMessagePayload, 'PostChatMessageResult', [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'NOT_FOUND',
    'CONFLICT',
    'CAPACITY_EXCEEDED',
    'IDEMPOTENCY_CONFLICT',
  ]),
  postChatMessage,
);
mutation(
  'editChatMessage',
  `Edits a message, at most ${LIMITS.revisions} times. The earlier texts are kept as revisions. If the text does not differ, the message is returned unchanged.`,
  EditChatMessageInput,
  resultType(changed('EditChatMessagePayload', 'Result of a successful editChatMessage.'), 'EditChatMessageResult', [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'NOT_FOUND',
    'CONFLICT',
    'STALE_VERSION',
  ]),
  editChatMessage,
);
mutation(
  'deleteChatMessage',
  'Deletes the text of a message. The message stays in the list without its body, and its last text is kept as a revision. A message that is already deleted is returned unchanged.',
  DeleteChatMessageInput,
  resultType(
    changed('DeleteChatMessagePayload', 'Result of a successful deleteChatMessage.'),
    'DeleteChatMessageResult',
    ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND'],
  ),
  deleteChatMessage,
);
mutation(
  'markChatSessionRead',
  'Sets the read mark of a participant in a chat session.',
  MarkChatSessionReadInput,
  resultType(MarkChatSessionReadPayload, 'MarkChatSessionReadResult', ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND']),
  markChatSessionRead,
);
