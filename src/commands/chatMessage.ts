import type { ChangeKind } from '../domain/change.ts';
import {
  assertAcceptsMessages,
  type ChatMessage,
  changedAt,
  checkedBody,
  checkMark,
  editedMessage,
  type ReadMark,
  readMarkId,
  revisionOf,
  tombstoneOf,
} from '../domain/chatMessage.ts';
import { type ChatSession, sessionWithMessage } from '../domain/chatSession.ts';
import type { Id } from '../domain/ids.ts';
import type { Maybe } from '../domain/issues.ts';
import { LIMITS } from '../domain/limits.ts';
import { WRITERS } from '../domain/rights.ts';
import { CapacityExceededError, ConflictError, ValidationError } from '../domain/userErrors.ts';
import type { Writers } from '../store/store.ts';
import { assertVersion, orNotFound } from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';

const sessionResource = (id: Id) => ({ type: 'ChatSession', id }) as const;
const messageResource = (id: Id) => ({ type: 'ChatMessage', id }) as const;

/** Publishes a change of a message. */
function publishChange(tx: Writers, kind: ChangeKind, message: ChatMessage): void {
  const { institutionId, id: objectId, sessionId: detailId } = message;
  const createdAt = changedAt(message);
  tx.publish({ topic: 'CHAT_MESSAGE', kind, institutionId, objectId, detailId, createdAt });
}

/** Input for postChatMessage. */
export interface PostChatMessage extends Idempotent {
  readonly chatSessionId: Id;
  readonly authorReference: string;
  readonly body: string;
  readonly replyToId?: Maybe<Id>;
}
/** Result of postChatMessage. */
export interface ChatMessagePosted {
  readonly chatMessage: ChatMessage;
  readonly chatSession: ChatSession;
}
interface CheckedPost {
  readonly chatSessionId: Id;
  readonly authorReference: string;
  readonly body: string;
  readonly replyToId: Id | null;
}
type LoadedPost = { readonly session: ChatSession | undefined; readonly repliedTo: ChatMessage | undefined };

const post: Command<PostChatMessage, CheckedPost & { readonly key: string | null }, LoadedPost, ChatMessagePosted> = {
  name: 'postChatMessage',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'CAPACITY_EXCEEDED', 'IDEMPOTENCY_CONFLICT'],
  check: ({ chatSessionId, authorReference, body, replyToId, idempotencyKey }, issues) => {
    issues.text(['authorReference'], authorReference);
    checkedBody(body, issues);
    issues.throwIfAny();
    return { chatSessionId, authorReference, body, replyToId: replyToId ?? null, key: idempotencyKey ?? null };
  },
  load: async (tx, { chatSessionId, replyToId }) => {
    const [sessions, messages] = await Promise.all([
      tx.chatSessions.lock([chatSessionId]),
      tx.chatMessages.byIds(replyToId === null ? [] : [replyToId]),
    ]);
    return { session: sessions[0], repliedTo: messages[0] };
  },
  owner: ({ session }) => session?.institutionId,
  act: (tx, { session, repliedTo }, checked, { newId, clock, chatLimits }) => {
    const { chatSessionId, authorReference, body, replyToId, key } = checked;
    const before = orNotFound(session, 'chat session', 'chatSessionId', chatSessionId);
    assertAcceptsMessages(before);
    if (replyToId !== null && repliedTo?.sessionId !== chatSessionId) {
      throw new ValidationError([{ path: ['replyToId'], message: 'must be a message of the same chat session.' }]);
    }
    const { messagesPerSession } = chatLimits;
    if (before.messageCount >= messagesPerSession)
      throw new CapacityExceededError('messages per chat session', messagesPerSession);
    const chatSession = sessionWithMessage(before, clock());
    const chatMessage: ChatMessage = Object.freeze({
      id: newId('msg'),
      institutionId: before.institutionId,
      sessionId: before.id,
      sequence: chatSession.messageCount,
      authorReference,
      body,
      replyToId,
      idempotencyKey: key,
      version: 1,
      createdAt: chatSession.lastActivityAt,
      editedAt: null,
      deletedAt: null,
      deletionReason: null,
    });
    tx.chatMessages.insert(chatMessage);
    tx.chatSessions.replace(chatSession, ['messageCount', 'lastActivityAt']);
    publishChange(tx, 'CREATED', chatMessage);
    return { chatMessage, chatSession };
  },
  resource: (payload, { chatSessionId }) =>
    payload ? messageResource(payload.chatMessage.id) : sessionResource(chatSessionId),
  auditPayload: ({ body: _body, ...input }) => input,
  storePayload: ({ chatMessage }) => ({ id: chatMessage.id, sessionId: chatMessage.sessionId }),
  loadPayload: async (tx, { id, sessionId }) => {
    const [messages, sessions] = await Promise.all([
      tx.chatMessages.byIds([id as Id]),
      tx.chatSessions.byIds([sessionId as Id]),
    ]);
    const chatSession = orNotFound(sessions[0], 'chat session', 'chatSessionId', sessionId as Id);
    return { chatMessage: messages[0] as ChatMessage, chatSession };
  },
};
export const postChatMessage = mutationOf(post);

/** Result of editChatMessage and deleteChatMessage. */
export interface ChatMessageChanged {
  readonly chatMessage: ChatMessage;
}

