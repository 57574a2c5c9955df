import { GraphQLError } from 'graphql';
import type { PlacedChange } from '../domain/change.ts';
import type { Id } from '../domain/ids.ts';
import { ownerOf } from '../domain/viewer.ts';
import { ownInstitution } from '../commands/context.ts';
import {
  CredentialEnded,
  CursorExpired,
  Stopping,
  type Tick,
  TooManySubscriptions,
  UnknownCursor,
} from '../live/hub.ts';
import { leavable } from '../live/stream.ts';
import { TooSlow } from '../live/changeQueue.ts';
import type { MaybePromise } from '../store/store.ts';
import { builder, type Context } from './builder.ts';
import { changeCursorOf, notACursor, pointOf } from './changeCursor.ts';
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
const kindOf = ({ change }: Tick) => change?.kind ?? 'CAUGHT_UP';

const PositionChange = builder.objectRef<Tick>('PositionChange').implement({
  description: 'A change of a position.',
  fields: (t) => ({
    cursor: t.string({ description: CURSOR, resolve: changeCursorOf }),
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
      description: 'The event that the change left.',
      resolve: ({ change }, _args, { read }) => (change?.detailId ? read.lifecycleEvents.byId(change.detailId) : null),
    }),
  }),
});

const ChatSessionChange = builder.objectRef<Tick>('ChatSessionChange').implement({
  description:
    'A change of a chat session: of its own fields, not its messages. A live list of sessions follows `chatMessageChanged` too, for what messages change in it. Read marks are not announced.',
  fields: (t) => ({
    cursor: t.string({ description: CURSOR, resolve: changeCursorOf }),
    kind: t.field({ type: ChangeKind, description: 'What has happened.', resolve: kindOf }),
    chatSession: t.field({
      type: ChatSession,
      nullable: true,
      description: now('session'),
      resolve: ({ change }, _args, { read }) => change && read.chatSessions.byId(change.objectId),
    }),
  }),
});

const ChatMessageChange = builder.objectRef<Tick>('ChatMessageChange').implement({
  description: 'A change of a chat message.',
  fields: (t) => ({
    cursor: t.string({ description: CURSOR, resolve: changeCursorOf }),
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
  readonly topic: PlacedChange['topic'];
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
async function follow({ viewer, read, hub }: Context, wanted: Wanted): Promise<AsyncIterable<Tick>> {
  const { topic, object, field, after } = wanted;
  const own = ownInstitution(viewer);
  const named = wanted.institutionId ?? null;
  if (named === null && own === undefined && !object) throw badInput('Root must name an object or an institution.');
  if (named !== null && !(await read.institutions.byId(named))) throw unknown();
  const found = object ? await wanted.read(object) : undefined;
  if (object && (!found || (named !== null && found.institutionId !== named))) throw unknown();
  const institutionId = named ?? own ?? found?.institutionId;
  const point = typeof after === 'string' ? pointOf(after) : null;
  const wants = (change: PlacedChange): boolean =>
    change.topic === topic && change.institutionId === institutionId && (!object || change[field] === object);
  const ticks = hub.subscribe(ownerOf(viewer), point, wants);
  return leavable(told(ticks), () => void ticks.return?.());
}

async function* told(ticks: AsyncIterable<Tick>): AsyncGenerator<Tick, void, undefined> {
  try {
    yield* ticks;
  } catch (error) {
    throw ended(error);
  }
}

/** Why a stream ended, as its client is told. */
function ended(error: unknown): unknown {
  if (error instanceof CursorExpired) {
    return coded('The cursor is too old: subscribe without `after`, and read again.', 'CURSOR_EXPIRED');
  }
  if (error instanceof UnknownCursor) return notACursor();
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
    resolve: (tick: Tick) => tick,
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
    resolve: (tick: Tick) => tick,
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
    resolve: (tick: Tick) => tick,
  }),
}));

const common = ({ institutionId, after }: Partial<Pick<Wanted, 'institutionId' | 'after'>>) => ({
  institutionId,
  after,
});
