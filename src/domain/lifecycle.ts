import type { Instant } from './time.ts';

/** The states of a position, in their possible order. */
export const POSITION_STATES = ['CREATED', 'FUNDED', 'PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED'] as const;
/** The state of a position. */
export type PositionState = (typeof POSITION_STATES)[number];

/** The table of allowed transitions. The domain rules, the `lifecycle` query and the tests all read it. */
export const LIFECYCLE: { readonly [S in PositionState]: readonly PositionState[] } = {
  CREATED: ['FUNDED', 'CANCELLED', 'EXPIRED'],
  FUNDED: ['PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED'],
  PARTIALLY_RELEASED: ['PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED'],
  RELEASED: [],
  CANCELLED: [],
  EXPIRED: [],
};

/** Whether the state is terminal: no transition leaves it. */
export const isTerminal = (state: PositionState): boolean => LIFECYCLE[state].length === 0;

/** The states that are not terminal. */
export const OPEN_STATES: readonly PositionState[] = POSITION_STATES.filter((state) => !isTerminal(state));

const ONLY_EXPIRY: readonly PositionState[] = ['EXPIRED'];

/** Returns the transitions that are allowed now. Once an open position has expired, the only one is to EXPIRED. */
export const allowedTransitions = (
  position: { readonly state: PositionState; readonly expiresAt: Instant | null },
  now: Instant,
): readonly PositionState[] => {
  const late = position.expiresAt !== null && position.expiresAt <= now;
  return late && !isTerminal(position.state) ? ONLY_EXPIRY : LIFECYCLE[position.state];
};
