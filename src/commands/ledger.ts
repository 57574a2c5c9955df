import type { NewId } from '../domain/ids.ts';
import { type LedgerEvent, type LedgerEventKind, newLedgerEvent, postingsOf } from '../domain/ledgerEvent.ts';
import type { LifecycleEvent } from '../domain/lifecycleEvent.ts';
import type { Writers } from '../store/store.ts';

/** Where money is accounted for: told of each change of a position, within the change's own transaction. */
export interface Ledger {
  recordPositionCreated(tx: Writers, event: LifecycleEvent): LedgerEvent;
  recordPositionStateChanged(tx: Writers, event: LifecycleEvent): LedgerEvent;
}

/** The ledger that is kept beside the positions, in the same store. */
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
