import type { GraphQLResolveInfo } from 'graphql';
import { readMarkId } from '../domain/chatMessage.ts';
import { CHAT_PRIORITIES, type ChatSession as ChatSessionRow } from '../domain/chatSession.ts';
import { LIMITS } from '../domain/limits.ts';
import { isWithin, textFault } from '../domain/text.ts';
import { tokensOf } from '../domain/tokens.ts';
import type { Field, Parent, WithUnread } from '../store/store.ts';
import { builder } from './builder.ts';
import { connect, connectionType, type PageArgs, pageArgs } from './connection.ts';
import { badInput } from './errors.ts';
import { anyOf, DateTimeRange, equals, OrderDirection, whereOf, withinTimes } from './filter.ts';
import { Institution, VERSIONED } from './institution.ts';
import { fieldsOfRows, stringArgument } from './lookAhead.ts';
import { Node, node } from './node.ts';
import { Position } from './position.ts';
import type { Readings } from './readings.ts';

export const ChatPriority = builder.enumType('ChatPriority', {
  description: 'How urgent a session is.',
  values: {
    LOW: { value: CHAT_PRIORITIES.LOW, description: 'Can wait.' },
    MEDIUM: { value: CHAT_PRIORITIES.MEDIUM, description: 'The usual.' },
    HIGH: { value: CHAT_PRIORITIES.HIGH, description: 'Should not wait.' },
    URGENT: { value: CHAT_PRIORITIES.URGENT, description: 'Must not wait.' },
  } as const,
});

/** Refuses with BAD_USER_INPUT a reference that nobody can have. */
function participant(reference: string): string {
  const fault = textFault(reference);
  if (fault !== undefined) throw badInput(`participantReference ${fault}`);
  return reference;
}

export const ACTIVE = 'Whether it takes new messages; edits, deletions and read marks stay possible.';

export const ChatSession = builder.objectRef<ChatSessionRow & WithUnread>('ChatSession').implement({
  description: 'A conversation that belongs to a deal.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'Whose it is.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    position: t.field({
      type: Position,
      nullable: true,
      description: 'The position that it is about, if it is bound to one.',
      resolve: ({ positionId }, _args, { read }) => (positionId === null ? null : read.positions.byId(positionId)),
    }),
    ownerReference: t.exposeString('ownerReference', { description: "Who leads it: the client's reference." }),
    title: t.exposeString('title', { description: 'What it is about.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is about, at length.' }),
    priority: t.expose('priority', { type: ChatPriority, description: 'How urgent it is.' }),
    active: t.exposeBoolean('active', { description: ACTIVE }),
    version: t.exposeInt('edition', { description: `${VERSIONED.version} Messages do not count.` }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: VERSIONED.createdAt }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When its own fields were last changed.' }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      description: 'When a message was last posted; `createdAt` while there is none.',
    }),
    deletedAt: t.expose('deletedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was deleted; it can be restored for a time.',
    }),
    messageCount: t.exposeInt('messageCount', { description: 'How many messages it has, deleted ones included.' }),
    unreadCount: t.int({
      nullable: true,
      description: "The messages above the participant's read mark, neither the participant's own nor deleted.",
      args: { participantReference: t.arg.string({ required: true, description: 'Whose read mark counts.' }) },
      resolve: ({ id, unread }, { participantReference }, { read }) =>
        unread && Object.hasOwn(unread, participantReference)
          ? unread[participantReference]
          : read.unreadCount({ sessionId: id, participantReference: participant(participantReference) }),
    }),
    lastReadSequence: t.int({
      nullable: true,
      description: 'The sequence of the last message that the participant has read; 0 for none.',
      args: { participantReference: t.arg.string({ required: true, description: 'Whose read mark it is.' }) },
      resolve: ({ id }, { participantReference }, { read }) => {
        const mark = read.readMarks.byId(readMarkId(id, participant(participantReference)));
        return mark instanceof Promise ? mark.then((row) => row?.sequence ?? 0) : (mark?.sequence ?? 0);
      },
    }),
  }),
});
node('chat', 'ChatSession', (read, id) => read.chatSessions.byId(id));

