import type { Order } from '../store.ts';
import { compareBy, type Row } from './compare.ts';
import type { IndexScan } from './indexScan.ts';

/** The range of the requested order that rows must be in, excluding both bounds. */
export interface Bounds {
  readonly above?: Row;
  readonly below?: Row;
}

/**
 * Merges scans in the same order into the first rows that match, without duplicates. Returns undefined if that requires
 * reading more than `maxReads` rows.
 */
export function merged<E>(
  scans: readonly IndexScan<E>[],
  reverse: boolean,
  need: number,
  matches: (row: E) => boolean,
  maxReads: number,
): E[] | undefined {
  const rows: E[] = [];
  let read = 0;
  const heads = scans.map((scan) => ({ scan, row: scan.next() }));
  while (rows.length < need) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (head.row === undefined) continue;
      const compared = first ? head.scan.index.ordering.compare(head.row, first.row as E) : -1;
      if (!first || (reverse ? compared > 0 : compared < 0)) first = head;
    }
    const row = first?.row;
    if (!first || row === undefined) break;
    if ((read += 1) > maxReads) return undefined;
    first.row = first.scan.next();
    if (row !== rows.at(-1) && matches(row)) rows.push(row);
  }
  return rows;
}

/** Returns the first `need` rows that match and lie within the bounds, sorted. */
export function sorted<E>(
  rows: Iterable<E>,
  order: Order<E>,
  reverse: boolean,
  need: number,
  { above, below }: Bounds,
  matches: (row: E) => boolean,
): readonly E[] {
  const compare = compareBy<E>(order.by);
  const found: E[] = [];
  for (const row of rows) {
    if (above && compare(row, above as E) <= 0) continue;
    if (below && compare(row, below as E) >= 0) continue;
    if (matches(row)) found.push(row);
  }
  return found.toSorted((a, b) => (reverse ? compare(b, a) : compare(a, b))).slice(0, need);
}
