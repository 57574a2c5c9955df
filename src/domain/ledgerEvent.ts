import type { CurrencyCode } from './currencies.ts';
import type { Id } from './ids.ts';
import type { PositionState } from './lifecycle.ts';
import type { LifecycleEvent } from './lifecycleEvent.ts';
import type { Instant } from './time.ts';

export type LedgerEventKind = 'POSITION_CREATED' | 'POSITION_STATE_CHANGED';

/** Whose money: the payer's, nobody's for now, the payee's. */
export type LedgerAccountKind = 'PAYER' | 'ESCROW' | 'PAYEE';

/** The ledger's entry for one lifecycle event. Never changed once written. */
export interface LedgerEvent {
  readonly id: Id;
  readonly institutionId: Id;
  readonly kind: LedgerEventKind;
  readonly positionId: Id;
  readonly lifecycleEventId: Id;
  /** The position's, as its lifecycle event has it. */
  readonly sequence: number;
  readonly fromState: PositionState | null;
  readonly toState: PositionState;
  readonly createdAt: Instant;
}

/** One leg of a ledger event, in minor units; plus is into the account. The legs of one event add up to zero. */
export interface Posting {
  readonly id: Id;
  readonly institutionId: Id;
  readonly ledgerEventId: Id;
  /** 1 for the account that gives, 2 for the one that takes. */
  readonly ordinal: number;
  readonly accountKind: LedgerAccountKind;
  readonly amount: bigint;
  readonly currency: CurrencyCode;
}

/** From whom to whom money goes when a position comes to a state. */
const WAYS: { readonly [S in PositionState]: readonly [LedgerAccountKind, LedgerAccountKind] | null } = {
  CREATED: null,
  FUNDED: ['PAYER', 'ESCROW'],
  PARTIALLY_RELEASED: ['ESCROW', 'PAYEE'],
  RELEASED: ['ESCROW', 'PAYEE'],
  CANCELLED: ['ESCROW', 'PAYER'],
  EXPIRED: ['ESCROW', 'PAYER'],
};

export function newLedgerEvent(id: Id, kind: LedgerEventKind, event: LifecycleEvent): LedgerEvent {
  const { institutionId, positionId, sequence, fromState, toState, createdAt } = event;
  const own = { institutionId, kind, positionId, lifecycleEventId: event.id, sequence, fromState, toState, createdAt };
  return Object.freeze({ id, ...own });
}

/** The two legs of what moved; none where no money did. */
export function postingsOf({ id, institutionId, toState }: LedgerEvent, event: LifecycleEvent): readonly Posting[] {
  const { moved, currency } = event;
  const way = WAYS[toState];
  if (moved === null || way === null) return [];
  const leg = (ordinal: 1 | 2, amount: bigint): Posting => {
    const accountKind = way[ordinal - 1] as LedgerAccountKind;
    return Object.freeze({
      id: `${id}_${ordinal}`,
      institutionId,
      ledgerEventId: id,
      ordinal,
      accountKind,
      amount,
      currency,
    });
  };
  return [leg(1, -moved), leg(2, moved)];
}
