import type { LifecycleEvent as LifecycleEventRow } from '../domain/lifecycleEvent.ts';
import type { Actor as ActorRow } from '../domain/viewer.ts';
import { builder } from './builder.ts';
import { connect, connectionType, pageArgs } from './connection.ts';
import { PositionState } from './lifecycle.ts';
import { Money } from './money.ts';
import { Node, node } from './node.ts';
import { Position } from './position.ts';

const ActorKind = builder.enumType('ActorKind', {
  description: 'Whose doing something was.',
  values: {
    ROOT: { description: 'The operator of the server.' },
    API_KEY: { description: "An institution's key." },
    SYSTEM: { description: 'The server itself: a deadline.' },
    ANONYMOUS: { description: 'Someone without a credential.' },
  },
});

export const Actor = builder.objectRef<ActorRow>('Actor').implement({
  description: 'Who did something.',
  fields: (t) => ({ kind: t.expose('actorKind', { type: ActorKind, description: 'What kind of actor.' }) }),
});

export const LifecycleEvent = builder.objectRef<LifecycleEventRow>('LifecycleEvent').implement({
  description: 'One change of a position. Never changed once written.',
  interfaces: [Node],
  fields: (t) => ({
    position: t.field({
      type: Position,
      nullable: true,
      description: 'The position, as it is now.',
      resolve: ({ positionId }, _args, { read }) => read.positions.byId(positionId),
    }),
    sequence: t.exposeInt('sequence', { description: 'Its place in the position, from 1 (creation), without a gap.' }),
    fromState: t.expose('fromState', {
      type: PositionState,
      nullable: true,
      description: 'The state before; null for creation.',
    }),
    toState: t.expose('toState', { type: PositionState, description: 'The state after.' }),
    moved: t.field({
      type: Money,
      nullable: true,
      description: 'The money that moved; null if none did.',
      resolve: ({ moved, currency }) => (moved === null ? null : { minorUnits: moved, currency }),
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why, in the words of whoever did it.' }),
    metadata: t.expose('metadata', { type: 'JSONObject', description: "The client's own data about the move." }),
    actor: t.field({ type: Actor, description: 'Who did it.', resolve: (event) => event }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it happened.' }),
  }),
});
node('evt', 'LifecycleEvent', (read, id) => read.lifecycleEvents.byId(id));

const LifecycleEventConnection = connectionType(LifecycleEvent);
const BY_SEQUENCE = { by: ['sequence'], direction: 'ASC' } as const;

builder.objectField(Position, 'events', (t) =>
  t.field({
    type: LifecycleEventConnection,
    nullable: true,
    description: 'Its history, oldest first.',
    args: { ...pageArgs },
    resolve: ({ id }, page, { read }) =>
      connect(
        read.lifecycleEvents,
        'LifecycleEvent',
        { of: { field: 'positionId', id }, where: {} },
        BY_SEQUENCE,
        page,
      ),
  }),
);
