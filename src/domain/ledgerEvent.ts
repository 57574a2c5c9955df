import type { CurrencyCode } from './currencies.ts';
import type { Id } from './ids.ts';
import type { PositionState } from './lifecycle.ts';
import type { LifecycleEvent } from './lifecycleEvent.ts';
import type { Instant } from './time.ts';

/** The kind of a ledger event. */
export type LedgerEventKind = 'POSITION_CREATED' | 'POSITION_STATE_CHANGED';

/** The owner of the money in an account: the payer, nobody (while it is in escrow), or the payee. */
export type LedgerAccountKind = 'PAYER' | 'ESCROW' | 'PAYEE';

/** The accounting entry of one lifecycle event. Never changed once written. */
export interface LedgerEvent {
  readonly id: Id;
  readonly institutionId: Id;
  readonly kind: LedgerEventKind;
  readonly positionId: Id;
  readonly lifecycleEventId: Id;
  /** The sequence of the lifecycle event. */
  readonly sequence: number;
  readonly fromState: PositionState | null;
  readonly toState: PositionState;
  readonly createdAt: Instant;
}

/**
 * One signed leg of a ledger event, in minor units; a positive amount goes into the account. The legs of an event add
 * up to zero.
 */
export interface Posting {
  readonly id: Id;
  readonly institutionId: Id;
  readonly ledgerEventId: Id;
  /** 1 for the account from which the money moves, 2 for the account to which it moves. */
  readonly ordinal: number;
  readonly accountKind: LedgerAccountKind;
  readonly amount: bigint;
  readonly currency: CurrencyCode;
}

/** The accounts from which and to which money moves when a position reaches the state; null if none moves. */
const POSTING_ACCOUNTS: { readonly [S in PositionState]: readonly [LedgerAccountKind, LedgerAccountKind] | null } = {
  CREATED: null,
  FUNDED: ['PAYER', 'ESCROW'],
  PARTIALLY_RELEASED: ['ESCROW', 'PAYEE'],
  RELEASED: ['ESCROW', 'PAYEE'],
  CANCELLED: ['ESCROW', 'PAYER'],
  EXPIRED: ['ESCROW', 'PAYER'],
};

/** Returns the ledger event of a lifecycle event. */
export function newLedgerEvent(id: Id, kind: LedgerEventKind, event: LifecycleEvent): LedgerEvent {
  const { institutionId, positionId, sequence, fromState, toState, createdAt } = event;
  const own = { institutionId, kind, positionId, lifecycleEventId: event.id, sequence, fromState, toState, createdAt };
  return Object.freeze({ id, ...own });
}

/** Returns the two postings of the amount that moved, or none if no money moved. */
export function postingsOf({ id, institutionId, toState }: LedgerEvent, event: LifecycleEvent): readonly Posting[] {
  const { moved, currency } = event;
  const way = POSTING_ACCOUNTS[toState];
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
