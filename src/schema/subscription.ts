import { GraphQLError } from 'graphql';
import type { ChangeFilter } from '../domain/change.ts';
import type { Id } from '../domain/ids.ts';
import { ownerOf } from '../domain/viewer.ts';
import { ownInstitution } from '../commands/context.ts';
import { isChangeCursor } from '../subscriptions/changeCursor.ts';
import {
  CredentialEndedError,
  CursorExpiredError,
  StoppingError,
  TooManySubscriptionsError,
  TooSlowError,
} from '../subscriptions/errors.ts';
import type { StreamItem } from '../subscriptions/hub.ts';
import { cancellable } from '../subscriptions/cancellable.ts';
import type { MaybePromise } from '../store/store.ts';
import { builder, type Context } from './builder.ts';
import { ChatMessage } from './chatMessage.ts';
import { ChatSession } from './chatSession.ts';
import { badInput } from './errors.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import { Position } from './position.ts';

builder.subscriptionType({
  description:
    'The subscriptions. A stream first delivers the changes missed since `after`, then one change of kind CAUGHT_UP, then live changes, each exactly once. When a stream ends, for whatever reason, subscribe again with the newest cursor. After the error CURSOR_EXPIRED subscribe without a cursor and load your lists again.',
});

const ChangeKind = builder.enumType('ChangeKind', {
  description: 'The kind of a change.',
  values: {
    CAUGHT_UP: {
      description:
        'No object changed; all later changes are live. Every stream has one such change, immediately if `after` is absent. Load your lists when it arrives.',
    },
    CREATED: { description: 'The object was created.' },
    UPDATED: { description: 'The object was changed or restored.' },
    DELETED: { description: 'The object was deleted. It can still be read and has `deletedAt`.' },
  },
});

const CURSOR = 'The cursor of the change, to pass as `after` when you subscribe again.';
const now = (what: string): string =>
  `The ${what} in its current state, which may be newer than the change. Replace your copy with the same id unless its version is higher. Null with CAUGHT_UP, and if the viewer can no longer see it.`;
const kindOf = ({ change }: StreamItem) => change?.kind ?? 'CAUGHT_UP';

const PositionChange = builder.objectRef<StreamItem>('PositionChange').implement({
  description: 'A change of a position.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    kind: t.field({ type: ChangeKind, description: 'The kind of the change.', resolve: kindOf }),
    position: t.field({
      type: Position,
      nullable: true,
      description: now('position'),
      resolve: ({ change }, _args, { read }) => change && read.positions.byId(change.objectId),
    }),
    event: t.field({
      type: LifecycleEvent,
      nullable: true,
      description:
        'The lifecycle event of the change. Null with CAUGHT_UP, and for updatePosition, which writes no lifecycle event.',
      resolve: ({ change }, _args, { read }) => (change?.detailId ? read.lifecycleEvents.byId(change.detailId) : null),
    }),
  }),
});

const ChatSessionChange = builder.objectRef<StreamItem>('ChatSessionChange').implement({
  description:
    'A change of the own fields of a chat session, not of its messages. For a live list of chat sessions subscribe to `chatMessageChanged` too, because messages change `messageCount` and `lastActivityAt`. Changes of read marks are not published.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    kind: t.field({ type: ChangeKind, description: 'The kind of the change.', resolve: kindOf }),
    chatSession: t.field({
      type: ChatSession,
      nullable: true,
      description: now('chat session'),
      resolve: ({ change }, _args, { read }) => change && read.chatSessions.byId(change.objectId),
    }),
  }),
});

const ChatMessageChange = builder.objectRef<StreamItem>('ChatMessageChange').implement({
  description: 'A change of a chat message.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    kind: t.field({ type: ChangeKind, description: 'The kind of the change.', resolve: kindOf }),
    chatMessage: t.field({
      type: ChatMessage,
      nullable: true,
      description: now('message'),
      resolve: ({ change }, _args, { read }) => change && read.chatMessages.byId(change.objectId),
    }),
  }),
});

interface Followed {
  readonly topic: ChangeFilter['topic'];
  /** The id of the object to follow, or of the parent of the objects to follow. */
  readonly object: Id | null | undefined;
  readonly read: (id: Id) => MaybePromise<{ readonly institutionId: Id } | undefined>;
  /** The field of a change that contains that id. */
  readonly field: 'objectId' | 'detailId';
  readonly institutionId: Id | null | undefined;
  readonly after: string | null | undefined;
}

const withCode = (message: string, code: string): GraphQLError => new GraphQLError(message, { extensions: { code } });
const unknown = (): GraphQLError => withCode('The object was not found. Check the ids of the arguments.', 'NOT_FOUND');

