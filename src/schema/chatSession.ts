import type { GraphQLResolveInfo } from 'graphql';
import { readMarkId } from '../domain/chatMessage.ts';
import { CHAT_PRIORITIES, type ChatSession as ChatSessionRow } from '../domain/chatSession.ts';
import { LIMITS } from '../domain/limits.ts';
import { isWithin, textIssue } from '../domain/text.ts';
import { tokensOf } from '../domain/tokens.ts';
import type { Field, Parent, WithUnread } from '../store/store.ts';
import { builder } from './builder.ts';
import { connect, connectionType, type PageArgs, pageArgs } from './connection.ts';
import { badInput } from './errors.ts';
import { anyOf, DateTimeRange, describeFilter, equals, OrderDirection, whereOf, withinTimes } from './filter.ts';
import { Institution, VERSIONED } from './institution.ts';
import { fieldsOfRows, stringArgument } from './lookAhead.ts';
import { Node, node } from './node.ts';
import { Position } from './position.ts';
import type { Loaders } from './loaders.ts';

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
function participant(reference: string): string {
  const fault = textIssue(reference);
  if (fault !== undefined) throw badInput(`\`participantReference\` ${fault}`);
  return reference;
}

export const ACTIVE =
  'Whether the chat session accepts new messages. Edits, deletions and read marks are always possible.';

export const ChatSession = builder.objectRef<ChatSessionRow & WithUnread>('ChatSession').implement({
  description: 'A conversation, optionally about one position.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'The institution that owns the chat session.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    position: t.field({
      type: Position,
      nullable: true,
      description: 'The position that the chat session is about, or null if it is about none.',
      resolve: ({ positionId }, _args, { read }) => (positionId === null ? null : read.positions.byId(positionId)),
    }),
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
    version: t.exposeInt('edition', { description: `${VERSIONED.version} Messages do not count.` }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: VERSIONED.createdAt }),
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
      args: { participantReference: t.arg.string({ required: true, description: 'The participant.' }) },
      resolve: ({ id }, { participantReference }, { read }) => {
        const mark = read.readMarks.byId(readMarkId(id, participant(participantReference)));
        return mark instanceof Promise ? mark.then((row) => row?.sequence ?? 0) : (mark?.sequence ?? 0);
      },
    }),
  }),
});
node('chat', 'ChatSession', (read, id) => read.chatSessions.byId(id));

const ChatSessionFilter = builder.inputType('ChatSessionFilter', {
  description: describeFilter('chat sessions'),
  fields: (t) => ({
    institutionId: t.id({ description: 'Only chat sessions of this institution.' }),
    positionIds: t.idList({ description: 'Only chat sessions about one of these positions.' }),
    ownerReference: t.string({ description: 'Only chat sessions with exactly this owner reference.' }),
    priorities: t.field({ type: [ChatPriority], description: 'Only chat sessions with one of these priorities.' }),
    active: t.boolean({ description: 'Only chat sessions that accept new messages (true) or do not (false).' }),
    search: t.string({
      description:
        'Only chat sessions with all of these words in the title and description, or in one message. Words match as a whole and not by prefix; the search ignores case but not accents. Deleted messages and earlier texts are not searched. A text without any word matches nothing. At most 1,000 characters.',
    }),
    createdAt: t.field({ type: DateTimeRange, description: 'Only chat sessions created within these bounds.' }),
    includeDeleted: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether to return deleted chat sessions too.',
    }),
  }),
});
type Filter = typeof ChatSessionFilter.$inferInput | null | undefined;

const ORDERS: { readonly [name: string]: readonly Field<ChatSessionRow>[] } = {
  CREATED_AT: ['createdAt'],
  UPDATED_AT: ['updatedAt'],
  LAST_ACTIVITY_AT: ['lastActivityAt'],
  PRIORITY: ['priority', 'lastActivityAt'],
  TITLE: ['title'],
};

const ChatSessionOrderField = builder.enumType('ChatSessionOrderField', {
  description: 'The fields that chat sessions can be ordered by. Equal values are ordered by id.',
  values: {
    CREATED_AT: { description: 'By time of creation.' },
    UPDATED_AT: { description: 'By `updatedAt`: the last change, not counting messages.' },
    LAST_ACTIVITY_AT: { description: 'By `lastActivityAt`: the last message, or the creation.' },
    PRIORITY: { description: 'By urgency, then by last activity, both in the same direction.' },
    TITLE: { description: 'By title, compared by code point.' },
  } as const,
});

