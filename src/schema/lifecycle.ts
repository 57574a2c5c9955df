import {
  isTerminal,
  LIFECYCLE,
  type PositionMove as Move,
  POSITION_STATES,
  type PositionState as State,
} from '../domain/lifecycle.ts';
import { EVERYONE } from '../domain/rights.ts';
import { builder } from './builder.ts';

export const PositionState = builder.enumType('PositionState', {
  description: 'The state of a position.',
  values: {
    CREATED: { description: 'The position was created; nothing is in escrow yet.' },
    PARTIALLY_FUNDED: {
      description:
        'A part of the amount is in escrow. Nothing can be released before the whole amount was funded. Only fundPosition with an amount leads here.',
    },
    FUNDED: { description: 'The whole amount was paid into escrow; nothing was released yet.' },
    PARTIALLY_RELEASED: { description: 'The payee has earned a part; the rest is in escrow.' },
    RELEASED: { description: 'Everything was released to the payee. Terminal.' },
    CANCELLED: { description: 'The position was cancelled; the held amount was returned to the payer. Terminal.' },
    EXPIRED: {
      description:
        'The position expired; the held amount was returned to the payer, and what was retained went to the payee. Terminal.',
    },
  },
});

const MOVES: { readonly [M in Move]: string } = {
  CREATE: 'The position was created.',
  FUND: 'Money was paid into escrow, in full or in part.',
  RELEASE: 'Money was released to the payee, or earned by it and retained.',
  REFUND: 'Money was refunded to the payer.',
  CANCEL: 'The position was cancelled.',
  EXPIRE: 'The position expired.',
  AGREE: 'A party agreed to the terms.',
  AMEND: 'The terms or the expiry were changed.',
};

export const PositionMove = builder.enumType('PositionMove', {
  description: 'The kind of a change of a position. The enum is open: keep a default branch.',
  values: Object.fromEntries(Object.entries(MOVES).map(([move, description]) => [move, { description }])) as {
    readonly [M in Move]: { readonly description: string };
  },
});

const LifecycleRule = builder.objectRef<State>('LifecycleRule').implement({
  description: 'The transitions that the lifecycle allows from one state.',
  fields: (t) => ({
    state: t.field({ type: PositionState, description: 'The state.', resolve: (state) => state }),
    allowedTransitions: t.field({
      type: [PositionState],
      description:
        'The states to which a position in this state can change. PARTIALLY_FUNDED is not listed: fundPosition with an amount leads there whenever FUNDED is allowed.',
      resolve: (state) => LIFECYCLE[state],
    }),
    terminal: t.boolean({
      description: 'Whether the state is terminal: no transition is allowed from it.',
      resolve: isTerminal,
    }),
  }),
});

builder.queryField('lifecycle', (t) =>
  t.field({
    type: [LifecycleRule],
    nullable: true,
    description: 'Returns the lifecycle of positions, one rule per state.',
    extensions: { roles: EVERYONE, cost: { items: POSITION_STATES.length } },
    resolve: () => POSITION_STATES,
  }),
);
