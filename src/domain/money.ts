import { type CurrencyCode, digitsOf, MOST_DIGITS } from './currencies.ts';

/** An exact amount: a whole number of the currency's minor units (cents for USD, yen for JPY). */
export interface Money {
  readonly minorUnits: bigint;
  readonly currency: CurrencyCode;
}

/** A decimal number as it was written, exact: units = 12345n and scale = 2 for "123.45". */
export interface Decimal {
  readonly units: bigint;
  /** How many digits stood behind the point. */
  readonly scale: number;
}

/** The most digits before the point; with those behind it an amount fits NUMERIC(28, 0) in minor units. */
export const MOST_INTEGER_DIGITS = 24;

const DECIMAL = /^(\d+)(?:\.(\d+))?$/;

/** Reads a plain decimal text, or says in a sentence why it is none. Refuses signs, exponents, spaces and bare points. */
export function parseDecimal(text: string): Decimal | string {
  const [, integer, fraction = ''] = DECIMAL.exec(text) ?? [];
  if (integer === undefined) return 'must be a plain decimal number such as "1250.00": digits and at most one point.';
  if (integer.length > MOST_INTEGER_DIGITS) return `must have at most ${MOST_INTEGER_DIGITS} digits before the point.`;
  if (fraction.length > MOST_DIGITS) return `must have at most ${MOST_DIGITS} digits behind the point.`;
  return { units: BigInt(integer + fraction), scale: fraction.length };
}

/** The decimal in minor units of the currency, or a sentence if it has more digits than the currency. */
export function toMinorUnits(decimal: Decimal, currency: CurrencyCode): bigint | string {
  const digits = digitsOf(currency);
  if (decimal.scale > digits) return `must have at most ${digits} digits behind the point: it is in ${currency}.`;
  return decimal.units * 10n ** BigInt(digits - decimal.scale);
}

/** Minor units as a decimal text with exactly the currency's digits: 125000n USD is "1250.00", 1250n JPY is "1250". */
export function formatMinorUnits(minorUnits: bigint, currency: CurrencyCode): string {
  const digits = digitsOf(currency);
  const sign = minorUnits < 0n ? '-' : '';
  const text = (minorUnits < 0n ? -minorUnits : minorUnits).toString();
  if (digits === 0) return sign + text;
  const padded = text.padStart(digits + 1, '0');
  return `${sign}${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}

/**
 * The number that an amount stands for, whatever its currency, in ten-thousandths of the currency's unit:
 * what lists are ordered and filtered by. 12.50 USD and 12.500 KWD have the same magnitude.
 */
export const magnitudeOf = ({ minorUnits, currency }: Money): bigint =>
  minorUnits * 10n ** BigInt(MOST_DIGITS - digitsOf(currency));

/** The same number for a decimal without a currency. */
export const magnitudeOfDecimal = ({ units, scale }: Decimal): bigint => units * 10n ** BigInt(MOST_DIGITS - scale);
