import type { FieldMap, ObjectRef } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { ownInstitution } from '../commands/context.ts';
import type { ChangeFilter, ChangeTopic } from '../domain/change.ts';
import type { Id } from '../domain/ids.ts';
import { ownerOf } from '../domain/viewer.ts';
import type { MaybePromise } from '../store/store.ts';
import { cancellable } from '../subscriptions/cancellable.ts';
import { isChangeCursor } from '../subscriptions/changeCursor.ts';
import { SubscriptionError } from '../subscriptions/errors.ts';
import type { StreamItem } from '../subscriptions/hub.ts';
import { builder, type Context, type ObjectFields, type Types } from './builder.ts';
import { ChatMessage } from './chatMessage.ts';
import { ChatSession } from './chatSession.ts';
import { badInput } from './errors.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import type { Loader } from './loaders.ts';
import { uncapitalized } from './naming.ts';
import { type Entity, type EntityRef, loaderOf, nodeOptionsOf } from './node.ts';
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

const kindOf = ({ change }: StreamItem) => change?.kind ?? 'CAUGHT_UP';

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** The changes that a subscription delivers, for each field of Subscription. */
    readonly changes?: DeliveredChanges;
  }
}

/** The topic of a subscription, and the argument that restricts it to the changes with an id in one of their fields. */
export interface DeliveredChanges {
  readonly topic: ChangeTopic;
  readonly argument: string;
  readonly field: 'objectId' | 'detailId';
}

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

/** Ends with a request error if the hub ends the stream. */
async function* translateErrors(items: AsyncIterable<StreamItem>): AsyncGenerator<StreamItem, void, undefined> {
  try {
    yield* items;
  } catch (error) {
    throw error instanceof SubscriptionError ? withCode(error.message, error.code) : error;
  }
}

const INSTITUTION =
  'Only changes in this institution. The root key requires this argument or the id of an object. Defaults to the institution of the API key.';
const AFTER = 'The cursor of the last change that you received, including CAUGHT_UP. Defaults to live changes only.';

/** An object that belongs to an institution. */
interface Owned extends Entity {
  readonly institutionId: Id;
}

/** A subscription to the changes of the objects of a type. */
interface ChangeSubscription {
  /** The objects that change, and their noun. */
  readonly type: EntityRef;
  readonly noun: string;
  readonly topic: ChangeTopic;
  readonly description: string;
  /** The description of the type of the changes. */
  readonly change: string;
  /** The type of the object that a subscription can be restricted to, and what it then delivers. */
  readonly by: ObjectRef<Types, Owned>;
  readonly only: string;
  /** The additional fields of a change. */
  readonly fields?: (t: ObjectFields<StreamItem>) => FieldMap;
}

/** Adds the type of the changes of an entity, and the subscription that delivers them. */
function changeSubscription({ type, noun, topic, description, change, by, only, fields }: ChangeSubscription): void {
  const name = uncapitalized(type.name);
  const Change = builder.objectRef<StreamItem>(`${type.name}Change`).implement({
    description: change,
    fields: (t) => ({
      cursor: t.exposeString('cursor', {
        description: 'The cursor of the change, to pass as `after` when you subscribe again.',
      }),
      kind: t.field({ type: ChangeKind, description: 'The kind of the change.', resolve: kindOf }),
      [name]: t.field({
        type,
        nullable: true,
        description: `The ${noun} in its current state, which may be newer than the change. Replace your copy with the same id unless its version is higher. Null with CAUGHT_UP, and if the viewer can no longer see it.`,
        resolve: (item, _args, { read }) => item.change && loaderOf(read, type).byId(item.change.objectId),
      }),
      ...fields?.(t),
    }),
  });
  const idArgument = `${uncapitalized(by.name)}Id`;
  const field = by === type ? 'objectId' : 'detailId';
  builder.subscriptionField(`${name}Changed`, (t) =>
    t.field({
      type: Change,
      description,
      extensions: { roles: nodeOptionsOf(type).roles, changes: { topic, argument: idArgument, field } },
      args: {
        [idArgument]: t.arg.id({ description: only }),
        institutionId: t.arg.id({ description: INSTITUTION }),
        after: t.arg.string({ description: AFTER }),
      },
      subscribe: (_root, args, context) =>
        follow(context, {
          topic,
          object: args[idArgument],
          field,
          read: (id) => (loaderOf(context.read, by) as Loader<Owned>).byId(id),
          institutionId: args['institutionId'],
          after: args['after'],
        }),
      resolve: (item) => item,
    }),
  );
}

changeSubscription({
  type: Position,
  noun: 'position',
  topic: 'POSITION',
  description: 'Delivers the positions that are created, change their state or are updated.',
  change: 'A change of a position.',
  by: Position,
  only: 'Only changes of this position.',
  fields: (t) => ({
    event: t.field({
      type: LifecycleEvent,
      nullable: true,
      description:
        'The lifecycle event of the change. Null with CAUGHT_UP, and for updatePosition, which writes no lifecycle event.',
      resolve: ({ change }, _args, { read }) => (change?.detailId ? read.lifecycleEvents.byId(change.detailId) : null),
    }),
  }),
});

changeSubscription({
  type: ChatSession,
  noun: 'chat session',
  topic: 'CHAT_SESSION',
  description: 'Delivers the chat sessions that are created, updated, deleted or restored.',
  change:
    'A change of the own fields of a chat session, not of its messages. For a live list of chat sessions subscribe to `chatMessageChanged` too, because messages change `messageCount` and `lastActivityAt`. Changes of read marks are not published.',
  by: ChatSession,
  only: 'Only changes of this chat session.',
});

changeSubscription({
  type: ChatMessage,
  noun: 'message',
  topic: 'CHAT_MESSAGE',
  description: 'Delivers the chat messages that are posted, edited or deleted.',
  change: 'A change of a chat message.',
  by: ChatSession,
  only: 'Only messages of this chat session.',
});
