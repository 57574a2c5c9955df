import type { Id } from '../../domain/ids.ts';
import { type LedgerEvent, newLedgerEvent, type Posting } from '../../domain/ledgerEvent.ts';
import type { LifecycleEvent } from '../../domain/lifecycleEvent.ts';

/** What the row of a lifecycle event has of its ledger event. */
export interface Embedded {
  readonly ledgerEventId: Id | null;
  /** The postings in their order, such as `PAYER -100,ESCROW 100`, or null if there are none. */
  readonly legs: string | null;
}

/** The rows of the three tables. */
export interface LedgerRows {
  readonly lifecycleEvents: readonly (LifecycleEvent & Embedded)[];
  readonly ledgerEvents: readonly LedgerEvent[];
  readonly postings: readonly Posting[];
}

/**
 * Moves the ledger events and their postings into the rows of their lifecycle events. One stays a row of its own if its
 * lifecycle event is not written with it, or if its values or those of its postings do not follow from that event.
 */
export function embedLedger(
  lifecycleEvents: readonly LifecycleEvent[],
  ledgerEvents: readonly LedgerEvent[],
  postings: readonly Posting[],
): LedgerRows {
  const ledgerByEvent = groupBy(ledgerEvents, ({ lifecycleEventId }) => lifecycleEventId);
  const postingsByLedger = groupBy(postings, ({ ledgerEventId }) => ledgerEventId);
  const embedded = new Set<Id>();
  const events = lifecycleEvents.map((event) => {
    const [ledgerEvent, ...others] = ledgerByEvent.get(event.id) ?? [];
    const legs = ledgerEvent && others.length === 0 && legsOf(ledgerEvent, event, postingsByLedger);
    if (!ledgerEvent || legs === undefined || legs === false) return { ...event, ledgerEventId: null, legs: null };
    embedded.add(ledgerEvent.id);
    return { ...event, ledgerEventId: ledgerEvent.id, legs: legs === '' ? null : legs };
  });
  return {
    lifecycleEvents: events,
    ledgerEvents: ledgerEvents.filter(({ id }) => !embedded.has(id)),
    postings: postings.filter(({ ledgerEventId }) => !embedded.has(ledgerEventId)),
  };
}

/** Returns the postings of a ledger event as text, or undefined if the row of the lifecycle event cannot contain them. */
function legsOf(
  ledgerEvent: LedgerEvent,
  event: LifecycleEvent,
  postings: ReadonlyMap<Id, readonly Posting[]>,
): string | undefined {
  const derived = newLedgerEvent(ledgerEvent.id, event);
  const fields = Object.keys(derived) as (keyof LedgerEvent)[];
  if (fields.some((field) => derived[field] !== ledgerEvent[field])) return undefined;
  const { id, institutionId } = ledgerEvent;
  const own = (postings.get(id) ?? []).toSorted((a, b) => a.ordinal - b.ordinal);
  const isOwn = (posting: Posting, index: number): boolean =>
    posting.ordinal === index + 1 &&
    posting.id === `${id}_${index + 1}` &&
    posting.institutionId === institutionId &&
    posting.currency === event.currency;
  const sum = own.reduce((total, { amount }) => total + amount, 0n);
  if (sum !== 0n || !own.every(isOwn)) return undefined;
  return own.map(({ accountKind, amount }) => `${accountKind} ${amount}`).join(',');
}

function groupBy<E>(rows: readonly E[], keyOf: (row: E) => Id): ReadonlyMap<Id, readonly E[]> {
  const groups = new Map<Id, E[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}
