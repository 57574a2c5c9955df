import type { Position } from '../domain/position.ts';
import type { Store } from '../store/store.ts';
import { agreementFault } from './agreements.ts';
import { amountFault } from './amounts.ts';
import { chargeFault } from './charges.ts';
import { chainFault, moveFault, timeFault } from './events.ts';
import { allPages, type History, historiesOf } from './histories.ts';
import { balanceFault, ledgerFault, legFault } from './ledger.ts';
import { milestoneFault } from './milestones.ts';

/** The result of a verification: what was checked, and the first difference. */
export interface Verification {
  readonly positions: number;
  readonly events: number;
  readonly postings: number;
  /** The first difference, or null if everything is consistent. */
  readonly difference: { readonly positionId: string; readonly message: string } | null;
}

/**
 * Rebuilds the amounts, the state, the agreements and the milestones of every position from its ledger and its events, in
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

/**
 * Returns the first difference between the position and its history, as a sentence. Later checks rely on earlier ones:
 * the events form a chain, its ledger has the same amounts, and everything else follows from the events.
 */
function differenceOf(position: Position, history: History): string | undefined {
  const { events, ledgerEvents, postings, terms } = history;
  return (
    chainFault(position, events) ??
    moveFault(events) ??
    timeFault(position, events) ??
    ledgerFault(events, ledgerEvents, postings) ??
    balanceFault(position, postings) ??
    legFault(events, ledgerEvents, postings) ??
    amountFault(position, events) ??
    agreementFault(position, events, terms) ??
    chargeFault(position, events, terms) ??
    milestoneFault(position, events, terms)
  );
}
