import { type ChatMessage, type ReadMark, readMarkId, revisionOf } from '../../src/domain/chatMessage.ts';
import { CHAT_PRIORITIES, type ChatSession } from '../../src/domain/chatSession.ts';
import type { Id } from '../../src/domain/ids.ts';
import { nextId, START } from './rows.ts';

export const aSession = (institutionId: Id, over: Partial<ChatSession> = {}): ChatSession => ({
  id: nextId('chat'),
  institutionId,
  positionId: null,
  ownerReference: 'owner',
  title: 'Pier 9',
  description: null,
  priority: CHAT_PRIORITIES.MEDIUM,
  active: true,
  deleted: false,
  deletedAt: null,
  edition: 1,
  messageCount: 0,
  createdAt: START,
  updatedAt: START,
  lastActivityAt: START,
  version: 1,
  ...over,
});

export const aMessage = (of: ChatSession, sequence: number, over: Partial<ChatMessage> = {}): ChatMessage => ({
  id: nextId('msg'),
  institutionId: of.institutionId,
  sessionId: of.id,
  sequence,
  authorReference: 'ann',
  body: 'Hello',
  replyToId: null,
  idempotencyKey: null,
  version: 1,
  createdAt: START,
  editedAt: null,
  deletedAt: null,
  deletionReason: null,
  ...over,
});

export const aTombstone = { body: null, deletedAt: START } as const;
export const aRevision = revisionOf;

export const aMark = (of: ChatSession, participantReference: string, sequence: number): ReadMark => ({
  id: readMarkId(of.id, participantReference),
  institutionId: of.institutionId,
  sessionId: of.id,
  participantReference,
  sequence,
  version: 1,
});
