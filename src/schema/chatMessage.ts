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
import { IDEMPOTENCY_KEY, mutation, REPLAYED, resultType } from './mutation.ts';
import { Node, node } from './node.ts';

const ChatMessageRevision = builder.objectRef<ChatRevision>('ChatMessageRevision').implement({
  description: 'An earlier text of a message: what it said before an edit, or before it was deleted.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: "The message's version when it said this." }),
    body: t.exposeString('body', { description: 'What it said.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it began to say this.' }),
  }),
});

export const ChatMessage = builder.objectRef<ChatMessageRow>('ChatMessage');
ChatMessage.implement({
  description: 'One message of a chat session.',
  interfaces: [Node],
  fields: (t) => ({
    chatSession: t.field({
      type: ChatSession,
      nullable: true,
      description: 'The session that it is in.',
      resolve: ({ sessionId }, _args, { read }) => read.chatSessions.byId(sessionId),
    }),
    sequence: t.exposeInt('sequence', { description: 'Its place in the session, from 1, without a gap.' }),
    authorReference: t.exposeString('authorReference', { description: "Who wrote it: the client's reference." }),
    body: t.exposeString('body', { nullable: true, description: 'What it says; null: it was deleted.' }),
    replyTo: t.field({
      type: ChatMessage,
      nullable: true,
      description: 'The message that it answers.',
      resolve: ({ replyToId }, _args, { read }) => (replyToId === null ? null : read.chatMessages.byId(replyToId)),
    }),
    revisions: t.field({
      type: [ChatMessageRevision],
      nullable: true,
      description: `The earlier texts of the message, oldest first: at most ${LIMITS.revisions} from edits, and the last text of a deleted message.`,
      resolve: ({ id }, _args, { read }) => {
        const page = read.chatRevisions.page(
          firstOf({
            of: { field: 'messageId', id },
            order: { by: ['version'], direction: 'ASC' },
            limit: MAX_REVISIONS,
          }),
        );
        return page instanceof Promise ? page.then(({ rows }) => rows) : page.rows;
      },
    }),
    idempotencyKey: t.exposeString('idempotencyKey', {
      nullable: true,
      description: 'The key that it was posted with, by which a client finds its own.',
    }),
    version: t.exposeInt('version', { description: VERSIONED.version }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was posted.' }),
    editedAt: t.expose('editedAt', { type: 'DateTime', nullable: true, description: 'When it was last edited.' }),
    deletedAt: t.expose('deletedAt', { type: 'DateTime', nullable: true, description: 'When it was deleted.' }),
    deletionReason: t.exposeString('deletionReason', { nullable: true, description: 'Why it was deleted.' }),
  }),
});
node('msg', 'ChatMessage', (read, id) => read.chatMessages.byId(id));

const ChatMessageConnection = connectionType(ChatMessage);
const ChatMessageFilter = builder.inputType('ChatMessageFilter', {
  description: 'Which messages of a session.',
  fields: (t) => ({ sequence: t.field({ type: IntRange, description: 'Of such a sequence: { gt: 41 } from 42 on.' }) }),
});

builder.objectField(ChatSession, 'messages', (t) =>
  t.field({
    type: ChatMessageConnection,
    nullable: true,
    description: 'Its messages, oldest first; the newest page is `last: n`.',
    args: { filter: t.arg({ type: ChatMessageFilter, description: 'Which of them; all if left out.' }), ...pageArgs },
    resolve: ({ id }, { filter, ...page }, { read }) => {
      const where = whereOf<ChatMessageRow>({ sequence: within(filter?.sequence) });
      const selection = { of: { field: 'sessionId', id }, where } as const;
      return connect(read.chatMessages, 'ChatMessage', selection, { by: ['sequence'], direction: 'ASC' }, page);
    },
  }),
);

const PostChatMessageInput = builder.inputType('PostChatMessageInput', {
  description: 'A new message.',
  fields: (t) => ({
    chatSessionId: t.id({ required: true, description: 'The session, which must be active.' }),
    authorReference: t.string({ required: true, description: 'Who writes it: 1 to 200 characters.' }),
    body: t.string({ required: true, description: 'What it says: 1 to 10,000 characters.' }),
    replyToId: t.id({ description: 'A message of the same session that it answers.' }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});
const EditChatMessageInput = builder.inputType('EditChatMessageInput', {
  description: 'Another body for a message.',
  fields: (t) => ({
    chatMessageId: t.id({ required: true, description: 'The message.' }),
    body: t.string({ required: true, description: 'What it shall say: 1 to 10,000 characters.' }),
    expectedVersion: t.int({ description: 'The version last read; if it is another now, StaleVersionError.' }),
  }),
});
const DeleteChatMessageInput = builder.inputType('DeleteChatMessageInput', {
  description: 'The end of a message.',
  fields: (t) => ({
    chatMessageId: t.id({ required: true, description: 'The message.' }),
    reason: t.string({ description: 'Why: at most 1,000 characters.' }),
  }),
});
const MarkChatSessionReadInput = builder.inputType('MarkChatSessionReadInput', {
  description: 'How far a participant has read.',
  fields: (t) => ({
    chatSessionId: t.id({ required: true, description: 'The session.' }),
    participantReference: t.string({ required: true, description: 'Who has read: 1 to 200 characters.' }),
    upToSequence: t.int({
      required: true,
      description: 'The sequence of the last message read; a mark never moves back.',
    }),
  }),
});

const PostChatMessagePayload = builder.objectRef<Replayable<ChatMessagePosted>>('PostChatMessagePayload').implement({
  description: 'The message was posted.',
  fields: (t) => ({
    chatMessage: t.expose('chatMessage', { type: ChatMessage, description: 'The message.' }),
    chatSession: t.expose('chatSession', { type: ChatSession, description: 'The session, as it is now.' }),
    replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
  }),
});
const changed = (name: string, description: string) =>
  builder.objectRef<ChatMessageChanged>(name).implement({
    description,
    fields: (t) => ({ chatMessage: t.expose('chatMessage', { type: ChatMessage, description: 'The message.' }) }),
  });
const MarkChatSessionReadPayload = builder.objectRef<ChatSessionRead>('MarkChatSessionReadPayload').implement({
  description: 'The mark stands there, or further on.',
  fields: (t) => ({ chatSession: t.expose('chatSession', { type: ChatSession, description: 'The session.' }) }),
});

mutation(
  'postChatMessage',
  'Posts a message.',
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
  `Edits a message, at most ${LIMITS.revisions} times; what it said before is kept. With the body that it has already it is answered as it is.`,
  EditChatMessageInput,
  resultType(changed('EditChatMessagePayload', 'The message was edited.'), 'EditChatMessageResult', [
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
  'Deletes a message. A tombstone stays in its place, and its last text is kept as a revision.',
  DeleteChatMessageInput,
  resultType(changed('DeleteChatMessagePayload', 'The message is deleted.'), 'DeleteChatMessageResult', [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'NOT_FOUND',
  ]),
  deleteChatMessage,
);
mutation(
  'markChatSessionRead',
  'Says how far a participant has read a session.',
  MarkChatSessionReadInput,
  resultType(MarkChatSessionReadPayload, 'MarkChatSessionReadResult', ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND']),
  markChatSessionRead,
);
