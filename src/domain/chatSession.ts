import type { Id } from './ids.ts';
import { Issues, type Maybe } from './issues.ts';
import { LIMITS } from './limits.ts';
import { type Instant, notBefore } from './time.ts';
import { tokensOf } from './tokens.ts';

/** The priorities from lowest to highest; the stored priority of a session is its rank here. */
export const CHAT_PRIORITIES = { LOW: 1, MEDIUM: 2, HIGH: 3, URGENT: 4 } as const;
/** The priority of a chat session; 4 (URGENT) is the highest. */
export type ChatPriority = (typeof CHAT_PRIORITIES)[keyof typeof CHAT_PRIORITIES];

/** A conversation that belongs to an institution and may concern a position. */
export interface ChatSession {
  readonly id: Id;
  readonly institutionId: Id;
  readonly positionId: Id | null;
  readonly ownerReference: string;
  readonly title: string;
  /** The description, or null if there is none. Undefined in lists that were loaded without it. */
  readonly description: string | null;
  readonly priority: ChatPriority;
  readonly active: boolean;
  readonly deleted: boolean;
  readonly deletedAt: Instant | null;
  /** Counts the changes of the session's own fields, from 1. The API exposes it as `version`. */
  readonly edition: number;
  readonly messageCount: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly lastActivityAt: Instant;
  /** Counts every write of the row, including those caused by messages. */
  readonly version: number;
}

/** Returns the search tokens of the session's own texts. Each message has its own tokens. */
export const tokensOfSession = ({ title, description }: ChatSession): readonly string[] =>
  tokensOf(`${title}\n${description ?? ''}`);

/** The properties that a client chooses for a new chat session. */
export interface ChatSessionInput {
  readonly ownerReference: string;
  readonly title: string;
  readonly description?: Maybe<string>;
  readonly priority?: Maybe<ChatPriority>;
  readonly active?: Maybe<boolean>;
}
/** Validated properties of a new chat session. */
export type CheckedSession = Pick<ChatSession, 'ownerReference' | 'title' | 'description' | 'priority' | 'active'>;

/** Validates the input without reading the store. Throws ValidationError. */
export function checkChatSession(input: ChatSessionInput, issues = new Issues()): CheckedSession {
  const ownerReference = issues.text(['ownerReference'], input.ownerReference);
  const title = issues.text(['title'], input.title);
  const description = issues.note(['description'], input.description, LIMITS.bodyCharacters);
  issues.throwIfAny();
  const { priority, active } = input;
  return { ownerReference, title, description, priority: priority ?? CHAT_PRIORITIES.MEDIUM, active: active ?? true };
}

/** Returns a new chat session without messages. */
export const newChatSession = (
  checked: CheckedSession,
  institutionId: Id,
  positionId: Id | null,
  id: Id,
  now: Instant,
): ChatSession =>
  Object.freeze({
    id,
    institutionId,
    positionId,
    ownerReference: checked.ownerReference,
    title: checked.title,
    description: checked.description,
    priority: checked.priority,
    active: checked.active,
    deleted: false,
    deletedAt: null,
    edition: 1,
    messageCount: 0,
    createdAt: now,
    updatedAt: now,
    lastActivityAt: now,
    version: 1,
  });

/** The changes of an update; an absent field stays as it is. */
export interface ChatSessionPatch {
  readonly title?: Maybe<string>;
  readonly description?: Maybe<string>;
  readonly priority?: Maybe<ChatPriority>;
  readonly active?: Maybe<boolean>;
}

/**
 * Validates the input without reading the store: an absent field stays as it is, and only the description may be null.
 * Throws ValidationError.
 */
export function checkChatSessionPatch(
  { title, description, priority, active }: ChatSessionPatch,
  issues = new Issues(),
): Partial<CheckedSession> {
  const fixed = { title, priority, active };
  for (const [name, value] of Object.entries(fixed)) if (value === null) issues.add([name], 'must not be null.');
  if (typeof title === 'string') issues.text(['title'], title);
  if (description !== undefined) issues.note(['description'], description, LIMITS.bodyCharacters);
  issues.throwIfAny();
  const given = Object.entries({ ...fixed, description }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<CheckedSession>;
}

/** Returns the fields that mark a session as deleted. */
export const deletedSession = (session: ChatSession, now: Instant): Partial<ChatSession> => ({
  deleted: true,
  deletedAt: notBefore(session.updatedAt, now),
});

/** Returns the session with changed fields and the next edition. */
export const editedSession = (session: ChatSession, change: Partial<ChatSession>, now: Instant): ChatSession =>
  Object.freeze({
    ...session,
    ...change,
    edition: session.edition + 1,
    updatedAt: notBefore(session.updatedAt, now),
    version: session.version + 1,
  });

/** Returns the session after one more message. */
export const sessionWithMessage = (session: ChatSession, now: Instant): ChatSession =>
  Object.freeze({
    ...session,
    messageCount: session.messageCount + 1,
    lastActivityAt: notBefore(session.lastActivityAt, now),
    version: session.version + 1,
  });