const ChatSessionOrder = builder.inputType('ChatSessionOrder', {
  description: 'The order of a list of chat sessions.',
  fields: (t) => ({
    field: t.field({ type: ChatSessionOrderField, required: true, description: 'The field to order by.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'The direction.' }),
  }),
});
type OrderBy = typeof ChatSessionOrder.$inferInput | null | undefined;

const ChatSessionConnection = connectionType(ChatSession);
const listArgs = builder.args((t) => ({
  filter: t.field({
    type: ChatSessionFilter,
    description: 'Filters the chat sessions. Defaults to all that are not deleted.',
  }),
  orderBy: t.field({
    type: ChatSessionOrder,
    defaultValue: { field: 'LAST_ACTIVITY_AT', direction: 'DESC' },
    description: 'The order of the chat sessions. Defaults to the most recently active first.',
  }),
  ...pageArgs,
}));

/** The maximum number of participants whose unread messages are counted in the query of a list. */
const COUNTED_ALONG = 5;

function list(
  read: Loaders,
  args: PageArgs & { readonly filter?: Filter; readonly orderBy?: OrderBy },
  info: GraphQLResolveInfo,
  parent?: Parent<ChatSessionRow>,
) {
  const { filter, orderBy, ...page } = args;
  const where = whereOf<ChatSessionRow>({
    institutionId: equals(filter?.institutionId),
    positionId: anyOf('positionIds', filter?.positionIds),
    ownerReference: equals(filter?.ownerReference),
    priority: anyOf('priorities', filter?.priorities),
    active: equals(filter?.active),
    createdAt: withinTimes(filter?.createdAt),
    deleted: filter?.includeDeleted ? undefined : { in: [false] },
  });
  const search = wordsOf(filter?.search);
  const selection = { where, ...(parent && { parent }), ...(search && { search }) };
  const by = ORDERS[orderBy?.field ?? 'LAST_ACTIVITY_AT'] ?? [];
  const order = { by, direction: orderBy?.direction ?? 'DESC' } as const;
  return connect(read.chatSessions, 'ChatSession', selection, order, page, alongOf(info));
}

/** Returns the words to search for. Throws BAD_USER_INPUT if the text is too long. */
function wordsOf(search: string | null | undefined): readonly string[] | undefined {
  if (search === null || search === undefined) return undefined;
  if (isWithin(search, LIMITS.searchCharacters)) return tokensOf(search);
  throw badInput(`\`filter.search\` must be at most ${LIMITS.searchCharacters} characters long.`);
}

/** Returns what the query of a list can load along with its rows. */
function alongOf(info: GraphQLResolveInfo) {
  const fields = fieldsOfRows(info);
  const references = fields
    .filter(({ name }) => name.value === 'unreadCount')
    .map((field) => stringArgument(field, 'participantReference', info))
    .filter((reference) => reference !== undefined && textIssue(reference) === undefined);
  return { unreadFor: [...new Set(references)].slice(0, COUNTED_ALONG) as readonly string[] };
}

builder.queryFields((t) => ({
  chatSession: t.field({
    type: ChatSession,
    nullable: true,
    description:
      'Returns the chat session with this id, deleted or not, or null if it does not exist or is not visible to the viewer.',
    args: { id: t.arg.id({ required: true, description: 'The id of the chat session: chat_...' }) },
    resolve: (_root, { id }, { read }) => read.chatSessions.byId(id),
  }),
  chatSessions: t.field({
    type: ChatSessionConnection,
    nullable: true,
    description: 'Returns the chat sessions that the viewer may see.',
    args: listArgs,
    resolve: (_root, args, { read }, info) => list(read, args, info),
  }),
}));

builder.objectField(Institution, 'chatSessions', (t) =>
  t.field({
    type: ChatSessionConnection,
    nullable: true,
    description: 'The chat sessions of the institution.',
    args: listArgs,
    resolve: ({ id }, args, { read }, info) => list(read, args, info, { field: 'institutionId', id }),
  }),
);

builder.objectField(Position, 'chatSessions', (t) =>
  t.field({
    type: ChatSessionConnection,
    nullable: true,
    description: 'The chat sessions about the position.',
    args: listArgs,
    resolve: ({ id }, args, { read }, info) => list(read, args, info, { field: 'positionId', id }),
  }),
);
