import type { ChatSession } from './chatSession.ts';
import { canonicalJson } from './canonicalJson.ts';
import type { Id } from './ids.ts';
import { typeIdOfText } from './ids.ts';
import { Issues } from './issues.ts';
import { LIMITS } from './limits.ts';
import { Conflict } from './refusals.ts';
import { type Instant, notBefore } from './time.ts';
import { tokensOf } from './tokens.ts';

/** One message of a session. */
export interface ChatMessage {
  readonly id: Id;
  readonly institutionId: Id;
  readonly sessionId: Id;
  /** Gapless in a session, from 1. */
  readonly sequence: number;
  readonly authorReference: string;
  /** Null: it was deleted. */
  readonly body: string | null;
  readonly replyToId: Id | null;
  readonly idempotencyKey: string | null;
  readonly version: number;
  readonly createdAt: Instant;
  readonly editedAt: Instant | null;
  readonly deletedAt: Instant | null;
  readonly deletionReason: string | null;
}

/** The most revisions that a message can have: one per edit, and its last text once it is deleted. */
export const MAX_REVISIONS = LIMITS.revisions + 1;

/** An earlier text of a message: what it said before an edit or before its deletion. */
export interface ChatRevision {
  readonly id: Id;
  readonly institutionId: Id;
  readonly messageId: Id;
  /** The message's version when it said this. */
  readonly version: number;
  readonly body: string;
  /** When it began to say this. */
  readonly createdAt: Instant;
}

/** How far a participant has read a session. */
export interface ReadMark {
  readonly id: Id;
  readonly institutionId: Id;
  readonly sessionId: Id;
  readonly participantReference: string;
  /** The sequence of the last message that was read. */
  readonly sequence: number;
  readonly version: number;
}

/** A mark's id says whose and of which session it is, so that there is one and it can be looked up. */
export const readMarkId = (sessionId: Id, participantReference: string): Id =>
  typeIdOfText('mark', canonicalJson([sessionId, participantReference]));

export const tokensOfMessage = ({ body }: ChatMessage): readonly string[] => (body === null ? [] : tokensOf(body));

/** A body, checked. Faults go to the issues. */
export const checkedBody = (body: string, issues: Issues): string => issues.text(['body'], body, LIMITS.bodyCharacters);

/** Refuses with Conflict a session that takes no messages. */
export function mustTakeMessages({ deleted, active }: ChatSession): void {
  if (deleted) throw new Conflict('The session is deleted.', ['chatSessionId']);
  if (!active) throw new Conflict('The session is not active.', ['chatSessionId']);
}

/** Refuses with ValidationFailed a mark beyond the last message. */
export function checkMark({ messageCount }: ChatSession, upToSequence: number): void {
  const issues = new Issues();
  if (upToSequence > messageCount) issues.add(['upToSequence'], `must be at most ${messageCount}, the last message's.`);
  issues.settle();
}

/** When the message was last changed: posted, edited or deleted. */
export const changedAt = ({ createdAt, editedAt, deletedAt }: ChatMessage): Instant =>
  deletedAt ?? editedAt ?? createdAt;

/** The message with another body. */
export const editedMessage = (message: ChatMessage, body: string, now: Instant): ChatMessage =>
  Object.freeze({ ...message, body, editedAt: notBefore(changedAt(message), now), version: message.version + 1 });

/** What the message said until now. */
export function revisionOf(message: ChatMessage): ChatRevision {
  const { institutionId, id: messageId, version, body } = message;
  const own = { id: `${messageId}_${version}`, institutionId, messageId, version };
  return Object.freeze({ ...own, body: body ?? '', createdAt: changedAt(message) });
}

/** A deleted message, without its text: that is kept as a revision. */
export const tombstoneOf = (message: ChatMessage, deletionReason: string | null, now: Instant): ChatMessage =>
  Object.freeze({
    ...message,
    body: null,
    deletedAt: notBefore(changedAt(message), now),
    deletionReason,
    version: message.version + 1,
  });