/** Returns a stream of changes. Throws NOT_FOUND if there is no such object that the viewer may see. */
async function follow(context: Context, followed: Followed): Promise<AsyncIterable<StreamItem>> {
  const { viewer, read, hub, lastEventId } = context;
  const { topic, object, field } = followed;
  const after = lastEventId ?? followed.after ?? null;
  const named = followed.institutionId ?? null;
  if (named !== null && !(await read.institutions.byId(named))) throw unknown();
  const found = object ? await followed.read(object) : undefined;
  if (object && (!found || (named !== null && found.institutionId !== named))) throw unknown();
  const institutionId = named ?? ownInstitution(viewer) ?? found?.institutionId;
  if (institutionId === undefined)
    throw badInput(
      '`institutionId` or the id of an object is required with the root key, which belongs to no institution.',
    );
  if (after !== null && !isChangeCursor(after)) {
    throw badInput(
      `${lastEventId === null ? '`after`' : 'The header Last-Event-ID'} is not a change cursor. Send the \`cursor\` of the last change that you received.`,
    );
  }
  const filter: ChangeFilter = { institutionId, topic, ...(object && { [field]: object }) };
  const items = hub.subscribe(ownerOf(viewer), after, filter);
  return cancellable(translateErrors(items), () => void items.return?.());
}

async function* translateErrors(items: AsyncIterable<StreamItem>): AsyncGenerator<StreamItem, void, undefined> {
  try {
    yield* items;
  } catch (error) {
    throw streamError(error);
  }
}

/** Returns the request error for the end of a stream. */
function streamError(error: unknown): unknown {
  if (error instanceof CursorExpiredError) {
    return withCode('The cursor has expired. Subscribe without `after` and load the lists again.', 'CURSOR_EXPIRED');
  }
  if (error instanceof TooManySubscriptionsError)
    return withCode('Limit of open subscriptions reached. End others first.', 'RATE_LIMITED');
  if (error instanceof TooSlowError)
    return withCode('The changes were read too slowly. Subscribe again with `after`.', 'BUSY');
  if (error instanceof CredentialEndedError)
    return withCode('The API key has expired or was revoked. Subscribe again with a valid one.', 'UNAUTHENTICATED');
  if (error instanceof StoppingError) {
    return withCode('The server is stopping. Subscribe again with `after`.', 'SERVICE_UNAVAILABLE');
  }
  return error;
}

const INSTITUTION =
  'Only changes in this institution. The root key requires this argument or the id of an object. Defaults to the institution of the API key.';
const AFTER = 'The cursor of the last change that you received, including CAUGHT_UP. Defaults to live changes only.';

builder.subscriptionFields((t) => ({
  positionChanged: t.field({
    type: PositionChange,
    description: 'Delivers the positions that are created, change their state or are updated.',
    args: {
      positionId: t.arg.id({ description: 'Only changes of this position.' }),
      institutionId: t.arg.id({ description: INSTITUTION }),
      after: t.arg.string({ description: AFTER }),
    },
    subscribe: (_root, { positionId, ...args }, context) =>
      follow(context, {
        ...common(args),
        topic: 'POSITION',
        object: positionId,
        field: 'objectId',
        read: (id) => context.read.positions.byId(id),
      }),
    resolve: (item: StreamItem) => item,
  }),
  chatSessionChanged: t.field({
    type: ChatSessionChange,
    description: 'Delivers the chat sessions that are created, updated, deleted or restored.',
    args: {
      chatSessionId: t.arg.id({ description: 'Only changes of this chat session.' }),
      institutionId: t.arg.id({ description: INSTITUTION }),
      after: t.arg.string({ description: AFTER }),
    },
    subscribe: (_root, { chatSessionId, ...args }, context) =>
      follow(context, {
        ...common(args),
        topic: 'CHAT_SESSION',
        object: chatSessionId,
        field: 'objectId',
        read: (id) => context.read.chatSessions.byId(id),
      }),
    resolve: (item: StreamItem) => item,
  }),
  chatMessageChanged: t.field({
    type: ChatMessageChange,
    description: 'Delivers the chat messages that are posted, edited or deleted.',
    args: {
      chatSessionId: t.arg.id({ description: 'Only messages of this chat session.' }),
      institutionId: t.arg.id({ description: INSTITUTION }),
      after: t.arg.string({ description: AFTER }),
    },
    subscribe: (_root, { chatSessionId, ...args }, context) =>
      follow(context, {
        ...common(args),
        topic: 'CHAT_MESSAGE',
        object: chatSessionId,
        field: 'detailId',
        read: (id) => context.read.chatSessions.byId(id),
      }),
    resolve: (item: StreamItem) => item,
  }),
}));

const common = ({ institutionId, after }: Partial<Pick<Followed, 'institutionId' | 'after'>>) => ({
  institutionId,
  after,
});
