import { tokensOfMessage } from '../../domain/chatMessage.ts';
import { tokensOfSession } from '../../domain/chatSession.ts';
import type { Tables } from '../store.ts';
import { changing, type DeclaredLayout, fixed, STAMPS } from './layout.ts';
import { lexemesOf } from './lexemes.ts';

type ChatTable = 'chatSessions' | 'chatMessages' | 'chatRevisions' | 'readMarks';

export const CHAT_LAYOUTS: { readonly [T in ChatTable]: DeclaredLayout<Tables[T]> } = {
  chatSessions: {
    table: 'chat_sessions',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      positionId: fixed('text'),
      ownerReference: fixed('text'),
      title: changing('text'),
      description: changing('text'),
      priority: changing('int'),
      active: changing('boolean'),
      deleted: changing('boolean'),
      deletedAt: changing('timestamptz'),
      edition: changing('int'),
      messageCount: changing('int'),
      lastActivityAt: changing('timestamptz'),
      ...STAMPS,
    },
    sort: {},
    leads: {},
    owned: [],
    words: { of: (row) => lexemesOf(row.institutionId, tokensOfSession(row)), from: ['title', 'description'] },
  },
  chatMessages: {
    table: 'chat_messages',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      sessionId: fixed('text'),
      sequence: fixed('int'),
      authorReference: fixed('text'),
      body: changing('text'),
      replyToId: fixed('text'),
      idempotencyKey: fixed('text'),
      version: changing('int'),
      createdAt: fixed('timestamptz'),
      editedAt: changing('timestamptz'),
      deletedAt: changing('timestamptz'),
      deletionReason: changing('text'),
    },
    sort: {},
    leads: {},
    parents: { sessionId: 'chat_sessions' },
    numbered: 'sequence',
    owned: [],
    words: { of: (row) => lexemesOf(row.institutionId, tokensOfMessage(row)), from: ['body'] },
  },
  chatRevisions: {
    table: 'chat_revisions',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      messageId: fixed('text'),
      version: fixed('int'),
      body: fixed('text'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    leads: {},
    parents: { messageId: 'chat_messages' },
    numbered: 'version',
    owned: [],
  },
  readMarks: {
    table: 'read_marks',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      sessionId: fixed('text'),
      participantReference: fixed('text'),
      sequence: changing('int'),
      version: changing('int'),
    },
    sort: {},
    leads: {},
    parents: { sessionId: 'chat_sessions' },
    owned: [],
  },
};
