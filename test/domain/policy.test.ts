import { expect, test } from 'vitest';
import type { Institution } from '../../src/domain/institution.ts';
import { checkPolicy, checkPolicyRules, newPolicy, type PolicyInput } from '../../src/domain/policy.ts';
import { currency, faultsOf, NOW, refusalOf } from './fixtures.ts';

const amount = { minorUnits: 100n, currency: currency('USD') };

const policyOf = (input: Partial<PolicyInput>) =>
  newPolicy(
    checkPolicy({ region: 'US', ...input }),
    undefined,
    { regions: ['US'] } as unknown as Institution,
    'pol_1',
    NOW,
  );

test('allowedCountries is unique, or null if it is omitted', () => {
  expect(policyOf({ allowedCountries: ['SG', 'DE', 'SG'] }).allowedCountries).toEqual(['SG', 'DE']);
  expect(policyOf({}).allowedCountries).toBeNull();
  expect(policyOf({ allowedCountries: null }).allowedCountries).toBeNull();
});

test.each([
  [[], ['allowedCountries: must have at least one value; omit it to allow all countries.']],
  [
    ['SG', 'sg', 'XX'],
    ['allowedCountries.1', 'allowedCountries.2'].map(
      (path) => `${path}: must be a two-letter ISO 3166-1 country code such as "SG".`,
    ),
  ],
  [Array<string>(1_001).fill('SG'), ['allowedCountries: must have at most 1000 values.']],
])('allowedCountries that are not valid are rejected', (allowedCountries, expected) => {
  expect(faultsOf(() => checkPolicy({ region: 'US', allowedCountries }))).toEqual(expected);
});

test('a country that is not allowed is a PolicyViolationError; a template without one, and a policy without the rule, allow any', () => {
  const policy = policyOf({ allowedCountries: ['SG', 'DE'] });
  expect(refusalOf(() => checkPolicyRules({ amount }, 'FR', policy))).toEqual({
    code: 'POLICY_VIOLATION',
    message: 'The country of the asset template is FR; the policy of the institution allows only SG, DE.',
    path: null,
    rule: 'COUNTRY',
    limit: null,
  });
  expect(() => checkPolicyRules({ amount }, 'DE', policy)).not.toThrow();
  expect(() => checkPolicyRules({ amount }, null, policy)).not.toThrow();
  expect(() => checkPolicyRules({ amount }, 'FR', policyOf({}))).not.toThrow();
  expect(() => checkPolicyRules({ amount }, 'FR', undefined)).not.toThrow();
});