const ChatSessionFilter = builder.inputType('ChatSessionFilter', {
  description: 'Which sessions. Members are and-ed, the values of a list or-ed; an empty list matches nothing.',
  fields: (t) => ({
    institutionId: t.id({ description: 'Of this institution.' }),
    positionIds: t.idList({ description: 'About one of these positions.' }),
    ownerReference: t.string({ description: 'Led by exactly this reference.' }),
    priorities: t.field({ type: [ChatPriority], description: 'Of one of these priorities.' }),
    active: t.boolean({ description: 'Taking new messages, or not.' }),
    search: t.string({
      description:
        'With all of these words in title and description, or in one message. Whole words, no beginnings of them; case does not count, accents do. Deleted messages and earlier versions are not searched; a text without a word matches nothing. At most 1,000 characters.',
    }),
    createdAt: t.field({ type: DateTimeRange, description: 'Created then.' }),
    includeDeleted: t.boolean({ required: true, defaultValue: false, description: 'Deleted ones too.' }),
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
  description: 'What sessions are ordered by; ties by id.',
  values: {
    CREATED_AT: { description: 'When they were created.' },
    UPDATED_AT: { description: 'When their own fields were last changed.' },
    LAST_ACTIVITY_AT: { description: 'When a message was last posted, or they were created while there is none.' },
    PRIORITY: { description: 'Their priority by rank, then their last activity, both in the direction asked.' },
    TITLE: { description: 'Their title, by code point.' },
  } as const,
});

const ChatSessionOrder = builder.inputType('ChatSessionOrder', {
  description: 'How a list of sessions is ordered.',
  fields: (t) => ({
    field: t.field({ type: ChatSessionOrderField, required: true, description: 'By what.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'Which way.' }),
  }),
});
type OrderBy = typeof ChatSessionOrder.$inferInput | null | undefined;

const ChatSessionConnection = connectionType(ChatSession);
const listArgs = builder.args((t) => ({
  filter: t.field({ type: ChatSessionFilter, description: 'Which of them; all that are not deleted if left out.' }),
  orderBy: t.field({
    type: ChatSessionOrder,
    defaultValue: { field: 'LAST_ACTIVITY_AT', direction: 'DESC' },
    description: 'How they are ordered; the last active first if left out.',
  }),
  ...pageArgs,
}));

/** The most participants whose unread messages are counted along with a list. */
const COUNTED_ALONG = 5;

function list(
  read: Readings,
  args: PageArgs & { readonly filter?: Filter; readonly orderBy?: OrderBy },
  info: GraphQLResolveInfo,
  of?: Parent<ChatSessionRow>,
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
  const selection = { where, ...(of && { of }), ...(search && { search }) };
  const by = ORDERS[orderBy?.field ?? 'LAST_ACTIVITY_AT'] ?? [];
  const order = { by, direction: orderBy?.direction ?? 'DESC' } as const;
  return connect(read.chatSessions, 'ChatSession', selection, order, page, alongOf(info));
}

/** The words to search for. Refuses with BAD_USER_INPUT more than fit. */
function wordsOf(search: string | null | undefined): readonly string[] | undefined {
  if (search === null || search === undefined) return undefined;
  if (isWithin(search, LIMITS.searchCharacters)) return tokensOf(search);
  throw badInput(`filter.search must be at most ${LIMITS.searchCharacters} characters long.`);
}

/** What the rows are asked for that the list itself can answer. */
function alongOf(info: GraphQLResolveInfo) {
  const fields = fieldsOfRows(info);
  const references = fields
    .filter(({ name }) => name.value === 'unreadCount')
    .map((field) => stringArgument(field, 'participantReference', info))
    .filter((reference) => reference !== undefined && textFault(reference) === undefined);
  return { unreadFor: [...new Set(references)].slice(0, COUNTED_ALONG) as readonly string[] };
}

builder.queryFields((t) => ({
  chatSession: t.field({
    type: ChatSession,
    nullable: true,
    description: 'The session with this id, deleted or not; null if it is unknown.',
    args: { id: t.arg.id({ required: true, description: 'Its id: chat_...' }) },
    resolve: (_root, { id }, { read }) => read.chatSessions.byId(id),
  }),
  chatSessions: t.field({
    type: ChatSessionConnection,
    nullable: true,
    description: 'Chat sessions.',
    args: listArgs,
    resolve: (_root, args, { read }, info) => list(read, args, info),
  }),
}));

builder.objectField(Institution, 'chatSessions', (t) =>
  t.field({
    type: ChatSessionConnection,
    nullable: true,
    description: 'Its chat sessions.',
    args: listArgs,
    resolve: ({ id }, args, { read }, info) => list(read, args, info, { field: 'institutionId', id }),
  }),
);

builder.objectField(Position, 'chatSessions', (t) =>
  t.field({
    type: ChatSessionConnection,
    nullable: true,
    description: 'The chat sessions about it.',
    args: listArgs,
    resolve: ({ id }, args, { read }, info) => list(read, args, info, { field: 'positionId', id }),
  }),
);
