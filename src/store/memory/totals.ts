import type { Id } from '../../domain/ids.ts';
import { POSITION_STATES } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import type { Selection, Total } from '../store.ts';
import type { Table } from './table.ts';

/** The sums of the positions that are meant, by currency code, then by state. */
export function totalsOf(table: Table<Position>, selection: Selection<Position>, tenant: Id | null): readonly Total[] {
  const totals = new Map<string, Total>();
  for (const { currency, state, amount, held, released, refunded } of table.matches(selection, tenant)) {
    const key = `${currency}${POSITION_STATES.indexOf(state)}`;
    const sum = totals.get(key);
    totals.set(key, {
      currency,
      state,
      count: (sum?.count ?? 0) + 1,
      amount: (sum?.amount ?? 0n) + amount,
      held: (sum?.held ?? 0n) + held,
      released: (sum?.released ?? 0n) + released,
      refunded: (sum?.refunded ?? 0n) + refunded,
    });
  }
  return [...totals].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, total]) => total);
}
