import { type CurrencyCode, digitsOf, MAX_DECIMALS } from './currencies.ts';

/** An exact amount: a whole number of the currency's minor units (cents for USD, yen for JPY). */
export interface Money {
  readonly minorUnits: bigint;
  readonly currency: CurrencyCode;
}

/** A decimal number exactly as it was written: "123.45" has units = 12345n and scale = 2. */
export interface Decimal {
  readonly units: bigint;
  /** The number of digits after the decimal point. */
  readonly scale: number;
}

/**
 * The maximum number of digits before the decimal point. With those after it, an amount in minor units fits NUMERIC(28,
 * 0).
 */
export const MAX_INTEGER_DIGITS = 24;

const DECIMAL = /^(\d+)(?:\.(\d+))?$/;

/**
 * Parses a plain decimal text; returns a sentence that describes the problem if it is invalid. Rejects signs,
 * exponents, spaces and points without digits on both sides.
 */
export function parseDecimal(text: string): Decimal | string {
  const [, integer, fraction = ''] = DECIMAL.exec(text) ?? [];
  if (integer === undefined)
    return 'must be a plain decimal number such as "1250.00", with digits and at most one decimal point.';
  if (integer.length > MAX_INTEGER_DIGITS)
    return `must have at most ${MAX_INTEGER_DIGITS} digits before the decimal point.`;
  if (fraction.length > MAX_DECIMALS) return `must have at most ${MAX_DECIMALS} decimals.`;
  return { units: BigInt(integer + fraction), scale: fraction.length };
}

/** Converts the decimal to minor units of the currency; returns a sentence if it has more digits than the currency. */
export function toMinorUnits(decimal: Decimal, currency: CurrencyCode): bigint | string {
  const digits = digitsOf(currency);
  if (decimal.scale > digits) return `must have at most ${digits} decimals in ${currency}.`;
  return decimal.units * 10n ** BigInt(digits - decimal.scale);
}

/** Parses an amount in the currency to minor units; returns a sentence that describes the problem if it is invalid. */
export function parseMinorUnits(text: string, currency: CurrencyCode): bigint | string {
  const decimal = parseDecimal(text);
  return typeof decimal === 'string' ? decimal : toMinorUnits(decimal, currency);
}

/**
 * Formats minor units as a decimal text with the currency's number of digits: 125000n USD is "1250.00", 1250n JPY is
 * "1250".
 */
export function formatMinorUnits(minorUnits: bigint, currency: CurrencyCode): string {
  const digits = digitsOf(currency);
  const sign = minorUnits < 0n ? '-' : '';
  const text = (minorUnits < 0n ? -minorUnits : minorUnits).toString();
  if (digits === 0) return sign + text;
  const padded = text.padStart(digits + 1, '0');
  return `${sign}${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}

/**
 * Returns the numeric value of an amount regardless of its currency, in ten-thousandths of the major unit. Lists are
 * ordered and filtered by it: 12.50 USD and 12.500 KWD have the same magnitude.
 */
export const magnitudeOf = ({ minorUnits, currency }: Money): bigint =>
  minorUnits * 10n ** BigInt(MAX_DECIMALS - digitsOf(currency));

/** Returns the magnitude of a decimal without a currency. */
export const magnitudeOfDecimal = ({ units, scale }: Decimal): bigint => units * 10n ** BigInt(MAX_DECIMALS - scale);
