import { readMarkId } from '../domain/chatMessage.ts';
import { CHAT_PRIORITIES, type ChatSession as ChatSessionRow } from '../domain/chatSession.ts';
import { LIMITS } from '../domain/limits.ts';
import { EVERYONE } from '../domain/rights.ts';
import { isWithin, textIssue } from '../domain/text.ts';
import { tokensOf } from '../domain/tokens.ts';
import type { WithUnread } from '../store/store.ts';
import { builder } from './builder.ts';
import { createdAtField, reference, VERSION } from './entityFields.ts';
import { badInput } from './errors.ts';
import { anyOf, equals, withinTimes } from './filter.ts';
import { Institution, ownerField } from './institution.ts';
import { BY_TIME, listable } from './list.ts';
import { fieldsOfRows, type Selected, stringArgument } from './lookAhead.ts';
import { Node } from './node.ts';
import { Position } from './position.ts';

export const ChatPriority = builder.enumType('ChatPriority', {
  description: 'The urgency of a chat session.',
  values: {
    LOW: { value: CHAT_PRIORITIES.LOW, description: 'Lower than normal urgency.' },
    MEDIUM: { value: CHAT_PRIORITIES.MEDIUM, description: 'Normal urgency; the default.' },
    HIGH: { value: CHAT_PRIORITIES.HIGH, description: 'Higher than normal urgency.' },
    URGENT: { value: CHAT_PRIORITIES.URGENT, description: 'Requires immediate attention.' },
  } as const,
});

/** Returns the reference. Throws BAD_USER_INPUT if it cannot be stored, so that no participant can have it. */
function participant(text: string): string {
  const fault = textIssue(text);
  if (fault !== undefined) throw badInput(`\`participantReference\` ${fault}`);
  return text;
}

export const ACTIVE =
  'Whether the chat session accepts new messages. Edits, deletions and read marks are always possible.';

export const ChatSession = builder.objectRef<ChatSessionRow & WithUnread>('ChatSession').implement({
  description: 'A conversation, optionally about one position.',
  interfaces: [Node],
  fields: (t) => ({
    institution: ownerField(t, 'chat session'),
    position: reference(
      t,
      Position,
      'positionId',
      'The position that the chat session is about, or null if it is about none.',
    ),
    ownerReference: t.exposeString('ownerReference', {
      description: 'The client-supplied reference of the owner, who leads the conversation.',
    }),
    title: t.exposeString('title', { description: 'The subject of the conversation.' }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'A longer description of the subject, or null without one.',
    }),
    priority: t.expose('priority', { type: ChatPriority, description: 'The urgency.' }),
    active: t.exposeBoolean('active', { description: ACTIVE }),
    version: t.exposeInt('edition', { description: `${VERSION} Messages do not count.` }),
    ...createdAtField(t),
    updatedAt: t.expose('updatedAt', {
      type: 'DateTime',
      description: 'When the own fields of the chat session were last changed. Messages do not count.',
    }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      description: 'When the last message was posted. Equal to `createdAt` before the first message.',
    }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the chat session was deleted, or null if it was not. It can be restored for a time.',
    }),
    messageCount: t.exposeInt('messageCount', { description: 'The number of messages, including deleted ones.' }),
    unreadCount: t.int({
      nullable: true,
      description:
        'The number of messages after the read mark of the participant, without deleted ones and those that the participant wrote.',
      // It can scan an index.
      extensions: { cost: { own: 10 }, reads: ['id'] },
      args: { participantReference: t.arg.string({ required: true, description: 'The participant.' }) },
      resolve: ({ id, unread }, { participantReference }, { read }) =>
        unread && Object.hasOwn(unread, participantReference)
          ? unread[participantReference]
          : read.unreadCount({ sessionId: id, participantReference: participant(participantReference) }),
    }),
    lastReadSequence: t.int({
      nullable: true,
      description:
        'The read mark of the participant: the sequence of the last message that the participant has read, or 0 for none.',
      // It is read separately for each participant.
      extensions: { cost: { own: 1 }, reads: ['id'] },
      args: { participantReference: t.arg.string({ required: true, description: 'The participant.' }) },
      resolve: ({ id }, { participantReference }, { read }) => {
        const mark = read.readMarks.byId(readMarkId(id, participant(participantReference)));
        return mark instanceof Promise ? mark.then((row) => row?.sequence ?? 0) : (mark?.sequence ?? 0);
      },
    }),
  }),
});

