import type { CurrencyCode } from '../../domain/currencies.ts';
import type { Id } from '../../domain/ids.ts';
import { POSITION_STATES, type PositionState } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import type { Selection, Total } from '../store.ts';
import type { Table } from './table.ts';

/** A total while it is being summed up. */
type Sum = { -readonly [F in keyof Total]: Total[F] };

/** Returns the sums of the selected positions, by currency code, then by state. */
export function totalsOf(table: Table<Position>, selection: Selection<Position>, tenant: Id | null): readonly Total[] {
  const byCurrency = new Map<CurrencyCode, Map<PositionState, Sum>>();
  for (const { currency, state, amount, held, released, refunded } of table.matches(selection, tenant)) {
    let byState = byCurrency.get(currency);
    if (!byState) byCurrency.set(currency, (byState = new Map()));
    const sum = byState.get(state);
    if (!sum) {
      byState.set(state, { currency, state, count: 1, amount, held, released, refunded });
      continue;
    }
    sum.count += 1;
    sum.amount += amount;
    // Most positions have zero in these fields, so the addition is skipped.
    if (held !== 0n) sum.held += held;
    if (released !== 0n) sum.released += released;
    if (refunded !== 0n) sum.refunded += refunded;
  }
  return [...byCurrency]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, byState]) => POSITION_STATES.flatMap((state) => byState.get(state) ?? []));
}
