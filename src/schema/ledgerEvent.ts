import type { LedgerEvent as LedgerEventRow, Posting as PostingRow } from '../domain/ledgerEvent.ts';
import type { Window } from '../store/store.ts';
import { firstOf } from '../store/window.ts';
import { builder } from './builder.ts';
import { connect, connectionType, pageArgs } from './connection.ts';
import { anyOf, DateTimeRange, equals, whereOf, withinTimes } from './filter.ts';
import { Institution } from './institution.ts';
import { PositionState } from './lifecycle.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import { Money } from './money.ts';
import { Node, node } from './node.ts';
import { Position } from './position.ts';

const LedgerEventKind = builder.enumType('LedgerEventKind', {
  description: 'What the ledger was told of.',
  values: {
    POSITION_CREATED: { description: 'A position was opened; no money moved.' },
    POSITION_STATE_CHANGED: { description: 'A position moved, and its money with it.' },
  },
});

const LedgerAccountKind = builder.enumType('LedgerAccountKind', {
  description: 'Whose account it is.',
  values: {
    PAYER: { description: 'Who pays into escrow, and is paid back.' },
    ESCROW: { description: 'What is held.' },
    PAYEE: { description: 'Who is paid out of escrow.' },
  },
});

const Posting = builder.objectRef<PostingRow>('Posting').implement({
  description: 'One leg of a ledger event. The legs of one event add up to zero.',
  fields: (t) => ({
    accountKind: t.expose('accountKind', { type: LedgerAccountKind, description: 'The account.' }),
    amount: t.field({
      type: Money,
      description: 'Signed: plus is into the account.',
      resolve: ({ amount, currency }) => ({ minorUnits: amount, currency }),
    }),
  }),
});

/** More postings than any ledger event has. */
const POSTINGS_AT_MOST = 10;
const postingsOf = (ledgerEventId: string): Window<PostingRow> =>
  firstOf({
    of: { field: 'ledgerEventId', id: ledgerEventId },
    order: { by: ['ordinal'], direction: 'ASC' },
    limit: POSTINGS_AT_MOST,
  });

export const LedgerEvent = builder.objectRef<LedgerEventRow>('LedgerEvent').implement({
  description: "The ledger's entry for one change of a position. Never changed once written.",
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'Whose it is.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    kind: t.expose('kind', { type: LedgerEventKind, description: 'What the ledger was told of.' }),
    position: t.field({
      type: Position,
      nullable: true,
      description: 'The position, as it is now.',
      resolve: ({ positionId }, _args, { read }) => read.positions.byId(positionId),
    }),
    lifecycleEvent: t.field({
      type: LifecycleEvent,
      nullable: true,
      description: 'The change that it accounts for.',
      resolve: ({ lifecycleEventId }, _args, { read }) => read.lifecycleEvents.byId(lifecycleEventId),
    }),
    sequence: t.exposeInt('sequence', { description: "The position's: that of the change." }),
    fromState: t.expose('fromState', {
      type: PositionState,
      nullable: true,
      description: 'The state before; null for creation.',
    }),
    toState: t.expose('toState', { type: PositionState, nullable: true, description: 'The state after.' }),
    postings: t.field({
      type: [Posting],
      description: 'Its legs: none where no money moved, else two that add up to zero.',
      resolve: ({ id }, _args, { read }) => {
        const page = read.postings.page(postingsOf(id));
        return page instanceof Promise ? page.then(({ rows }) => rows) : page.rows;
      },
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was written.' }),
  }),
});
node('led', 'LedgerEvent', (read, id) => read.ledgerEvents.byId(id));

const LedgerEventConnection = connectionType(LedgerEvent);
const LedgerEventFilter = builder.inputType('LedgerEventFilter', {
  description: 'Which ledger events. Members are and-ed, the values of a list or-ed; an empty list matches nothing.',
  fields: (t) => ({
    institutionId: t.id({ description: 'Of this institution.' }),
    positionIds: t.idList({ description: 'Of one of these positions.' }),
    kinds: t.field({ type: [LedgerEventKind], description: 'Of one of these kinds.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Written then.' }),
  }),
});

builder.queryField('ledgerEvents', (t) =>
  t.field({
    type: LedgerEventConnection,
    nullable: true,
    description: 'Ledger events, newest first.',
    args: { filter: t.arg({ type: LedgerEventFilter, description: 'Which of them; all if left out.' }), ...pageArgs },
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
    description: 'Its entries in the ledger, oldest first.',
    args: { ...pageArgs },
    resolve: ({ id }, page, { read }) => {
      const of = { field: 'positionId', id } as const;
      return connect(read.ledgerEvents, 'LedgerEvent', { of, where: {} }, { by: ['sequence'], direction: 'ASC' }, page);
    },
  }),
);

builder.objectField(LifecycleEvent, 'ledgerEvent', (t) =>
  t.field({
    type: LedgerEvent,
    nullable: true,
    description: "The ledger's entry for it.",
    resolve: ({ id }, _args, { read }) => {
      const page = read.ledgerEvents.page(
        firstOf({
          of: { field: 'lifecycleEventId', id },
          order: { by: ['createdAt'], direction: 'ASC' },
          limit: 1,
        }),
      );
      return page instanceof Promise ? page.then(({ rows }) => rows[0]) : page.rows[0];
    },
  }),
);
