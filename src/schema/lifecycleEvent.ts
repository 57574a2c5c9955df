import { type LifecycleEvent as LifecycleEventRow, moveOf } from '../domain/lifecycleEvent.ts';
import { EVERYONE } from '../domain/rights.ts';
import type { Actor as ActorRow } from '../domain/viewer.ts';
import { builder, type ObjectFields } from './builder.ts';
import { createdAtField, reference } from './entityFields.ts';
import { PositionMove, PositionState } from './lifecycle.ts';
import { listable } from './list.ts';
import { Milestone } from './milestone.ts';
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

/** Adds an amount of an event, which can be null. */
const amountField = (t: ObjectFields<LifecycleEventRow>, field: 'moved' | 'fee' | 'retained', description: string) =>
  t.field({
    type: Money,
    nullable: true,
    description,
    extensions: { reads: [field, 'currency'] },
    resolve: ({ currency, ...event }) => (event[field] === null ? null : { minorUnits: event[field], currency }),
  });

export const LifecycleEvent = builder.objectRef<LifecycleEventRow>('LifecycleEvent').implement({
  description: 'The record of one change of a position. Lifecycle events never change.',
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
    move: t.field({
      type: PositionMove,
      description: 'The kind of the change. A change does not always change the state: see `fromState` and `toState`.',
      extensions: { reads: ['move', 'toState'] },
      resolve: moveOf,
    }),
    moved: amountField(
      t,
      'moved',
      'The money that left or entered the system: what the payer paid, including its fees, what the payee received, or what was refunded; at an expiry the sum of the last two. Null if none did.',
    ),
    fee: amountField(t, 'fee', 'The fees charged with the change, or null if there were none.'),
    retained: amountField(
      t,
      'retained',
      'The change of the retained amount: positive if money was withheld, negative if withheld money was paid to the payee, null if it did not change. For releases, `moved + fee + retained` is the gross amount earned.',
    ),
    milestone: reference(
      t,
      Milestone,
      'milestoneId',
      'The milestone that was released or refunded, or null if the change is not about a single milestone.',
    ),
    paymentReference: t.exposeString('paymentReference', {
      nullable: true,
      description: "The bank's reference of the payment, or null if the client sent none.",
    }),
    partyReference: t.exposeString('partyReference', {
      nullable: true,
      description: 'The reference of the party that agreed, or null if the change is not an agreement.',
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
