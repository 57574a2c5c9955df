import { describe, expect, test } from 'vitest';
import {
  checkPosition,
  checkTemplateRules,
  fundedOf,
  newPosition,
  type PositionDraft,
  type PositionInput,
} from '../../src/domain/position.ts';
import { type TemplateRules, templateRulesOf } from '../../src/domain/templateKinds.ts';
import { DAY_MS, type Instant } from '../../src/domain/time.ts';
import { ASSET, currency, DEADLINE, faultsOf, minor, NOW, refusalOf } from './fixtures.ts';

const usd = currency('USD');
const input: PositionInput = { holderReference: 'payee', amount: { amount: '1250.5', currencyCode: 'USD' } };

describe('validation of the input of a position', () => {
  test('a valid input has its amount in minor units, and null for omitted fields', () => {
    const bare = { externalReference: null, uniqueReference: null, metadata: {}, expiresAt: null, terms: null };
    const draft = { ...bare, holderReference: 'payee', amount: { minorUnits: 125_050n, currency: usd } };
    expect(checkPosition(input, NOW)).toEqual(draft);
    expect(checkPosition({ ...input, externalReference: null, metadata: null, expiresAt: null }, NOW)).toEqual(draft);
  });

  test('all validation issues are returned at once, each with its path, in the order of the fields', () => {
    const faulty: PositionInput = {
      holderReference: ' \t\n',
      externalReference: 'a\u0000b',
      metadata: { a: '\ud800' },
      amount: { amount: '1e3', currencyCode: 'usd' },
      expiresAt: NOW,
    };
    expect(faultsOf(() => checkPosition(faulty, NOW))).toEqual([
      'holderReference: must not be blank.',
      'externalReference: must not contain control characters except tabs and line breaks.',
      'metadata: must not contain unpaired surrogates.',
      'amount.amount: must be a plain decimal number such as "1250.00", with digits and at most one decimal point.',
      'amount.currencyCode: must be an ISO 4217 currency code such as "USD".',
      'expiresAt: must be in the future.',
    ]);
    expect(refusalOf(() => checkPosition(faulty, NOW))).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: ['holderReference'],
    });
  });

  test.each([
    ['0', 'USD', 'amount.amount: must be greater than zero.'],
    ['0.00', 'USD', 'amount.amount: must be greater than zero.'],
    ['1.001', 'USD', 'amount.amount: must have at most 2 decimals in USD.'],
    ['1.0', 'JPY', 'amount.amount: must have at most 0 decimals in JPY.'],
    ['9'.repeat(25), 'USD', 'amount.amount: must have at most 24 digits before the decimal point.'],
    ['1', 'BTC', 'amount.currencyCode: must be an ISO 4217 currency code such as "USD".'],
  ])('an amount of %s %s is rejected', (amount, currencyCode, fault) => {
    expect(faultsOf(() => checkPosition({ ...input, amount: { amount, currencyCode } }, NOW))).toEqual([fault]);
  });

  test('expiresAt must be at least one millisecond in the future', () => {
    expect(checkPosition({ ...input, expiresAt: NOW + 1 }, NOW).expiresAt).toBe(NOW + 1);
    expect(faultsOf(() => checkPosition({ ...input, expiresAt: NOW - 1 }, NOW))).toHaveLength(1);
  });

  test('references have 1 to 200 characters, and an optional reference must not be blank', () => {
    const long = '😀'.repeat(200);
    const references = { holderReference: long, externalReference: long };
    expect(checkPosition({ ...input, ...references }, NOW)).toMatchObject(references);
    expect(
      faultsOf(() => checkPosition({ ...input, holderReference: `${long}a`, externalReference: '' }, NOW)),
    ).toEqual(['holderReference: must be at most 200 characters long.', 'externalReference: must not be blank.']);
  });
});

test('a new position has nothing in escrow, sequence and version 1, and the institution of its asset', () => {
  const draft = checkPosition({ ...input, externalReference: 'ref', metadata: { a: 1 }, expiresAt: DEADLINE }, NOW);
  const position = newPosition(draft, ASSET, { version: 3 }, 'pos_9', NOW);
  expect(position).toEqual({
    id: 'pos_9',
    institutionId: 'inst_1',
    assetId: 'ast_1',
    templateId: 'tmpl_1',
    templateVersion: 3,
    holderReference: 'payee',
    externalReference: 'ref',
    uniqueReference: null,
    metadata: { a: 1 },
    currency: 'USD',
    amount: 125_050n,
    magnitude: 12_505_000n,
    expiresAt: DEADLINE,
    createdAt: NOW,
    state: 'CREATED',
    termsVersion: null,
    principal: 0n,
    held: 0n,
    retained: 0n,
    released: 0n,
    refunded: 0n,
    fees: 0n,
    fundedAt: null,
    closedAt: null,
    sequence: 1,
    version: 1,
    updatedAt: NOW,
  });
  expect(fundedOf(position)).toBe(0n);
  expect(Object.isFrozen(position)).toBe(true);
});

