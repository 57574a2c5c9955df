import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COUNTRY_CODES } from '../../src/domain/countries.ts';
import { CURRENCY_CODES } from '../../src/domain/currencies.ts';
import type { JsonObject, JsonValue } from '../../src/domain/json.ts';
import { parseDecimal } from '../../src/domain/money.ts';
import { configIssues, TEMPLATE_KINDS, templateRulesOf } from '../../src/domain/templateKinds.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';

const kindOf = (code: string) => {
  const kind = TEMPLATE_KINDS.get(code);
  if (kind === undefined) throw new RangeError(code);
  return kind;
};

/** A valid config of each kind. */
const FITS: Readonly<Record<string, JsonObject>> = {
  CONSTR_ESCROW: { currency: 'USD', region: 'US', minAmount: '10', maxAmount: '1000.50' },
  CONSTR_RETAINAGE: { currency: 'AED', retainagePercentage: '5.5' },
  TF_INVOICE: { currency: 'SGD', maxTenorDays: 90, country: 'SG' },
  TF_LC: { currency: 'EUR', issuingBankCountry: 'DE', maxTenorDays: 1 },
};

/** Returns the issues of a valid config with some values changed; undefined omits the key. */
function faults(code: string, changes: Readonly<Record<string, JsonValue | undefined>> = {}): readonly string[] {
  const changed = Object.entries({ ...FITS[code], ...changes }).filter(([, value]) => value !== undefined);
  const config: JsonObject = JSON.parse(JSON.stringify(Object.fromEntries(changed)));
  return configIssues(config, kindOf(code)).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('there are four kinds, two per vertical', () => {
  expect([...TEMPLATE_KINDS].map(([code, kind]) => [code, kind.code, kind.vertical])).toEqual([
    ['CONSTR_ESCROW', 'CONSTR_ESCROW', 'CONSTRUCTION'],
    ['CONSTR_RETAINAGE', 'CONSTR_RETAINAGE', 'CONSTRUCTION'],
    ['TF_INVOICE', 'TF_INVOICE', 'TRADE_FINANCE'],
    ['TF_LC', 'TF_LC', 'TRADE_FINANCE'],
  ]);
});

describe.each([
  ['CONSTR_ESCROW', ['currency', 'region'], ['minAmount', 'maxAmount']],
  ['CONSTR_RETAINAGE', ['currency', 'retainagePercentage'], []],
  ['TF_INVOICE', ['currency', 'maxTenorDays', 'country'], []],
  ['TF_LC', ['currency', 'issuingBankCountry', 'maxTenorDays'], []],
])('%s', (code, required, optional) => {
  test(`${code} accepts a valid config`, () => {
    expect(faults(code)).toEqual([]);
  });

  test.each(required)(`${code} requires %s`, (key) => {
    expect(faults(code, { [key]: undefined })).toEqual([expect.stringMatching(`^${key}: must be .*[.]$`)]);
    expect(faults(code, { [key]: null })).toEqual([expect.stringMatching(`^${key}: must be .*[.]$`)]);
  });

  test(`${code} rejects unknown keys by name`, () => {
    expect(faults(code, { maxAmont: '1', Currency: 'USD' })).toEqual([
      ': must not have unknown keys: maxAmont, Currency.',
    ]);
  });

  test(`${code} has a JSON Schema with the same keys`, () => {
    const { required: needed, properties, additionalProperties, type } = kindOf(code).configSchema;
    expect([type, additionalProperties]).toEqual(['object', false]);
    expect(needed).toEqual(required);
    expect(Object.keys(properties ?? {})).toEqual([...required, ...optional]);
  });

  test(`${code} accepts only ISO 4217 currencies`, () => {
    expect(
      CURRENCY_CODES.filter(
        (of) => faults(code, { currency: of, minAmount: undefined, maxAmount: undefined }).length > 0,
      ),
    ).toEqual([]);
    expect(faults(code, { currency: 'BGN' })).toEqual([
      'currency: must be an active currency; BGN was withdrawn from ISO 4217.',
    ]);
    expect(faults(code, { currency: 'XXX' })).toEqual(['currency: must be an ISO 4217 currency code such as "USD".']);
  });
});

describe('CONSTR_ESCROW', () => {
  test.each([
    [{ minAmount: '1001' }, 'minAmount: must not be greater than `maxAmount`.'],
    [{ minAmount: '10.001' }, 'minAmount: must have at most 2 decimals in USD.'],
    [{ maxAmount: '1000.5', currency: 'JPY' }, 'maxAmount: must have at most 0 decimals in JPY.'],
    [{ minAmount: 10 }, 'minAmount: must be a decimal string such as "1250.00".'],
    [{ minAmount: null }, 'minAmount: must be a decimal string such as "1250.00".'],
    [{ maxAmount: '1e9' }, 'maxAmount: must be a plain decimal number such as "1250.00".'],
    [{ maxAmount: '-1' }, 'maxAmount: must be a plain decimal number such as "1250.00".'],
    [{ region: 'EU' }, 'region: must be one of US, EU_UK, SG, UAE.'],
  ])('the change %j of the config is rejected', (changes, fault) => {
    expect(faults('CONSTR_ESCROW', changes)).toEqual([fault]);
  });

  test('equal limits, and only one of the two limits, are accepted', () => {
    expect(faults('CONSTR_ESCROW', { minAmount: '1000.5' })).toEqual([]);
    expect(faults('CONSTR_ESCROW', { minAmount: undefined })).toEqual([]);
    expect(faults('CONSTR_ESCROW', { minAmount: '9999999', maxAmount: undefined })).toEqual([]);
  });

  test('a limit is accepted exactly if it is a valid decimal', () =>
    checked(
      COUNTS.textCases,
      fc.property(fc.string({ unit: fc.constantFrom('0', '9', '1', '.', '-', 'e', ' '), maxLength: 30 }), (text) => {
        const reads = typeof parseDecimal(text) !== 'string';
        const fits = faults('CONSTR_ESCROW', { currency: 'CLF', minAmount: undefined, maxAmount: text }).length === 0;
        expect(fits).toBe(reads);
      }),
    ));
});

describe('CONSTR_RETAINAGE', () => {
  test.each(['0', '0.0', '5', '99.9999', '100', '100.0', '100.0000'])(
    'a percentage of %s is accepted',
    (retainagePercentage) => {
      expect(faults('CONSTR_RETAINAGE', { retainagePercentage })).toEqual([]);
    },
  );

  test.each(['100.0001', '100.1', '101', '1000', '-1', '', '5%', '5.', '.5', '1e1', '5.00001', ' 5'])(
    'a percentage of %j is rejected',
    (retainagePercentage) => {
      const sentence = 'must be a decimal string from "0" to "100" with at most 4 decimals.';
      expect(faults('CONSTR_RETAINAGE', { retainagePercentage })).toEqual([`retainagePercentage: ${sentence}`]);
    },
  );

  test.each([
    ['10.0', '10'],
    ['05.50', '5.5'],
    ['0.0', '0'],
  ])('the rules have the percentage %s without needless zeros', (retainagePercentage, expected) => {
    const rules = templateRulesOf({ currency: 'AED', retainagePercentage });
    expect(rules.retainagePercentage).toBe(expected);
  });

  test('a percentage as a number is rejected, because it must be a decimal string', () => {
    const sentence = 'retainagePercentage: must be a decimal string such as "5.5".';
    expect(faults('CONSTR_RETAINAGE', { retainagePercentage: 5 })).toEqual([sentence]);
  });
});

describe('trade finance', () => {
  test.each([
    [0, 'must be at least 1 day.'],
    [-1, 'must be at least 1 day.'],
    [36_501, 'must be at most 36500 days.'],
    [1.5, 'must be an integer number of days.'],
    ['30', 'must be an integer number of days.'],
  ])('a tenor of %j is rejected', (maxTenorDays, sentence) => {
    expect(faults('TF_LC', { maxTenorDays })).toEqual([`maxTenorDays: ${sentence}`]);
  });

  test('a tenor of 1 to 36,500 days is accepted', () => {
    expect([faults('TF_LC', { maxTenorDays: 1 }), faults('TF_LC', { maxTenorDays: 36_500 })]).toEqual([[], []]);
  });

  test('countries are the 249 codes of ISO 3166-1 in two capital letters', () => {
    expect(new Set(COUNTRY_CODES).size).toBe(249);
    expect(COUNTRY_CODES).toHaveLength(249);
    expect(COUNTRY_CODES.filter((country) => faults('TF_INVOICE', { country }).length > 0)).toEqual([]);
    for (const country of ['UK', 'EU', 'XK', 'AN', 'SU', 'YU', 'ZR', 'sg', 'SGP', 'ZZ', '']) {
      const sentence = 'country: must be a two-letter ISO 3166-1 country code such as "SG".';
      expect([country, ...faults('TF_INVOICE', { country })]).toEqual([country, sentence]);
    }
  });
});

test('the rules of a template are the values of the config, in minor units of its currency', () => {
  const none = { retainagePercentage: null, country: null };
  const terms = { currency: 'USD', minAmount: null, maxAmount: null, maxTenorDays: null, ...none };
  expect(templateRulesOf(FITS['CONSTR_ESCROW'] ?? {})).toEqual({ ...terms, minAmount: 1_000n, maxAmount: 100_050n });
  expect(templateRulesOf(FITS['CONSTR_RETAINAGE'] ?? {})).toEqual({
    ...terms,
    currency: 'AED',
    retainagePercentage: '5.5',
  });
  const invoice = { ...terms, currency: 'SGD', maxTenorDays: 90, country: 'SG' };
  expect(templateRulesOf(FITS['TF_INVOICE'] ?? {})).toEqual(invoice);
  const letter = { ...terms, currency: 'EUR', maxTenorDays: 1, country: 'DE' };
  expect(templateRulesOf(FITS['TF_LC'] ?? {})).toEqual(letter);
});