/** The cost of a search for words. */
const SEARCH_COST = 100;
const NOT_DELETED = { in: [false] };

/** Returns the words to search for. Throws BAD_USER_INPUT if the text is too long. */
function wordsOf(search: string): readonly string[] {
  if (isWithin(search, LIMITS.searchCharacters)) return tokensOf(search);
  throw badInput(`\`filter.search\` must be at most ${LIMITS.searchCharacters} characters long.`);
}

/** The maximum number of participants whose unread messages are counted in the query of a list. */
const COUNTED_ALONG = 5;

/** Returns the participants whose unread messages the query of a list can count along with its rows. */
function unreadForIn(list: Selected): readonly string[] {
  const references = fieldsOfRows(list)
    .filter(({ name }) => name.value === 'unreadCount')
    .map((field) => stringArgument(field, 'participantReference', list))
    .filter((each) => each !== undefined && textIssue(each) === undefined);
  return [...new Set(references)].slice(0, COUNTED_ALONG) as readonly string[];
}

listable(ChatSession, {
  prefix: 'chat',
  table: 'chatSessions',
  roles: EVERYONE,
  one: { note: ', deleted or not' },
  all: {},
  filter: {
    institutionId: equals('institutionId', 'ID', 'Only chat sessions of this institution.'),
    positionIds: anyOf('positionId', 'ID', 'Only chat sessions about one of these positions.'),
    ownerReference: equals('ownerReference', 'String', 'Only chat sessions with exactly this owner reference.'),
    priorities: anyOf('priority', ChatPriority, 'Only chat sessions with one of these priorities.'),
    active: equals('active', 'Boolean', 'Only chat sessions that accept new messages (true) or do not (false).'),
    search: {
      input: (t) =>
        t.string({
          description:
            'Only chat sessions with all of these words in the title and description, or in one message. Words match as a whole and not by prefix; the search ignores case but not accents. Deleted messages and earlier texts are not searched. A text without any word matches nothing. At most 1,000 characters.',
        }),
      cost: { given: { at: ['filter', 'search'], cost: SEARCH_COST } },
      select: (text: string) => ({ search: wordsOf(text) }),
    },
    createdAt: withinTimes('createdAt', 'Only chat sessions created within these bounds.'),
    includeDeleted: {
      input: (t) =>
        t.boolean({
          required: true,
          defaultValue: false,
          description: 'Whether to return deleted chat sessions too.',
        }),
      field: 'deleted',
      otherwise: NOT_DELETED,
      condition: (isIncluded) => (isIncluded ? undefined : NOT_DELETED),
    },
  },
  unfiltered: 'all that are not deleted',
  orders: {
    CREATED_AT: BY_TIME.CREATED_AT,
    UPDATED_AT: { by: ['updatedAt'], description: 'By `updatedAt`: the last change, not counting messages.' },
    LAST_ACTIVITY_AT: {
      by: ['lastActivityAt'],
      description: 'By `lastActivityAt`: the last message, or the creation.',
    },
    PRIORITY: {
      by: ['priority', 'lastActivityAt'],
      description: 'By urgency, then by last activity, both in the same direction.',
    },
    TITLE: { by: ['title'], description: 'By title, compared by code point.' },
  },
  defaultOrder: { name: 'LAST_ACTIVITY_AT', description: 'the most recently active first' },
  edges: [
    { on: Institution, field: 'institutionId', description: 'The chat sessions of the institution.' },
    { on: Position, field: 'positionId', description: 'The chat sessions about the position.' },
  ],
  unreadFor: unreadForIn,
});
