import type { LedgerEvent, Posting } from '../domain/ledgerEvent.ts';
import { isTerminal, LIFECYCLE } from '../domain/lifecycle.ts';
import type { LifecycleEvent } from '../domain/lifecycleEvent.ts';
import type { Position } from '../domain/position.ts';
import type { Field, Key, Page, Reader, Readers, Store, Window } from '../store/store.ts';
import { firstOf } from '../store/window.ts';

/** The result of a verification: what was checked, and the first difference. */
export interface Verification {
  readonly positions: number;
  readonly events: number;
  readonly postings: number;
  /** The first difference, or null if everything is consistent. */
  readonly difference: { readonly positionId: string; readonly message: string } | null;
}

const PAGE = 100;

/**
 * Rebuilds the held, released and refunded amounts and the state of every position from its ledger and its events, in
 * one snapshot, and stops at the first difference.
 */
export function verify(store: Store): Promise<Verification> {
  return store.snapshot('ALL', async (read) => {
    let seen = { positions: 0, events: 0, postings: 0 };
    for await (const positions of allPages(read.positions, { by: ['createdAt'] })) {
      const histories = await historiesOf(read, positions);
      for (const [index, position] of positions.entries()) {
        const history = histories[index] as History;
        seen = {
          positions: seen.positions + 1,
          events: seen.events + history.events.length,
          postings: seen.postings + history.postings.length,
        };
        const message = differenceOf(position, history);
        if (message !== undefined) return { ...seen, difference: { positionId: position.id, message } };
      }
    }
    return { ...seen, difference: null };
  });
}

interface History {
  readonly events: readonly LifecycleEvent[];
  readonly ledgerEvents: readonly LedgerEvent[];
  readonly postings: readonly Posting[];
}

/** Loads the histories of these positions, with a few statements for all of them. */
async function historiesOf(read: Readers, positions: readonly Position[]): Promise<readonly History[]> {
  const ids = positions.map(({ id }) => id);
  const events = await childrenOf(read.lifecycleEvents, 'positionId', ids, 'sequence');
  const ledgerEvents = await childrenOf(read.ledgerEvents, 'positionId', ids, 'sequence');
  const ledgerIds = ledgerEvents.flatMap((each) => each.map(({ id }) => id));
  const legs = await childrenOf(read.postings, 'ledgerEventId', ledgerIds, 'ordinal');
  const postings = new Map(ledgerIds.map((id, index) => [id, legs[index] ?? []]));
  return positions.map((_position, index) => {
    const ledger = ledgerEvents[index] ?? [];
    return {
      events: events[index] ?? [],
      ledgerEvents: ledger,
      postings: ledger.flatMap(({ id }) => postings.get(id) ?? []),
    };
  });
}

/** Loads all children of each parent in order, page by page for parents with many. */
async function childrenOf<E extends { readonly id: string }>(
  reader: Reader<E>,
  field: Field<E>,
  parents: readonly string[],
  by: Field<E>,
): Promise<readonly (readonly E[])[]> {
  const children = parents.map((): E[] => []);
  let open = parents.map((id, index) => ({ at: index, window: windowOf<E>({ by: [by], parent: { field, id } }) }));
  while (open.length > 0) {
    const pages = await reader.pages(open.map(({ window }) => window));
    open = open.flatMap(({ at, window }, n) => {
      const { rows, more } = pages[n] as Page<E>;
      children[at]?.push(...rows);
      return more ? [{ at, window: { ...window, after: keyOf(rows.at(-1) as E, [by]) } }] : [];
    });
  }
  return children;
}

async function* allPages<E extends { readonly id: string }>(
  reader: Reader<E>,
  { by }: { readonly by: readonly Field<E>[] },
): AsyncGenerator<readonly E[]> {
  let window = windowOf<E>({ by });
  for (;;) {
    const [page] = await reader.pages([window]);
    if (!page || page.rows.length === 0) return;
    yield page.rows;
    if (!page.more) return;
    window = { ...window, after: keyOf(page.rows.at(-1) as E, by) };
  }
}

const windowOf = <E>({
  by,
  parent,
}: {
  readonly by: readonly Field<E>[];
  readonly parent?: Window<E>['parent'];
}): Window<E> =>
  firstOf({
    ...(parent && { parent }),
    order: { by, direction: 'ASC' },
    limit: PAGE,
  });

