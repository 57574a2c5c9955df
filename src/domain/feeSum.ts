import { rateOf, shareOf } from './percentage.ts';

/** A percentage as a decimal text and a fixed amount in minor units; null where the fee has none. */
interface Fee {
  readonly percentage: string | null;
  readonly fixed: bigint | null;
}

/**
 * Returns the fees on an amount in minor units: all fixed fees, and the sum of the percentages of the amount, so that
 * several fees are rounded once.
 */
export function feeSum(fees: readonly Fee[], amount: bigint): bigint {
  const fixed = fees.reduce((sum, fee) => sum + (fee.fixed ?? 0n), 0n);
  const rate = fees.reduce((sum, { percentage }) => sum + rateOf(percentage), 0n);
  return fixed + shareOf(rate, amount);
}
