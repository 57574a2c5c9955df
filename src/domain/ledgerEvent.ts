import type { CurrencyCode } from './currencies.ts';
import type { Id } from './ids.ts';
import type { PositionMove, PositionState } from './lifecycle.ts';
import { type EventAmounts, eventAmountsOf, type LifecycleEvent, moveOf } from './lifecycleEvent.ts';
import type { Instant } from './time.ts';

/** The kind of a ledger event. */
export type LedgerEventKind = 'POSITION_CREATED' | 'POSITION_STATE_CHANGED' | 'POSITION_CHANGED';

/** The kinds of ledger accounts. */
export const LEDGER_ACCOUNT_KINDS = ['PAYER', 'ESCROW', 'RETAINAGE', 'PAYEE', 'FEE'] as const;
/**
 * The owner of the money in an account: the payer, nobody while it is in escrow or retained, the payee, or the party to
 * which the fees go.
 */
export type LedgerAccountKind = (typeof LEDGER_ACCOUNT_KINDS)[number];

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
  /** 1 for the first leg of the event. */
  readonly ordinal: number;
  readonly accountKind: LedgerAccountKind;
  readonly amount: bigint;
  readonly currency: CurrencyCode;
}

type Legs = readonly (readonly [kind: LedgerAccountKind, amount: bigint])[];

const refund = ({ moved }: EventAmounts): Legs => [
  ['ESCROW', -moved],
  ['PAYER', moved],
];
const nothing = (): Legs => [];

/** The legs of each kind of change. A leg of zero is no posting. */
const LEGS: { readonly [M in PositionMove]: (amounts: EventAmounts) => Legs } = {
  CREATE: nothing,
  FUND: ({ moved, fee }) => [
    ['PAYER', -moved],
    ['ESCROW', moved - fee],
    ['FEE', fee],
  ],
  RELEASE: ({ moved, fee, retained }) => [
    ['ESCROW', -(moved + fee + retained)],
    ['RETAINAGE', retained],
    ['PAYEE', moved],
    ['FEE', fee],
  ],
  REFUND: refund,
  CANCEL: refund,
  EXPIRE: ({ moved, retained }) => [
    ['ESCROW', -(moved + retained)],
    ['PAYER', moved + retained],
    ['RETAINAGE', retained],
    ['PAYEE', -retained],
  ],
  AGREE: nothing,
  AMEND: nothing,
};

/** Returns the kind of the ledger event of a change. */
function kindOf(event: LifecycleEvent): LedgerEventKind {
  if (event.fromState === null) return 'POSITION_CREATED';
  return event.fromState !== event.toState || moveOf(event) === 'RELEASE'
    ? 'POSITION_STATE_CHANGED'
    : 'POSITION_CHANGED';
}

/** Returns the ledger event of a lifecycle event. */
export function newLedgerEvent(id: Id, event: LifecycleEvent): LedgerEvent {
  const { institutionId, positionId, sequence, fromState, toState, createdAt } = event;
  const own = { institutionId, kind: kindOf(event), positionId, lifecycleEventId: event.id };
  return Object.freeze({ id, ...own, sequence, fromState, toState, createdAt });
}

/** Returns the legs of the event that are not zero. They add up to zero. */
export const legsOf = (event: Pick<LifecycleEvent, 'move' | 'toState' | 'moved' | 'fee' | 'retained'>): Legs =>
  LEGS[moveOf(event)](eventAmountsOf(event)).filter(([, amount]) => amount !== 0n);

/** Returns the postings of the event, or none if no money moved. */
export function postingsOf({ id, institutionId }: LedgerEvent, event: LifecycleEvent): readonly Posting[] {
  const { currency } = event;
  return legsOf(event).map(([accountKind, amount], index) =>
    Object.freeze({
      id: `${id}_${index + 1}`,
      institutionId,
      ledgerEventId: id,
      ordinal: index + 1,
      accountKind,
      amount,
      currency,
    }),
  );
}
