import type { NewId } from '../domain/ids.ts';
import {
  type LedgerEvent,
  type LedgerEventKind,
  newLedgerEvent,
  type Posting,
  postingsOf,
} from '../domain/ledgerEvent.ts';
import type { LifecycleEvent } from '../domain/lifecycleEvent.ts';

/** The accounting entry of one move. */
export interface LedgerEntry {
  readonly ledgerEvent: LedgerEvent;
  readonly postings: readonly Posting[];
}

/** Computes the accounting entry of each move. The command writes it in the transaction of the move. */
export interface Ledger {
  entryOfCreation(event: LifecycleEvent): LedgerEntry;
  entryOfStateChange(event: LifecycleEvent): LedgerEntry;
}

/** Returns a ledger whose entries are stored in the same store as the positions. */
export function createStoredLedger(newId: NewId): Ledger {
  const entryOf = (kind: LedgerEventKind, event: LifecycleEvent): LedgerEntry => {
    const ledgerEvent = newLedgerEvent(newId('led'), kind, event);
    return { ledgerEvent, postings: postingsOf(ledgerEvent, event) };
  };
  return {
    entryOfCreation: (event) => entryOf('POSITION_CREATED', event),
    entryOfStateChange: (event) => entryOf('POSITION_STATE_CHANGED', event),
  };
}
