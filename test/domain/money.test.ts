import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CURRENCY_CODES, type CurrencyCode, digitsOf } from '../../src/domain/currencies.ts';
import {
  formatMinorUnits,
  magnitudeOf,
  magnitudeOfDecimal,
  parseDecimal,
  toMinorUnits,
} from '../../src/domain/money.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { after, agreed, currency, decimal, minor, moveTo } from './fixtures.ts';

const digits = (least: number, most: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: least, maxLength: most });
const currencies = fc.constantFrom(...CURRENCY_CODES);
const integers = fc.oneof(digits(1, 24), digits(1, 2), fc.constantFrom('0', '1', '000', '9'.repeat(24)));
/** Four digits, of which a currency uses as many as it has decimals. */
const fractions = fc.oneof(digits(4, 4), fc.constantFrom('0000', '0001', '9999', '5000'));

const written = (integer: string, fraction: string) => (fraction === '' ? integer : `${integer}.${fraction}`);
const withoutZeros = (integer: string) => integer.replace(/^0+(?=\d)/, '');
const read = (text: string, of: CurrencyCode) => {
  const parsed = parseDecimal(text);
  return typeof parsed === 'string' ? parsed : toMinorUnits(parsed, of);
};

const magnitude = (text: string, code: string) =>
  magnitudeOf({ minorUnits: minor(text, code), currency: currency(code) });

/**
 * Returns an amount cut to the decimals of its currency, and a text of fixed length. Such texts sort like their
 * numbers.
 */
const cutTo = (of: CurrencyCode, integer: string, fraction: string) => {
  const cut = fraction.slice(0, digitsOf(of));
  return { of, text: written(integer, cut), sortable: integer.padStart(24, '0') + cut.padEnd(4, '0') };
};

describe('amounts', () => {
  test('an amount with exactly the decimals of its currency is formatted as it was written, and exact in between', () =>
    checked(
      COUNTS.moneyCases,
      fc.property(currencies, integers, fractions, (of, integer, fraction) => {
        const exactly = fraction.slice(0, digitsOf(of));
        const minorUnits = minor(written(integer, exactly), of);
        expect(minorUnits).toBe(BigInt(integer + exactly));
        expect(formatMinorUnits(minorUnits, of)).toBe(written(withoutZeros(integer), exactly));
      }),
    ));

  test('an amount with fewer decimals than its currency is accepted and padded with zeros', () =>
    checked(
      COUNTS.moneyCases,
      fc.property(currencies, integers, fractions, fc.nat(3), (of, integer, fraction, kept) => {
        const fewer = fraction.slice(0, Math.min(kept, digitsOf(of)));
        const full = written(withoutZeros(integer), fewer.padEnd(digitsOf(of), '0'));
        expect(formatMinorUnits(minor(written(integer, fewer), of), of)).toBe(full);
      }),
    ));

  test('an amount with more decimals than its currency is rejected with a message, even if they are zeros', () =>
    checked(
      COUNTS.moneyCases,
      fc.property(
        currencies,
        integers,
        fc.oneof(digits(5, 30), fc.constant('000000')),
        fc.integer({ min: 1, max: 26 }),
        (of, integer, fraction, extra) => {
          const more = fraction.slice(0, digitsOf(of) + extra);
          expect(read(written(integer, more), of)).toBe(
            more.length > 4 ? 'must have at most 4 decimals.' : `must have at most ${digitsOf(of)} decimals in ${of}.`,
          );
        },
      ),
    ));

  test('magnitudes sort like the exact numbers across currencies', () =>
    checked(
      COUNTS.moneyCases,
      fc.property(
        fc.tuple(currencies, integers, fractions),
        fc.tuple(currencies, integers, fractions),
        fc.boolean(),
        ([oneOf, integer, fraction], [otherOf, ...other], twins) => {
          const one = cutTo(oneOf, integer, fraction);
          const two = twins ? cutTo(otherOf, integer, fraction) : cutTo(otherOf, ...other);
          for (const { text, of } of [one, two]) expect(magnitudeOfDecimal(decimal(text))).toBe(magnitude(text, of));
          expect(magnitude(one.text, one.of) < magnitude(two.text, two.of)).toBe(one.sortable < two.sortable);
          expect(magnitude(one.text, one.of) === magnitude(two.text, two.of)).toBe(one.sortable === two.sortable);
        },
      ),
    ));

  test('every currency accepts its smallest and largest amount', () => {
    for (const of of CURRENCY_CODES) {
      const least = digitsOf(of) === 0 ? '1' : `0.${'1'.padStart(digitsOf(of), '0')}`;
      const greatest = written('9'.repeat(24), '9'.repeat(digitsOf(of)));
      expect([of, minor(least, of), formatMinorUnits(1n, of)]).toEqual([of, 1n, least]);
      expect([of, formatMinorUnits(minor(greatest, of), of)]).toEqual([of, greatest]);
    }
  });

  test('negative amounts of postings have their sign before all digits', () => {
    expect(formatMinorUnits(-5n, currency('USD'))).toBe('-0.05');
    expect(formatMinorUnits(-125_000n, currency('USD'))).toBe('-1250.00');
    expect(formatMinorUnits(-1250n, currency('JPY'))).toBe('-1250');
  });

  test('12.50 USD, 12.500 KWD and 12.5000 CLF have the same magnitude, and 13 JPY a larger one', () => {
    expect(magnitude('12.50', 'USD')).toBe(125_000n);
    expect(magnitude('12.500', 'KWD')).toBe(125_000n);
    expect(magnitude('12.5000', 'CLF')).toBe(125_000n);
    expect(magnitude('13', 'JPY')).toBe(130_000n);
  });
});

