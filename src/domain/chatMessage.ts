import { canonicalJson } from './canonicalJson.ts';
import type { ChatSession } from './chatSession.ts';
import type { Id } from './ids.ts';
import { typeIdOfText } from './ids.ts';
import { Issues } from './issues.ts';
import { LIMITS } from './limits.ts';
import { type Instant, notBefore } from './time.ts';
import { tokensOf } from './tokens.ts';
import { ConflictError } from './userErrors.ts';

/** A message of a chat session. */
export interface ChatMessage {
  readonly id: Id;
  readonly institutionId: Id;
  readonly sessionId: Id;
  /** Gapless within a session, from 1. */
  readonly sequence: number;
  readonly authorReference: string;
  /** The text, or null if the message was deleted. */
  readonly body: string | null;
  readonly replyToId: Id | null;
  readonly idempotencyKey: string | null;
  readonly version: number;
  readonly createdAt: Instant;
  readonly editedAt: Instant | null;
  readonly deletedAt: Instant | null;
  readonly deletionReason: string | null;
}

/** The maximum number of revisions of a message: one per edit, and its last text once it is deleted. */
export const MAX_REVISIONS = LIMITS.revisions + 1;

/** An earlier text of a message, from before an edit or before its deletion. */
export interface ChatRevision {
  readonly id: Id;
  readonly institutionId: Id;
  readonly messageId: Id;
  /** The version that the message had with this text. */
  readonly version: number;
  readonly body: string;
  /** When the message got this text. */
  readonly createdAt: Instant;
}

/** The last message that a participant has read in a session. */
export interface ReadMark {
  readonly id: Id;
  readonly institutionId: Id;
  readonly sessionId: Id;
  readonly participantReference: string;
  /** The sequence of the last message that was read. */
  readonly sequence: number;
  readonly version: number;
}

/**
 * The id is derived from the session and the participant, so each pair has at most one mark and it can be looked up.
 */
export const readMarkId = (sessionId: Id, participantReference: string): Id =>
  typeIdOfText('mark', canonicalJson([sessionId, participantReference]));

/** Returns the tokens by which the session of a message is found; none if the message was deleted. */
export const tokensOfMessage = ({ body }: ChatMessage): readonly string[] => (body === null ? [] : tokensOf(body));

/** Validates a message body. Problems are added to the issues. */
export const checkedBody = (body: string, issues: Issues): string => issues.text(['body'], body, LIMITS.bodyCharacters);

/** Throws ConflictError if the session does not accept messages. */
export function assertAcceptsMessages({ deleted, active }: ChatSession): void {
  if (deleted) throw new ConflictError('The chat session is deleted. Restore it first.', ['chatSessionId']);
  if (!active)
    throw new ConflictError('The chat session is not active. Set its `active` to true first.', ['chatSessionId']);
}

/** Throws ValidationError if the mark is beyond the last message. */
export function checkMark({ messageCount }: ChatSession, upToSequence: number): void {
  const issues = new Issues();
  if (upToSequence > messageCount)
    issues.add(['upToSequence'], `must be at most ${messageCount}, the sequence of the last message.`);
  issues.throwIfAny();
}

/** When the message was last changed: posted, edited or deleted. */
export const changedAt = ({ createdAt, editedAt, deletedAt }: ChatMessage): Instant =>
  deletedAt ?? editedAt ?? createdAt;

/** Returns the message with another body. */
export const editedMessage = (message: ChatMessage, body: string, now: Instant): ChatMessage =>
  Object.freeze({ ...message, body, editedAt: notBefore(changedAt(message), now), version: message.version + 1 });

/** Returns the current text of the message as a revision. */
export function revisionOf(message: ChatMessage): ChatRevision {
  const { institutionId, id: messageId, version, body } = message;
  const own = { id: `${messageId}_${version}`, institutionId, messageId, version };
  return Object.freeze({ ...own, body: body ?? '', createdAt: changedAt(message) });
}

/** Returns the message as deleted, without its text, which is kept as a revision. */
export const tombstoneOf = (message: ChatMessage, deletionReason: string | null, now: Instant): ChatMessage =>
  Object.freeze({
    ...message,
    body: null,
    deletedAt: notBefore(changedAt(message), now),
    deletionReason,
    version: message.version + 1,
  });