const draftOf = (amount: string, code = 'USD', expiresAt: Instant | null = null): PositionDraft => ({
  holderReference: 'payee',
  externalReference: null,
  uniqueReference: null,
  metadata: {},
  amount: { minorUnits: minor(amount, code), currency: currency(code) },
  expiresAt,
  terms: null,
});

const limit = (minorUnits: bigint) => ({ minorUnits, currency: usd });
const obeys = (draft: PositionDraft, of: TemplateRules) => () => checkTemplateRules(draft, of, NOW);
const violation = (draft: PositionDraft, of: TemplateRules) => refusalOf(obeys(draft, of));

describe('the rules of the template', () => {
  const terms = templateRulesOf({ currency: 'USD', region: 'US', minAmount: '10', maxAmount: '1000.50' });
  const tenor = templateRulesOf({ currency: 'USD', maxTenorDays: 30, country: 'SG' });

  test('an amount must be between the minimum and the maximum, inclusive, and the error has the rule and the limit', () => {
    expect(obeys(draftOf('10.00'), terms)).not.toThrow();
    expect(obeys(draftOf('1000.50'), terms)).not.toThrow();
    const facts = { code: 'POLICY_VIOLATION', path: ['amount'] };
    const below = {
      rule: 'MIN_AMOUNT',
      message: 'The amount is below the `limit` of the asset template.',
      limit: limit(1_000n),
    };
    expect(violation(draftOf('9.99'), terms)).toEqual({ ...facts, ...below });
    const above = {
      rule: 'MAX_AMOUNT',
      message: 'The amount is above the `limit` of the asset template.',
      limit: limit(100_050n),
    };
    expect(violation(draftOf('1000.51'), terms)).toEqual({ ...facts, ...above });
  });

  test('the minimum and the maximum are optional', () => {
    const open = templateRulesOf({ currency: 'USD', region: 'US' });
    const none = { minAmount: null, maxAmount: null, maxTenorDays: null, retainagePercentage: null, country: null };
    expect(open).toEqual({ currency: 'USD', ...none });
    expect(obeys(draftOf('0.01'), open)).not.toThrow();
    expect(obeys(draftOf('9'.repeat(24)), open)).not.toThrow();
  });

  test('the currency is checked before the amount', () => {
    expect(violation(draftOf('5', 'EUR'), terms)).toEqual({
      code: 'POLICY_VIOLATION',
      message: 'The asset template allows only USD.',
      path: ['amount', 'currencyCode'],
      rule: 'CURRENCY',
      limit: null,
    });
  });

  test('a tenor requires an expiresAt at most that many days of 24 hours from now', () => {
    const latest = NOW + 30 * DAY_MS;
    expect(obeys(draftOf('1', 'USD', latest), tenor)).not.toThrow();
    const message = '`expiresAt` is required and must be at most 30 days after the creation of the position.';
    const facts = { code: 'POLICY_VIOLATION', message, path: ['expiresAt'], rule: 'TENOR', limit: null };
    expect(violation(draftOf('1', 'USD', latest + 1), tenor)).toEqual(facts);
    expect(violation(draftOf('1'), tenor)).toEqual(facts);
  });

  test('without a tenor, expiresAt is optional and unlimited', () => {
    expect(obeys(draftOf('10'), terms)).not.toThrow();
    expect(obeys(draftOf('10', 'USD', NOW + 100_000 * DAY_MS), terms)).not.toThrow();
  });

  test('predecessor mistake 3: template limits and currency were stored and never enforced', () => {
    const rules = [draftOf('9.99'), draftOf('1000.51'), draftOf('100', 'EUR')].map((draft) => violation(draft, terms));
    expect(rules.map((facts) => 'rule' in facts && facts.rule)).toEqual(['MIN_AMOUNT', 'MAX_AMOUNT', 'CURRENCY']);
    expect(violation(draftOf('100'), tenor)).toMatchObject({ rule: 'TENOR' });
  });
});
