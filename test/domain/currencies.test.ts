import { expect, test } from 'vitest';
import {
  CURRENCY_CODES,
  currencyIssue,
  digitsOf,
  FORMER_CURRENCY_CODES,
  isCurrency,
  isFormerCurrency,
  MAX_DECIMALS,
} from '../../src/domain/currencies.ts';
import { currency } from './fixtures.ts';

/** The codes in ISO 4217 list one of January 2026 that do not have two decimals. */
const NONE = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF';
const THREE = 'BHD IQD JOD KWD LYD OMR TND';
const FOUR = 'CLF UYW';

const digitsOfIntl = (code: string) =>
  new Intl.NumberFormat('en', { style: 'currency', currency: code }).resolvedOptions().maximumFractionDigits;

const withDigits = (digits: number) => CURRENCY_CODES.filter((code) => digitsOf(code) === digits);

test('currencies have 0, 3 or 4 decimals as ISO 4217 defines, and all others have 2', () => {
  expect(withDigits(0)).toEqual(NONE.split(' '));
  expect(withDigits(3)).toEqual(THREE.split(' '));
  expect(withDigits(4)).toEqual(FOUR.split(' '));
  expect(withDigits(2)).toHaveLength(CURRENCY_CODES.length - 17 - 7 - 2);
  expect(MAX_DECIMALS).toBe(4);
});

test('the table has the 165 codes of list one with minor units, sorted and unique', () => {
  expect(CURRENCY_CODES).toHaveLength(165);
  expect(CURRENCY_CODES).toEqual([...new Set(CURRENCY_CODES)].toSorted());
  expect(CURRENCY_CODES.filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([]);
});

test.each(['XCG', 'ZWG', 'SLE', 'VED', 'XAD', 'BYN', 'MRU', 'STN', 'UYW'])('the recent code %s is accepted', (code) => {
  expect(isCurrency(code)).toBe(true);
});

test.each(['ANG', 'BGN', 'CUC', 'HRK', 'LTL', 'SLL', 'VEF', 'ZWL', 'DEM', 'BYR', 'MRO', 'STD'])(
  'the code %s was withdrawn',
  (code) => {
    expect(isCurrency(code)).toBe(false);
    expect(isFormerCurrency(code)).toBe(true);
    expect(currencyIssue(code)).toBe(`must be an active currency; ${code} was withdrawn from ISO 4217.`);
  },
);

test('withdrawn currencies are not active, and have the decimals that ISO 4217 last defined', () => {
  expect(FORMER_CURRENCY_CODES).toEqual([...new Set(FORMER_CURRENCY_CODES)].toSorted());
  expect(FORMER_CURRENCY_CODES.filter((code) => isCurrency(code) || !/^[A-Z]{3}$/.test(code))).toEqual([]);
  expect(FORMER_CURRENCY_CODES.filter((code) => digitsOf(code) === 0)).toEqual(
    'ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE ROL TPE TRL'.split(' '),
  );
  expect(FORMER_CURRENCY_CODES.filter((code) => digitsOf(code) === 2)).toHaveLength(FORMER_CURRENCY_CODES.length - 13);
});

test.each(['XAU', 'XAG', 'XDR', 'XSU', 'XUA', 'XTS', 'XXX'])(
  'the code %s has no minor unit and is rejected',
  (code) => {
    expect(isCurrency(code)).toBe(false);
  },
);

test.each(['usd', 'Usd', ' USD', 'USD ', 'US', 'USDT', '840', '', '__proto__', 'constructor'])(
  'the text %j is not a currency code',
  (code) => {
    expect(isCurrency(code)).toBe(false);
  },
);

test('the decimals of an unknown code throw an internal error', () => {
  expect(() => Reflect.apply(digitsOf, undefined, ['XXX'])).toThrow(
    new RangeError('XXX is not in the table of ISO 4217'),
  );
});

test('Intl has other decimals for some currencies, so a separate table is needed', () => {
  // HUF and IDR differ only in some releases of ICU; these two differ in all.
  expect([digitsOf(currency('IQD')), digitsOfIntl('IQD')]).toEqual([3, 0]);
  expect([digitsOf(currency('LBP')), digitsOfIntl('LBP')]).toEqual([2, 0]);
  expect(CURRENCY_CODES.filter((code) => digitsOfIntl(code) !== digitsOf(code)).length).toBeGreaterThan(2);
});