/** Input for editChatMessage. */
export interface EditChatMessage extends Idempotent {
  readonly chatMessageId: Id;
  readonly body: string;
  readonly expectedVersion?: Maybe<number>;
}

const edit: Command<EditChatMessage, EditChatMessage, ChatMessage | undefined, ChatMessageChanged> = {
  name: 'editChatMessage',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'STALE_VERSION'],
  check: (input, issues) => {
    checkedBody(input.body, issues);
    issues.throwIfAny();
    return input;
  },
  load: async (tx, { chatMessageId }) => (await tx.chatMessages.lock([chatMessageId]))[0],
  owner: (message) => message?.institutionId,
  act: (tx, loaded, { chatMessageId, body, expectedVersion }, { clock }) => {
    const before = orNotFound(loaded, 'chat message', 'chatMessageId', chatMessageId);
    assertVersion(expectedVersion, before.version);
    if (before.deletedAt !== null)
      throw new ConflictError('The message is deleted and cannot be edited.', ['chatMessageId']);
    if (before.body === body) return { chatMessage: before };
    if (before.version > LIMITS.revisions)
      throw new ConflictError(`A message can be edited at most ${LIMITS.revisions} times.`, ['chatMessageId']);
    const chatMessage = editedMessage(before, body, clock());
    tx.chatRevisions.insert(revisionOf(before));
    tx.chatMessages.replace(chatMessage);
    publishChange(tx, 'UPDATED', chatMessage);
    return { chatMessage };
  },
  resource: (_payload, { chatMessageId }) => messageResource(chatMessageId),
  auditPayload: ({ body: _body, ...input }) => input,
};
/** An edit that does not change the text writes nothing. */
export const editChatMessage = mutationOf(edit);

/** Input for deleteChatMessage. */
export interface DeleteChatMessage extends Idempotent {
  readonly chatMessageId: Id;
  readonly reason?: Maybe<string>;
}

const remove: Command<
  DeleteChatMessage,
  DeleteChatMessage & { readonly kept: string | null },
  ChatMessage | undefined,
  ChatMessageChanged
> = {
  name: 'deleteChatMessage',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND'],
  check: (input, issues) => {
    const kept = issues.note(['reason'], input.reason, LIMITS.reasonCharacters);
    issues.throwIfAny();
    return { ...input, kept };
  },
  load: async (tx, { chatMessageId }) => (await tx.chatMessages.lock([chatMessageId]))[0],
  owner: (message) => message?.institutionId,
  act: (tx, loaded, { chatMessageId, kept }, { clock }) => {
    const before = orNotFound(loaded, 'chat message', 'chatMessageId', chatMessageId);
    if (before.deletedAt !== null) return { chatMessage: before };
    const chatMessage = tombstoneOf(before, kept, clock());
    tx.chatRevisions.insert(revisionOf(before));
    tx.chatMessages.replace(chatMessage);
    publishChange(tx, 'DELETED', chatMessage);
    return { chatMessage };
  },
  resource: (_payload, { chatMessageId }) => messageResource(chatMessageId),
};
/** Replaces the message by a tombstone and keeps its last text as a revision. */
export const deleteChatMessage = mutationOf(remove);

/** Input for markChatSessionRead. */
export interface MarkChatSessionRead extends Idempotent {
  readonly chatSessionId: Id;
  readonly participantReference: string;
  readonly upToSequence: number;
}
/** Result of markChatSessionRead. */
export interface ChatSessionRead {
  readonly chatSession: ChatSession;
}
type LoadedMark = { readonly session: ChatSession | undefined; readonly mark: ReadMark | undefined };

const mark: Command<MarkChatSessionRead, MarkChatSessionRead, LoadedMark, ChatSessionRead> = {
  name: 'markChatSessionRead',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND'],
  check: (input, issues) => {
    issues.text(['participantReference'], input.participantReference);
    if (input.upToSequence < 0) issues.add(['upToSequence'], 'must not be negative.');
    issues.throwIfAny();
    return input;
  },
  load: async (tx, { chatSessionId, participantReference }) => {
    const [sessions, marks] = await Promise.all([
      tx.chatSessions.byIds([chatSessionId]),
      tx.readMarks.lock([readMarkId(chatSessionId, participantReference)]),
    ]);
    return { session: sessions[0], mark: marks[0] };
  },
  owner: ({ session }) => session?.institutionId,
  act: (tx, loaded, { chatSessionId, participantReference, upToSequence }) => {
    const chatSession = orNotFound(loaded.session, 'chat session', 'chatSessionId', chatSessionId);
    checkMark(chatSession, upToSequence);
    // A mark never moves back.
    if (upToSequence <= (loaded.mark?.sequence ?? 0)) return { chatSession };
    const { institutionId, id: sessionId } = chatSession;
    const id = readMarkId(sessionId, participantReference);
    const own = { id, institutionId, sessionId, participantReference, sequence: upToSequence };
    // If a concurrent request inserts the same first mark, this transaction is run again.
    if (loaded.mark) tx.readMarks.replace({ ...own, version: loaded.mark.version + 1 });
    else tx.readMarks.insert({ ...own, version: 1 });
    return { chatSession };
  },
  resource: (_payload, { chatSessionId }) => sessionResource(chatSessionId),
};
export const markChatSessionRead = mutationOf(mark);
