import type { RowCounts } from '../transfer/format.ts';

/** Returns the number of rows of all tables. */
export const sumOf = (counts: RowCounts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
