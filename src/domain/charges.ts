import type { CurrencyCode } from './currencies.ts';
import { feeSum } from './feeSum.ts';
import { rateOf, shareOf } from './percentage.ts';
import type { Position } from './position.ts';
import { amountsOf } from './positionAmounts.ts';
import { type FeeBearer, fixedOf, type PositionTerms } from './terms.ts';

/** Returns the fees of the bearer on an amount, in minor units, by the terms of a position in the currency. */
export function feesOn(
  amount: bigint,
  bearer: FeeBearer,
  terms: PositionTerms | undefined,
  currency: CurrencyCode,
): bigint {
  const own = terms?.fees.filter((fee) => fee.bearer === bearer) ?? [];
  return feeSum(
    own.map((fee) => ({ percentage: fee.percentage, fixed: fixedOf(fee, currency) })),
    amount,
  );
}

/**
 * Returns the fee of the bearer for a payment, in minor units: the fixed fees and the sum of the percentages of everything
 * that was paid so far and now, less what was charged before. What did not fit before is therefore charged now.
 */
export function feeFor(
  bearer: FeeBearer,
  position: Position,
  terms: PositionTerms | undefined,
  payment: bigint,
): bigint {
  if (!terms || terms.fees.length === 0) return 0n;
  const { principal, earned, payerFees, payeeFees } = amountsOf(position);
  const [before, charged] = bearer === 'PAYER' ? [principal, payerFees] : [earned, payeeFees];
  return feesOn(before + payment, bearer, terms, position.currency) - charged;
}

/**
 * Returns the amount to withhold from a release of `gross`, in minor units: the percentage of everything that was released
 * so far and now, less what is withheld already.
 */
export function retainageFor(position: Position, terms: PositionTerms | undefined, gross: bigint): bigint {
  if (!terms || terms.retainagePercentage === null) return 0n;
  return shareOf(rateOf(terms.retainagePercentage), amountsOf(position).earned + gross) - position.retained;
}
