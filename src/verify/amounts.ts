import type { PositionState } from '../domain/lifecycle.ts';
import { eventAmountsOf, type LifecycleEvent, moveOf } from '../domain/lifecycleEvent.ts';
import type { Position } from '../domain/position.ts';
import { principalOf } from '../domain/positionAmounts.ts';

/** The amounts of a position after an event, in minor units. */
interface Amounts {
  /** What was funded without the fees of the payer. */
  readonly principal: bigint;
  readonly available: bigint;
  readonly retained: bigint;
  readonly released: bigint;
  readonly refunded: bigint;
  readonly fees: bigint;
  /** What the payee has earned, in payments, retained amounts and fees. */
  readonly earned: bigint;
}

const NOTHING: Amounts = {
  principal: 0n,
  available: 0n,
  retained: 0n,
  released: 0n,
  refunded: 0n,
  fees: 0n,
  earned: 0n,
};

/** Returns the change of the amounts by an event. What it leaves out does not change. */
export function changeBy(event: LifecycleEvent): Partial<Amounts> {
  const { moved, fee, retained } = eventAmountsOf(event);
  switch (moveOf(event)) {
    case 'FUND':
      return { principal: moved - fee, available: moved - fee, fees: fee };
    case 'RELEASE': {
      const gross = moved + fee + retained;
      return { available: -gross, retained, released: moved, fees: fee, earned: gross };
    }
    case 'REFUND':
    case 'CANCEL':
      return { available: -moved, refunded: moved };
    case 'EXPIRE': {
      const refunded = moved + retained;
      return { available: -refunded, retained, released: -retained, refunded };
    }
    case 'CREATE':
    case 'AGREE':
    case 'AMEND':
      return {};
  }
}

const NAMES = Object.keys(NOTHING) as readonly (keyof Amounts)[];

const sum = (amounts: Amounts, change: Partial<Amounts>): Amounts =>
  Object.fromEntries(NAMES.map((name) => [name, amounts[name] + (change[name] ?? 0n)])) as unknown as Amounts;

/** The state in which each move leaves a position that holds nothing. */
const EMPTIED = {
  CREATE: 'CREATED',
  AGREE: 'CREATED',
  AMEND: 'CREATED',
  FUND: 'CREATED',
  RELEASE: 'RELEASED',
  REFUND: 'CANCELLED',
  CANCEL: 'CANCELLED',
  EXPIRE: 'EXPIRED',
} as const;

/** Returns the state that follows from the amounts after an event. */
function stateAfter(
  event: LifecycleEvent,
  { available, retained, principal, earned }: Amounts,
  agreed: bigint,
): PositionState {
  if (available + retained === 0n) return EMPTIED[moveOf(event)];
  if (principal < agreed) return 'PARTIALLY_FUNDED';
  return earned > 0n ? 'PARTIALLY_RELEASED' : 'FUNDED';
}

/**
 * Checks after each event that no amount is negative, that no more than the agreed amount is funded, and that the state
 * follows from the amounts; then that the position has the amounts of its events.
 */
export function amountFault(position: Position, events: readonly LifecycleEvent[]): string | undefined {
  let amounts = NOTHING;
  for (const event of events) {
    const { sequence, toState } = event;
    const change = changeBy(event);
    if (Object.keys(change).length === 0 && Object.values(eventAmountsOf(event)).some((amount) => amount !== 0n)) {
      return `has amounts in event ${sequence}, but ${moveOf(event)} moves no money`;
    }
    amounts = sum(amounts, change);
    const negative = NAMES.find((name) => amounts[name] < 0n);
    if (negative) return `has a negative amount after event ${sequence}: ${negative} ${amounts[negative]}`;
    if (amounts.principal > position.amount) {
      return `was funded ${amounts.principal} of ${position.amount} after event ${sequence}`;
    }
    const state = stateAfter(event, amounts, position.amount);
    if (toState !== state) return `is ${toState} after event ${sequence}, but its amounts make it ${state}`;
  }
  const principal = principalOf(position);
  if (principal !== amounts.principal) return `has a principal of ${principal}, its events ${amounts.principal}`;
  if (position.termsVersion === null && (position.retained !== 0n || position.fees !== 0n)) {
    return 'has retained money or fees, but no terms';
  }
  return undefined;
}
