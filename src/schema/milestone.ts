import type { Milestone as MilestoneRow } from '../domain/milestone.ts';
import { EVERYONE } from '../domain/rights.ts';
import { builder, type ObjectFields } from './builder.ts';
import { reference } from './entityFields.ts';
import { equals, withinTimes } from './filter.ts';
import { BY_TIME, listable } from './list.ts';
import { Money } from './money.ts';
import { Node } from './node.ts';
import { Position } from './position.ts';
import { PositionTerms } from './terms.ts';

const MilestoneState = builder.enumType('MilestoneState', {
  description: 'The state of a milestone. The enum is open: keep a default branch.',
  values: {
    OPEN: { description: 'Part of its amount has been neither earned nor refunded.' },
    CLOSED: {
      description: 'Its whole amount has been earned or refunded, or the position is in a terminal state.',
    },
    REPLACED: {
      description: 'The terms were amended: the milestone belongs to an earlier version of them. Nothing can be paid.',
    },
  },
});

const amountField = (t: ObjectFields<MilestoneRow>, field: 'amount' | 'earned' | 'refunded', description: string) =>
  t.field({
    type: Money,
    description,
    extensions: { reads: [field, 'currency'] },
    resolve: (row) => ({ minorUnits: row[field], currency: row.currency }),
  });

export const Milestone = builder.objectRef<MilestoneRow>('Milestone').implement({
  description: 'A part of a position that is earned and paid separately.',
  interfaces: [Node],
  fields: (t) => ({
    position: reference(t, Position, 'positionId', 'The position the milestone belongs to.'),
    sequence: t.exposeInt('sequence', {
      description: 'The number of the milestone within its version of the terms, starting at 1.',
    }),
    title: t.exposeString('title', { description: 'The title of the milestone.' }),
    amount: amountField(t, 'amount', 'The agreed amount of the milestone.'),
    earned: amountField(
      t,
      'earned',
      'The gross amount released so far, including the fees of the payee and the retainage.',
    ),
    refunded: amountField(t, 'refunded', 'The amount refunded so far. `earned + refunded` never exceeds `amount`.'),
    payeeReference: t.exposeString('payeeReference', {
      nullable: true,
      description: 'The reference of the payee, or null if the position names no payee.',
    }),
    dueAt: t.expose('dueAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the milestone is due, or null if it has no due date. For information only.',
    }),
    state: t.expose('state', { type: MilestoneState, description: 'The state of the milestone.' }),
  }),
});

/** The milestones that count. */
const NOT_REPLACED = { in: ['OPEN', 'CLOSED'] };

listable(Milestone, {
  prefix: 'mil',
  table: 'milestones',
  roles: EVERYONE,
  all: {},
  filter: {
    institutionId: equals('institutionId', 'ID', 'Only milestones of this institution.'),
    positionId: equals('positionId', 'ID', 'Only milestones of this position.'),
    state: {
      ...equals('state', MilestoneState, 'Only milestones in this state. Defaults to all but REPLACED.'),
      otherwise: NOT_REPLACED,
    },
    dueAt: withinTimes(
      'dueAt',
      'Only milestones that are due within these bounds. Those without a due date do not match.',
    ),
  },
  unfiltered: 'all that are not replaced',
  orders: {
    CREATED_AT: BY_TIME.CREATED_AT,
    DUE_AT: {
      by: ['dueAt'],
      description: 'By due date; milestones without one are last in ASC, first in DESC.',
    },
  },
  edges: [
    {
      on: PositionTerms,
      field: 'termsId',
      order: { by: ['sequence'], direction: 'ASC' },
      description:
        'The milestones, by sequence. Their amounts add up to the amount of the position; an empty list means that the position is not divided.',
    },
  ],
});