const keyOf = <E extends { readonly id: string }>(row: E, by: readonly Field<E>[]): Key =>
  [...by, 'id' as Field<E>].map((field) => row[field] as Key[number]);

/** Returns the first difference between the position and its history, as a sentence. */
function differenceOf(position: Position, { events, ledgerEvents, postings }: History): string | undefined {
  return (
    chainFault(position, events) ??
    timeFault(position, events) ??
    ledgerFault(events, ledgerEvents, postings) ??
    balanceFault(position, postings)
  );
}

/** Checks that the times of funding and closing are those of the events. */
function timeFault({ fundedAt, closedAt }: Position, events: readonly LifecycleEvent[]): string | undefined {
  const funded = events.find(({ toState }) => toState === 'FUNDED')?.createdAt ?? null;
  const closed = events.find(({ toState }) => isTerminal(toState))?.createdAt ?? null;
  if (fundedAt !== funded) return 'has another fundedAt than its events';
  return closedAt === closed ? undefined : 'has another closedAt than its events';
}

/**
 * Checks that the events are gapless, that each follows from the one before, and that the last has the position's
 * state.
 */
function chainFault({ state, sequence, currency }: Position, events: readonly LifecycleEvent[]): string | undefined {
  if (events.length !== sequence) return `has ${events.length} events where its last is number ${sequence}`;
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    if (event.sequence !== index + 1) return `has no event number ${index + 1}`;
    if (event.currency !== currency) return `is in ${currency}, its event ${event.sequence} in ${event.currency}`;
    if (event.fromState !== (before?.toState ?? null)) return `has an event ${event.sequence} that does not follow`;
    if (before && !LIFECYCLE[before.toState].includes(event.toState)) {
      return `went from ${before.toState} to ${event.toState} in event ${event.sequence}`;
    }
  }
  const last = events.at(-1);
  return last?.toState === state ? undefined : `is ${state}, but its last event left it ${last?.toState ?? 'nowhere'}`;
}

/** Checks that each event has its ledger event, whose postings equal the amount that moved and add up to zero. */
function ledgerFault(
  events: readonly LifecycleEvent[],
  ledgerEvents: readonly LedgerEvent[],
  postings: readonly Posting[],
): string | undefined {
  const legs = new Map<string, Posting[]>(ledgerEvents.map(({ id }) => [id, []]));
  for (const posting of postings) legs.get(posting.ledgerEventId)?.push(posting);
  if (ledgerEvents.length !== events.length)
    return `has ${events.length} events, but ${ledgerEvents.length} ledger events`;
  for (const [index, event] of events.entries()) {
    const ledgerEvent = ledgerEvents[index];
    if (ledgerEvent?.lifecycleEventId !== event.id) return `has no ledger event for its event ${event.sequence}`;
    if (ledgerEvent.fromState !== event.fromState || ledgerEvent.toState !== event.toState) {
      return `has a ledger event ${event.sequence} of other states than its event`;
    }
    const own = legs.get(ledgerEvent.id) ?? [];
    const foreign = own.find(({ currency }) => currency !== event.currency);
    if (foreign) return `is in ${event.currency}, a posting of event ${event.sequence} in ${foreign.currency}`;
    const balance = own.reduce((all, { amount }) => all + amount, 0n);
    if (balance !== 0n) return `has postings of event ${event.sequence} that add up to ${balance}`;
    const moved = own.reduce((all, { amount }) => (amount > 0n ? all + amount : all), 0n);
    if (moved !== (event.moved ?? 0n))
      return `moved ${event.moved ?? 0n} in event ${event.sequence}, its postings ${moved}`;
  }
  return undefined;
}

/** Checks that the balances of the postings equal those of the position. */
function balanceFault({ held, released, refunded }: Position, postings: readonly Posting[]): string | undefined {
  const sum = (kind: Posting['accountKind'], isSigned = (amount: bigint): boolean => amount !== 0n): bigint =>
    postings.reduce(
      (all, { accountKind, amount }) => (accountKind === kind && isSigned(amount) ? all + amount : all),
      0n,
    );
  if (sum('ESCROW') !== held) return `holds ${held}, its postings ${sum('ESCROW')}`;
  if (sum('PAYEE') !== released) return `has released ${released}, its postings ${sum('PAYEE')}`;
  const back = sum('PAYER', (amount) => amount > 0n);
  return back === refunded ? undefined : `has refunded ${refunded}, its postings ${back}`;
}
