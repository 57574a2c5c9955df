import type { NewId } from '../domain/ids.ts';
import { type LedgerEvent, newLedgerEvent, type Posting, postingsOf } from '../domain/ledgerEvent.ts';
import type { LifecycleEvent } from '../domain/lifecycleEvent.ts';

/** The accounting entry of one change of a position. */
export interface LedgerEntry {
  readonly ledgerEvent: LedgerEvent;
  readonly postings: readonly Posting[];
}

/** Computes the accounting entry of each change. The command writes it in the transaction of the change. */
export interface Ledger {
  entryOf(event: LifecycleEvent): LedgerEntry;
}

/** Returns a ledger whose entries are stored in the same store as the positions. */
export const createStoredLedger = (newId: NewId): Ledger => ({
  entryOf: (event) => {
    const ledgerEvent = newLedgerEvent(newId('led'), event);
    return { ledgerEvent, postings: postingsOf(ledgerEvent, event) };
  },
});
