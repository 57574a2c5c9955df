import type { NewId } from '../domain/ids.ts';
import { type LedgerEvent, type LedgerEventKind, newLedgerEvent, postingsOf } from '../domain/ledgerEvent.ts';
import type { LifecycleEvent } from '../domain/lifecycleEvent.ts';
import type { Writers } from '../store/store.ts';

/** Records the accounting entry of each move, within the transaction of the move. */
export interface Ledger {
  recordPositionCreated(tx: Writers, event: LifecycleEvent): LedgerEvent;
  recordPositionStateChanged(tx: Writers, event: LifecycleEvent): LedgerEvent;
}

/** Returns a ledger that is stored in the same store as the positions. */
export function createStoredLedger(newId: NewId): Ledger {
  const record = (tx: Writers, kind: LedgerEventKind, event: LifecycleEvent): LedgerEvent => {
    const ledgerEvent = newLedgerEvent(newId('led'), kind, event);
    tx.ledgerEvents.insert(ledgerEvent);
    for (const posting of postingsOf(ledgerEvent, event)) tx.postings.insert(posting);
    return ledgerEvent;
  };
  return {
    recordPositionCreated: (tx, event) => record(tx, 'POSITION_CREATED', event),
    recordPositionStateChanged: (tx, event) => record(tx, 'POSITION_STATE_CHANGED', event),
  };
}
