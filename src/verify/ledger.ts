import {
  type LedgerAccountKind,
  type LedgerEvent,
  legsOf,
  newLedgerEvent,
  type Posting,
} from '../domain/ledgerEvent.ts';
import type { LifecycleEvent } from '../domain/lifecycleEvent.ts';
import type { Position } from '../domain/position.ts';

type Legs = readonly Pick<Posting, 'accountKind' | 'amount'>[];

/** Returns the legs of the event as postings have them. */
const expectedLegs = (event: LifecycleEvent): Legs =>
  legsOf(event).map(([accountKind, amount]) => ({ accountKind, amount }));

/** Returns the postings of each ledger event. */
function postingsByEvent(
  ledgerEvents: readonly LedgerEvent[],
  postings: readonly Posting[],
): ReadonlyMap<string, readonly Posting[]> {
  const legs = new Map<string, Posting[]>(ledgerEvents.map(({ id }) => [id, []]));
  for (const posting of postings) legs.get(posting.ledgerEventId)?.push(posting);
  return legs;
}

/** Checks that each event has its ledger event, whose postings equal the amount that moved and add up to zero. */
export function ledgerFault(
  events: readonly LifecycleEvent[],
  ledgerEvents: readonly LedgerEvent[],
  postings: readonly Posting[],
): string | undefined {
  const legs = postingsByEvent(ledgerEvents, postings);
  if (ledgerEvents.length !== events.length)
    return `has ${events.length} events, but ${ledgerEvents.length} ledger events`;
  for (const [index, event] of events.entries()) {
    const { sequence } = event;
    const ledgerEvent = ledgerEvents[index];
    if (ledgerEvent?.lifecycleEventId !== event.id) return `has no ledger event for its event ${sequence}`;
    if (ledgerEvent.fromState !== event.fromState || ledgerEvent.toState !== event.toState) {
      return `has a ledger event ${sequence} of other states than its event`;
    }
    const { kind } = newLedgerEvent(ledgerEvent.id, event);
    if (ledgerEvent.kind !== kind) return `has a ledger event ${sequence} of kind ${ledgerEvent.kind}, not ${kind}`;
    const own = legs.get(ledgerEvent.id) ?? [];
    const foreign = own.find(({ currency }) => currency !== event.currency);
    if (foreign) return `is in ${event.currency}, a posting of event ${sequence} in ${foreign.currency}`;
    const balance = own.reduce((all, { amount }) => all + amount, 0n);
    if (balance !== 0n) return `has postings of event ${sequence} that add up to ${balance}`;
    const [moved, posted] = [expectedLegs(event), own].map(incomeOf);
    if (moved !== posted) return `moved ${moved} in event ${sequence}, its postings ${posted}`;
  }
  return undefined;
}

/** Returns the sum of what the legs add to accounts. */
const incomeOf = (legs: Legs): bigint => legs.reduce((all, { amount }) => (amount > 0n ? all + amount : all), 0n);

/** Checks that the postings of each event are the legs that follow from its amounts, whatever their order. */
export function legFault(
  events: readonly LifecycleEvent[],
  ledgerEvents: readonly LedgerEvent[],
  postings: readonly Posting[],
): string | undefined {
  const legs = postingsByEvent(ledgerEvents, postings);
  for (const [index, event] of events.entries()) {
    const [expected, found] = [expectedLegs(event), legs.get(ledgerEvents[index]?.id ?? '') ?? []].map(textOf);
    if (expected !== found) {
      return `has the postings ${found} in event ${event.sequence}, where its amounts are those of ${expected}`;
    }
  }
  return undefined;
}

const textOf = (legs: Legs): string =>
  legs
    .map(({ accountKind, amount }) => `${accountKind} ${amount}`)
    .toSorted()
    .join(', ');

/** Checks that the balances of the postings equal those of the position. */
export function balanceFault(
  { held, retained, released, refunded, fees }: Position,
  postings: readonly Posting[],
): string | undefined {
  const sum = (kind: LedgerAccountKind, isCounted = (amount: bigint): boolean => amount !== 0n): bigint =>
    postings.reduce(
      (all, { accountKind, amount }) => (accountKind === kind && isCounted(amount) ? all + amount : all),
      0n,
    );
  const inEscrow = sum('ESCROW') + sum('RETAINAGE');
  if (inEscrow !== held) return `holds ${held}, its postings ${inEscrow}`;
  if (sum('RETAINAGE') !== retained) return `retains ${retained}, its postings ${sum('RETAINAGE')}`;
  if (sum('PAYEE') !== released) return `has released ${released}, its postings ${sum('PAYEE')}`;
  if (sum('FEE') !== fees) return `has charged fees of ${fees}, its postings ${sum('FEE')}`;
  // What was funded follows from all of these, because the postings add up to zero.
  const back = sum('PAYER', (amount) => amount > 0n);
  return back === refunded ? undefined : `has refunded ${refunded}, its postings ${back}`;
}
