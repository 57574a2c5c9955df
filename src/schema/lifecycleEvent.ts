import type { LifecycleEvent as LifecycleEventRow } from '../domain/lifecycleEvent.ts';
import { EVERYONE } from '../domain/rights.ts';
import type { Actor as ActorRow } from '../domain/viewer.ts';
import { builder } from './builder.ts';
import { createdAtField, reference } from './entityFields.ts';
import { PositionState } from './lifecycle.ts';
import { listable } from './list.ts';
import { Money } from './money.ts';
import { Node } from './node.ts';
import { Position } from './position.ts';

const ActorKind = builder.enumType('ActorKind', {
  description: 'The kind of an actor.',
  values: {
    ROOT: { description: 'The operator of the server.' },
    API_KEY: { description: 'A caller with an API key of an institution.' },
    SYSTEM: { description: 'The server itself, such as when a position expires automatically.' },
    ANONYMOUS: { description: 'A caller without a valid credential.' },
  },
});

export const Actor = builder.objectRef<ActorRow>('Actor').implement({
  description: 'The actor who caused an event.',
  fields: (t) => ({ kind: t.expose('actorKind', { type: ActorKind, description: 'The kind of the actor.' }) }),
});

/** An actor is resolved from the row of its event. */
export const READS_ACTOR = { reads: ['actorKind', 'apiKeyId'] };

export const LifecycleEvent = builder.objectRef<LifecycleEventRow>('LifecycleEvent').implement({
  description: 'The record of one state change of a position. Lifecycle events never change.',
  interfaces: [Node],
  fields: (t) => ({
    position: reference(t, Position, 'positionId', 'The position, in its current state.'),
    sequence: t.exposeInt('sequence', {
      description: 'The number of the event within the position: 1 for the creation, without gaps.',
    }),
    fromState: t.expose('fromState', {
      type: PositionState,
      nullable: true,
      description: 'The state before the change, or null for the creation.',
    }),
    toState: t.expose('toState', { type: PositionState, description: 'The state after the change.' }),
    moved: t.field({
      type: Money,
      nullable: true,
      description: 'The amount of money that moved, or null if none did.',
      extensions: { reads: ['moved', 'currency'] },
      resolve: ({ moved, currency }) => (moved === null ? null : { minorUnits: moved, currency }),
    }),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'The reason that the client sent, or null if it sent none.',
    }),
    metadata: t.expose('metadata', { type: 'JSONObject', description: 'Data of the client about the change.' }),
    actor: t.field({
      type: Actor,
      description: 'The actor who caused the change.',
      extensions: READS_ACTOR,
      resolve: (event) => event,
    }),
    ...createdAtField(t, 'When the change happened.'),
  }),
});

listable(LifecycleEvent, {
  prefix: 'evt',
  table: 'lifecycleEvents',
  roles: EVERYONE,
  order: { by: ['sequence'], direction: 'ASC' },
  edges: [
    {
      on: Position,
      name: 'events',
      field: 'positionId',
      description: 'The lifecycle events of the position, oldest first.',
    },
  ],
});
