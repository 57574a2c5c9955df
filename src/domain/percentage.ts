import { parseDecimal } from './money.ts';

/** The number of decimals that a percentage can have. */
const DECIMALS = 4;
/** Matches the text of a percentage from 0 to 100 with at most 4 decimals. */
export const PERCENTAGE = /^(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)$/;
/** The message about a text that is no percentage. It continues the name of the field. */
export const PERCENTAGE_ISSUE = 'must be a decimal string from "0" to "100" with at most 4 decimals.';

/** Returns the text of a percentage without needless zeros, or the issue if the text is none. */
export function percentageOf(text: string): string | { readonly issue: string } {
  if (!PERCENTAGE.test(text)) return { issue: PERCENTAGE_ISSUE };
  const [whole = '', fraction = ''] = text.split('.');
  const decimals = fraction.replace(/0+$/, '');
  return `${Number(whole)}${decimals === '' ? '' : `.${decimals}`}`;
}

/** A share of an amount, in millionths: 100 % is 1,000,000. */
export type Rate = bigint;
const WHOLE: Rate = 100n * 10n ** BigInt(DECIMALS);

/** Converts the text of a percentage, which `PERCENTAGE` matches. Returns 0 for null. */
export function rateOf(percentage: string | null): Rate {
  if (percentage === null) return 0n;
  const decimal = parseDecimal(percentage);
  if (typeof decimal === 'string') throw new Error(`The percentage ${decimal}`);
  return decimal.units * 10n ** BigInt(DECIMALS - decimal.scale);
}

/**
 * Returns the share of an amount in minor units, rounded half up. It is the only place where an amount is rounded. Callers
 * pass the sum of all amounts so far and subtract what was taken before, so that many small amounts yield what one large
 * amount yields.
 */
export const shareOf = (rate: Rate, amount: bigint): bigint => (2n * rate * amount + WHOLE) / (2n * WHOLE);
