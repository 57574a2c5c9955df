import { isTerminal, LIFECYCLE, POSITION_STATES, type PositionState as State } from '../domain/lifecycle.ts';
import { builder } from './builder.ts';

export const PositionState = builder.enumType('PositionState', {
  description: 'Where a position is in its lifecycle.',
  values: {
    CREATED: { description: 'Agreed; nothing is in escrow yet.' },
    FUNDED: { description: 'The whole amount is in escrow.' },
    PARTIALLY_RELEASED: { description: 'A part was paid out, the rest is in escrow.' },
    RELEASED: { description: 'All of it was paid out. Terminal.' },
    CANCELLED: { description: 'Called off; what was held went back to the payer. Terminal.' },
    EXPIRED: { description: 'Its time ran out; what was held went back to the payer. Terminal.' },
  },
});

const LifecycleRule = builder.objectRef<State>('LifecycleRule').implement({
  description: 'What the lifecycle allows from one state.',
  fields: (t) => ({
    state: t.field({ type: PositionState, description: 'The state.', resolve: (state) => state }),
    allowedTransitions: t.field({
      type: [PositionState],
      description: 'The states that can follow it.',
      resolve: (state) => LIFECYCLE[state],
    }),
    terminal: t.boolean({ description: 'Whether nothing can follow it.', resolve: isTerminal }),
  }),
});

builder.queryField('lifecycle', (t) =>
  t.field({
    type: [LifecycleRule],
    nullable: true,
    description: 'The lifecycle of every position: one rule a state.',
    resolve: () => POSITION_STATES,
  }),
);
