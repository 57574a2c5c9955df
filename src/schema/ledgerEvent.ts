import type { LedgerEvent as LedgerEventRow, Posting as PostingRow } from '../domain/ledgerEvent.ts';
import { EVERYONE } from '../domain/rights.ts';
import type { Window } from '../store/store.ts';
import { firstOf } from '../store/window.ts';
import { builder } from './builder.ts';
import { createdAtField, reference } from './entityFields.ts';
import { anyOf, equals, withinTimes } from './filter.ts';
import { ownerField } from './institution.ts';
import { PositionState } from './lifecycle.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import { listable } from './list.ts';
import { Money } from './money.ts';
import { Node } from './node.ts';
import { Position } from './position.ts';

const LedgerEventKind = builder.enumType('LedgerEventKind', {
  description: 'The kind of a ledger event.',
  values: {
    POSITION_CREATED: { description: 'A position was created; no money moved.' },
    POSITION_STATE_CHANGED: {
      description: 'The state of a position changed, or money was released; `postings` has the money that moved.',
    },
    POSITION_CHANGED: {
      description:
        'A position changed without a release and without another state, for example through an agreement or a partial refund.',
    },
  },
});

const LedgerAccountKind = builder.enumType('LedgerAccountKind', {
  description: 'The kind of a ledger account.',
  values: {
    PAYER: { description: 'The account of the payer, who pays into escrow and receives refunds.' },
    ESCROW: { description: 'The escrow account, with the held money that is not retained.' },
    RETAINAGE: { description: 'Money that the payee has earned and that is still withheld.' },
    PAYEE: { description: 'The account of the payee, who receives releases.' },
    FEE: { description: 'Fees charged for holding the money.' },
  },
});

const Posting = builder.objectRef<PostingRow>('Posting').implement({
  description: 'One leg of a ledger event. The postings of one event add up to zero.',
  fields: (t) => ({
    accountKind: t.expose('accountKind', { type: LedgerAccountKind, description: 'The kind of the account.' }),
    amount: t.field({
      type: Money,
      description: 'The signed amount: positive if money enters the account, negative if it leaves.',
      extensions: { reads: ['amount', 'currency'] },
      resolve: ({ amount, currency }) => ({ minorUnits: amount, currency }),
    }),
  }),
});

/** A page size above the number of postings of any ledger event. */
const MAX_POSTINGS = 10;
const postingsOf = (ledgerEventId: string): Window<PostingRow> =>
  firstOf({
    parent: { field: 'ledgerEventId', id: ledgerEventId },
    order: { by: ['ordinal'], direction: 'ASC' },
    limit: MAX_POSTINGS,
  });

export const LedgerEvent = builder.objectRef<LedgerEventRow>('LedgerEvent').implement({
  description: 'The accounting entry of one lifecycle event. Ledger events never change.',
  interfaces: [Node],
  fields: (t) => ({
    institution: ownerField(t, 'ledger event'),
    kind: t.expose('kind', { type: LedgerEventKind, description: 'The kind of the ledger event.' }),
    position: reference(t, Position, 'positionId', 'The position, in its current state.'),
    lifecycleEvent: reference(
      t,
      LifecycleEvent,
      'lifecycleEventId',
      'The lifecycle event that the entry accounts for.',
    ),
    sequence: t.exposeInt('sequence', { description: 'The sequence of the lifecycle event within the position.' }),
    fromState: t.expose('fromState', {
      type: PositionState,
      nullable: true,
      description: 'The state before the change, or null for the creation.',
    }),
    toState: t.expose('toState', { type: PositionState, nullable: true, description: 'The state after the change.' }),
    postings: t.field({
      type: [Posting],
      description: 'The postings: two or more that add up to zero, or none if no money moved.',
      extensions: { cost: { items: 2 }, reads: ['id'] },
      resolve: ({ id }, _args, { read }) => {
        const page = read.postings.page(postingsOf(id));
        return page instanceof Promise ? page.then(({ rows }) => rows) : page.rows;
      },
    }),
    ...createdAtField(t, 'When the change happened.'),
  }),
});

listable(LedgerEvent, {
  prefix: 'led',
  table: 'ledgerEvents',
  roles: EVERYONE,
  all: { description: 'ledger events that the viewer may see, newest first' },
  filter: {
    institutionId: equals('institutionId', 'ID', 'Only ledger events of this institution.'),
    positionIds: anyOf('positionId', 'ID', 'Only ledger events of one of these positions.'),
    kinds: anyOf('kind', LedgerEventKind, 'Only ledger events of one of these kinds.'),
    createdAt: withinTimes('createdAt', 'Only ledger events within these bounds.'),
  },
  order: { by: ['createdAt'], direction: 'DESC' },
  edges: [
    {
      on: Position,
      field: 'positionId',
      description: 'The ledger events of the position, oldest first.',
      order: { by: ['sequence'], direction: 'ASC' },
    },
  ],
});

builder.objectField(LifecycleEvent, 'ledgerEvent', (t) =>
  t.field({
    type: LedgerEvent,
    nullable: true,
    description: 'The ledger event that accounts for the change.',
    extensions: { roles: EVERYONE, reads: ['id'] },
    resolve: ({ id }, _args, { read }) => {
      const page = read.ledgerEvents.page(
        firstOf({
          parent: { field: 'lifecycleEventId', id },
          order: { by: ['createdAt'], direction: 'ASC' },
          limit: 1,
        }),
      );
      return page instanceof Promise ? page.then(({ rows }) => rows[0]) : page.rows[0];
    },
  }),
);
