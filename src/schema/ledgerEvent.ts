import type { LedgerEvent as LedgerEventRow, Posting as PostingRow } from '../domain/ledgerEvent.ts';
import type { Window } from '../store/store.ts';
import { firstOf } from '../store/window.ts';
import { builder } from './builder.ts';
import { connect, connectionType, pageArgs } from './connection.ts';
import { anyOf, DateTimeRange, describeFilter, equals, whereOf, withinTimes } from './filter.ts';
import { Institution } from './institution.ts';
import { PositionState } from './lifecycle.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import { Money } from './money.ts';
import { Node, node } from './node.ts';
import { Position } from './position.ts';

const LedgerEventKind = builder.enumType('LedgerEventKind', {
  description: 'The kind of a ledger event.',
  values: {
    POSITION_CREATED: { description: 'A position was created; no money moved.' },
    POSITION_STATE_CHANGED: { description: 'The state of a position changed; `postings` has the money that moved.' },
  },
});

const LedgerAccountKind = builder.enumType('LedgerAccountKind', {
  description: 'The kind of a ledger account.',
  values: {
    PAYER: { description: 'The account of the payer, who pays into escrow and receives refunds.' },
    ESCROW: { description: 'The escrow account, with the held money.' },
    PAYEE: { description: 'The account of the payee, who receives releases.' },
  },
});

const Posting = builder.objectRef<PostingRow>('Posting').implement({
  description: 'One leg of a ledger event. The postings of one event add up to zero.',
  fields: (t) => ({
    accountKind: t.expose('accountKind', { type: LedgerAccountKind, description: 'The kind of the account.' }),
    amount: t.field({
      type: Money,
      description: 'The signed amount: positive if money enters the account, negative if it leaves.',
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
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'The institution that owns the ledger event.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    kind: t.expose('kind', { type: LedgerEventKind, description: 'The kind of the ledger event.' }),
    position: t.field({
      type: Position,
      nullable: true,
      description: 'The position, in its current state.',
      resolve: ({ positionId }, _args, { read }) => read.positions.byId(positionId),
    }),
    lifecycleEvent: t.field({
      type: LifecycleEvent,
      nullable: true,
      description: 'The lifecycle event that the entry accounts for.',
      resolve: ({ lifecycleEventId }, _args, { read }) => read.lifecycleEvents.byId(lifecycleEventId),
    }),
    sequence: t.exposeInt('sequence', { description: 'The sequence of the lifecycle event within the position.' }),
    fromState: t.expose('fromState', {
      type: PositionState,
      nullable: true,
      description: 'The state before the change, or null for the creation.',
    }),
    toState: t.expose('toState', { type: PositionState, nullable: true, description: 'The state after the change.' }),
    postings: t.field({
      type: [Posting],
      description: 'The postings: two that add up to zero, or none if no money moved.',
      resolve: ({ id }, _args, { read }) => {
        const page = read.postings.page(postingsOf(id));
        return page instanceof Promise ? page.then(({ rows }) => rows) : page.rows;
      },
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the change happened.' }),
  }),
});
node('led', 'LedgerEvent', (read, id) => read.ledgerEvents.byId(id));

const LedgerEventConnection = connectionType(LedgerEvent);
const LedgerEventFilter = builder.inputType('LedgerEventFilter', {
  description: describeFilter('ledger events'),
  fields: (t) => ({
    institutionId: t.id({ description: 'Only ledger events of this institution.' }),
    positionIds: t.idList({ description: 'Only ledger events of one of these positions.' }),
    kinds: t.field({ type: [LedgerEventKind], description: 'Only ledger events of one of these kinds.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Only ledger events within these bounds.' }),
  }),
});

builder.queryField('ledgerEvents', (t) =>
  t.field({
    type: LedgerEventConnection,
    nullable: true,
    description: 'Returns the ledger events that the viewer may see, newest first.',
    args: {
      filter: t.arg({ type: LedgerEventFilter, description: 'Filters the ledger events. Defaults to all.' }),
      ...pageArgs,
    },
    resolve: (_root, { filter, ...page }, { read }) => {
      const where = whereOf<LedgerEventRow>({
        institutionId: equals(filter?.institutionId),
        positionId: anyOf('positionIds', filter?.positionIds),
        kind: anyOf('kinds', filter?.kinds),
        createdAt: withinTimes(filter?.createdAt),
      });
      return connect(read.ledgerEvents, 'LedgerEvent', { where }, { by: ['createdAt'], direction: 'DESC' }, page);
    },
  }),
);

builder.objectField(Position, 'ledgerEvents', (t) =>
  t.field({
    type: LedgerEventConnection,
    nullable: true,
    description: 'The ledger events of the position, oldest first.',
    args: { ...pageArgs },
    resolve: ({ id }, page, { read }) => {
      const parent = { field: 'positionId', id } as const;
      return connect(
        read.ledgerEvents,
        'LedgerEvent',
        { parent, where: {} },
        { by: ['sequence'], direction: 'ASC' },
        page,
      );
    },
  }),
);

builder.objectField(LifecycleEvent, 'ledgerEvent', (t) =>
  t.field({
    type: LedgerEvent,
    nullable: true,
    description: 'The ledger event that accounts for the change.',
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
