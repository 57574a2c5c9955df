import { isTerminal, LIFECYCLE, POSITION_STATES, type PositionState as State } from '../domain/lifecycle.ts';
import { EVERYONE } from '../domain/rights.ts';
import { builder } from './builder.ts';

export const PositionState = builder.enumType('PositionState', {
  description: 'The state of a position.',
  values: {
    CREATED: { description: 'The position was created; nothing is in escrow yet.' },
    FUNDED: { description: 'The whole amount is in escrow.' },
    PARTIALLY_RELEASED: { description: 'A part was released to the payee; the rest is in escrow.' },
    RELEASED: { description: 'Everything was released to the payee. Terminal.' },
    CANCELLED: { description: 'The position was cancelled; the held amount was returned to the payer. Terminal.' },
    EXPIRED: { description: 'The position expired; the held amount was returned to the payer. Terminal.' },
  },
});

const LifecycleRule = builder.objectRef<State>('LifecycleRule').implement({
  description: 'The transitions that the lifecycle allows from one state.',
  fields: (t) => ({
    state: t.field({ type: PositionState, description: 'The state.', resolve: (state) => state }),
    allowedTransitions: t.field({
      type: [PositionState],
      description: 'The states to which a position in this state can change.',
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