describe('invalid amounts', () => {
  const PLAIN = 'must be a plain decimal number such as "1250.00", with digits and at most one decimal point.';
  const notPlain = '| | 1|1 |+1|-1|-0|1e3|1E3|1.|.5|.|1.2.3|1,000|1_000|0x10|1n|NaN|Infinity|١٢|１２|−1'.split('|');

  test.each([...notPlain, '1\n', '1\u00a0000', '1\u0000'])('%j is rejected as a decimal number', (text) => {
    expect(parseDecimal(text)).toBe(PLAIN);
  });

  test('24 digits before the point are accepted and 25 rejected, including leading zeros', () => {
    expect(parseDecimal('9'.repeat(24))).toEqual({ units: 10n ** 24n - 1n, scale: 0 });
    const tooLong = 'must have at most 24 digits before the decimal point.';
    expect(parseDecimal('9'.repeat(25))).toBe(tooLong);
    expect(parseDecimal(`${'0'.repeat(24)}1`)).toBe(tooLong);
    expect(parseDecimal(`${'9'.repeat(1_000_000)}.5`)).toBe(tooLong);
  });

  test.each([
    ['0.1', 'JPY', 'must have at most 0 decimals in JPY.'],
    ['0.001', 'USD', 'must have at most 2 decimals in USD.'],
    ['0.0001', 'KWD', 'must have at most 3 decimals in KWD.'],
    ['0.00001', 'CLF', 'must have at most 4 decimals.'],
  ])('%s has too many decimals for %s', (text, code, sentence) => {
    expect(read(text, currency(code))).toBe(sentence);
  });
});

describe('predecessor mistakes', () => {
  test.each([
    ['USD', '90071992547409.93', '0.02'],
    ['USD', '123456789012345678.12', '0.01'],
    ['USD', '123456789012345678901234.56', '0.01'],
    ['KWD', '123456789012345678901234.567', '0.001'],
    ['CLF', '123456789012345678.1234', '0.0001'],
    ['CLF', '999999999999999999999999.9999', '0.0001'],
    ['JPY', '999999999999999999999999', '1'],
  ])(
    'predecessor mistake 1: amounts were floats and transitions rewrote them; %s %s stays exact',
    (code, text, part) => {
      expect(Number(text).toFixed(digitsOf(currency(code)))).not.toBe(text); // a float does lose this one
      const show = (minorUnits: bigint) => formatMinorUnits(minorUnits, currency(code));
      const funded = after(agreed(text, code), moveTo('FUNDED'));
      expect([show(funded.amount), show(funded.held)]).toEqual([text, text]);
      const partly = after(funded, moveTo('PARTIALLY_RELEASED', part));
      expect([show(partly.amount), show(partly.released)]).toEqual([text, part]);
      expect(partly.held).toBe(BigInt(text.replace('.', '')) - BigInt(part.replace('.', '')));
      expect(show(after(partly, moveTo('CANCELLED')).refunded + partly.released)).toBe(text);
    },
  );

  test('predecessor mistake 1: amounts were floats; 123456789012345678.12345678 is rejected and never rewritten', () => {
    expect(parseDecimal('123456789012345678.12345678')).toBe('must have at most 4 decimals.');
  });
});
