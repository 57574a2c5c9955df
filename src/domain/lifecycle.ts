import type { Instant } from './time.ts';

/** The states of a position, in their possible order. */
export const POSITION_STATES = [
  'CREATED',
  'PARTIALLY_FUNDED',
  'FUNDED',
  'PARTIALLY_RELEASED',
  'RELEASED',
  'CANCELLED',
  'EXPIRED',
] as const;
/** The state of a position. */
export type PositionState = (typeof POSITION_STATES)[number];

/**
 * The table of allowed transitions. The domain rules, the `lifecycle` query and the tests all read it. No state has
 * PARTIALLY_FUNDED as its next one, because only a funding of a part of the amount leads there.
 */
export const LIFECYCLE: { readonly [S in PositionState]: readonly PositionState[] } = {
  CREATED: ['FUNDED', 'CANCELLED', 'EXPIRED'],
  PARTIALLY_FUNDED: ['FUNDED', 'CANCELLED', 'EXPIRED'],
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

/** The kinds of change of a position. */
export const POSITION_MOVES = ['CREATE', 'FUND', 'RELEASE', 'REFUND', 'CANCEL', 'EXPIRE', 'AGREE', 'AMEND'] as const;
/** The kind of a change of a position. */
export type PositionMove = (typeof POSITION_MOVES)[number];

/** The states from which each move is possible, and those to which it can lead. */
export const MOVES: {
  readonly [M in PositionMove]: { readonly from: readonly PositionState[]; readonly to: readonly PositionState[] };
} = {
  CREATE: { from: [], to: ['CREATED'] },
  FUND: { from: ['CREATED', 'PARTIALLY_FUNDED'], to: ['PARTIALLY_FUNDED', 'FUNDED'] },
  RELEASE: { from: ['FUNDED', 'PARTIALLY_RELEASED'], to: ['PARTIALLY_RELEASED', 'RELEASED'] },
  REFUND: {
    from: ['PARTIALLY_FUNDED', 'FUNDED', 'PARTIALLY_RELEASED'],
    to: ['PARTIALLY_FUNDED', 'FUNDED', 'PARTIALLY_RELEASED', 'CANCELLED'],
  },
  CANCEL: { from: OPEN_STATES, to: ['CANCELLED'] },
  EXPIRE: { from: OPEN_STATES, to: ['EXPIRED'] },
  AGREE: { from: ['CREATED'], to: ['CREATED'] },
  AMEND: { from: ['CREATED'], to: ['CREATED'] },
};

/**
 * Whether the move can lead from one state to the other; `from` is null for a creation. A refund either leaves the state
 * as it is or cancels the position.
 */
export function canLead(move: PositionMove, from: PositionState | null, to: PositionState): boolean {
  const { from: sources, to: targets } = MOVES[move];
  if (from === null) return move === 'CREATE' && targets.includes(to);
  if (move === 'REFUND' && to !== from && to !== 'CANCELLED') return false;
  return sources.includes(from) && targets.includes(to);
}

const MOVE_INTO: { readonly [S in PositionState]: PositionMove } = {
  CREATED: 'CREATE',
  PARTIALLY_FUNDED: 'FUND',
  FUNDED: 'FUND',
  PARTIALLY_RELEASED: 'RELEASE',
  RELEASED: 'RELEASE',
  CANCELLED: 'CANCEL',
  EXPIRED: 'EXPIRE',
};

/**
 * Returns the kind of the change that leads to the state. Before terms existed, the state alone determined it, so it is
 * the kind of every event that was stored without one.
 */
export const moveInto = (toState: PositionState): PositionMove => MOVE_INTO[toState];

const ONLY_EXPIRY: readonly PositionState[] = ['EXPIRED'];

/** Returns the transitions that are allowed now. Once an open position has expired, the only one is to EXPIRED. */
export const allowedTransitions = (
  position: { readonly state: PositionState; readonly expiresAt: Instant | null },
  now: Instant,
): readonly PositionState[] => {
  const late = position.expiresAt !== null && position.expiresAt <= now;
  return late && !isTerminal(position.state) ? ONLY_EXPIRY : LIFECYCLE[position.state];
};
