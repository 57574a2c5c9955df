import { GraphQLError } from 'graphql';
import type { ChangeFilter } from '../domain/change.ts';
import type { Id } from '../domain/ids.ts';
import { ownerOf } from '../domain/viewer.ts';
import { ownInstitution } from '../commands/context.ts';
import { isChangeCursor } from '../live/changeCursor.ts';
import { CredentialEnded, CursorExpired, Stopping, type StreamItem, TooManySubscriptions } from '../live/hub.ts';
import { leavable } from '../live/stream.ts';
import { TooSlow } from '../live/changeQueue.ts';
import type { MaybePromise } from '../store/store.ts';
import { builder, type Context } from './builder.ts';
import { ChatMessage } from './chatMessage.ts';
import { ChatSession } from './chatSession.ts';
import { badInput } from './errors.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import { Position } from './position.ts';

builder.subscriptionType({
  description:
    'What can be followed live. What was missed since `after` comes first, then on every stream one change of kind CAUGHT_UP, then live changes, each once. However a stream ends, subscribe again with the newest cursor; after CURSOR_EXPIRED without one, and read again.',
});

const ChangeKind = builder.enumType('ChangeKind', {
  description: 'What has happened.',
  values: {
    CAUGHT_UP: {
      description:
        'Nothing: from here on changes are live. Comes on every stream, without `after` at once: the moment to read lists.',
    },
    CREATED: { description: 'The object is new.' },
    UPDATED: { description: 'The object has changed, or was restored.' },
    DELETED: { description: 'The object was deleted; it still answers, with `deletedAt`.' },
  },
});

const CURSOR = 'The place of the change, for `after`.';
const now = (what: string): string =>
  `The ${what} as it is now, which may be newer than the change: replace what you have by id if the version is not lower. null with CAUGHT_UP, and where the viewer may not see it any more.`;
const kindOf = ({ change }: StreamItem) => change?.kind ?? 'CAUGHT_UP';

const PositionChange = builder.objectRef<StreamItem>('PositionChange').implement({
  description: 'A change of a position.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    kind: t.field({ type: ChangeKind, description: 'What has happened.', resolve: kindOf }),
    position: t.field({
      type: Position,
      nullable: true,
      description: now('position'),
      resolve: ({ change }, _args, { read }) => change && read.positions.byId(change.objectId),
    }),
    event: t.field({
      type: LifecycleEvent,
      nullable: true,
      description: 'The event that the change left; null with CAUGHT_UP, and after updatePosition, which leaves none.',
      resolve: ({ change }, _args, { read }) => (change?.detailId ? read.lifecycleEvents.byId(change.detailId) : null),
    }),
  }),
});

const ChatSessionChange = builder.objectRef<StreamItem>('ChatSessionChange').implement({
  description:
    'A change of a chat session: of its own fields, not its messages. A live list of sessions follows `chatMessageChanged` too, for what messages change in it. Read marks are not announced.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    kind: t.field({ type: ChangeKind, description: 'What has happened.', resolve: kindOf }),
    chatSession: t.field({
      type: ChatSession,
      nullable: true,
      description: now('session'),
      resolve: ({ change }, _args, { read }) => change && read.chatSessions.byId(change.objectId),
    }),
  }),
});

const ChatMessageChange = builder.objectRef<StreamItem>('ChatMessageChange').implement({
  description: 'A change of a chat message.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    kind: t.field({ type: ChangeKind, description: 'What has happened.', resolve: kindOf }),
    chatMessage: t.field({
      type: ChatMessage,
      nullable: true,
      description: now('message'),
      resolve: ({ change }, _args, { read }) => change && read.chatMessages.byId(change.objectId),
    }),
  }),
});

interface Wanted {
  readonly topic: ChangeFilter['topic'];
  /** The object that is followed, or whose parts are: its id, and how it is read. */
  readonly object: Id | null | undefined;
  readonly read: (id: Id) => MaybePromise<{ readonly institutionId: Id } | undefined>;
  /** What of a change must be the object. */
  readonly field: 'objectId' | 'detailId';
  readonly institutionId: Id | null | undefined;
  readonly after: string | null | undefined;
}

const coded = (message: string, code: string): GraphQLError => new GraphQLError(message, { extensions: { code } });
const unknown = (): GraphQLError => coded('There is no such object.', 'NOT_FOUND');

/** Follows changes. Refuses before the first with NOT_FOUND what the viewer may not know of. */
async function follow(context: Context, wanted: Wanted): Promise<AsyncIterable<StreamItem>> {
  const { viewer, read, hub, lastEventId } = context;
  const { topic, object, field } = wanted;
  const after = lastEventId ?? wanted.after ?? null;
  const named = wanted.institutionId ?? null;
  if (named !== null && !(await read.institutions.byId(named))) throw unknown();
  const found = object ? await wanted.read(object) : undefined;
  if (object && (!found || (named !== null && found.institutionId !== named))) throw unknown();
  const institutionId = named ?? ownInstitution(viewer) ?? found?.institutionId;
  if (institutionId === undefined) throw badInput('Root must name an object or an institution.');
  if (after !== null && !isChangeCursor(after)) {
    throw badInput(`${lastEventId === null ? '`after`' : 'The header Last-Event-ID'} is not a change cursor.`);
  }
  const filter: ChangeFilter = { institutionId, topic, ...(object && { [field]: object }) };
  const items = hub.subscribe(ownerOf(viewer), after, filter);
  return leavable(told(items), () => void items.return?.());
}

async function* told(items: AsyncIterable<StreamItem>): AsyncGenerator<StreamItem, void, undefined> {
  try {
    yield* items;
  } catch (error) {
    throw ended(error);
  }
}

/** Why a stream ended, as its client is told. */
function ended(error: unknown): unknown {
  if (error instanceof CursorExpired) {
    return coded('The cursor has expired. Subscribe without `after` and load the lists again.', 'CURSOR_EXPIRED');
  }
  if (error instanceof TooManySubscriptions) return coded('There are too many subscriptions already.', 'RATE_LIMITED');
  if (error instanceof TooSlow) return coded('Changes were read too slowly: subscribe again with `after`.', 'BUSY');
  if (error instanceof CredentialEnded) return coded('The credential is over.', 'UNAUTHENTICATED');
  if (error instanceof Stopping) {
    return coded('The server is stopping: subscribe again with `after`.', 'SERVICE_UNAVAILABLE');
  }
  return error;
}

const INSTITUTION =
  'Of this institution. Root must name an object or an institution; a key may leave both out and follows its own.';
const AFTER = 'The cursor of the last change seen, CAUGHT_UP included; only live changes if left out.';

builder.subscriptionFields((t) => ({
  positionChanged: t.field({
    type: PositionChange,
    description: 'Positions that are opened or move.',
    args: {
      positionId: t.arg.id({ description: 'This position alone.' }),
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
    description: 'Chat sessions whose own fields change.',
    args: {
      chatSessionId: t.arg.id({ description: 'This session alone.' }),
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
    description: 'Chat messages that are posted, edited or deleted.',
    args: {
      chatSessionId: t.arg.id({ description: 'Of this session alone.' }),
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

const common = ({ institutionId, after }: Partial<Pick<Wanted, 'institutionId' | 'after'>>) => ({
  institutionId,
  after,
});
