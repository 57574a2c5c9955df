import { COUNTRY_CODES, COUNTRY_ISSUE } from './countries.ts';
import type { CurrencyCode } from './currencies.ts';
import type { Id } from './ids.ts';
import type { Institution, Region } from './institution.ts';
import { Issues, type Maybe } from './issues.ts';
import { LIMITS } from './limits.ts';
import { formatMinorUnits, type Money, parseMinorUnits } from './money.ts';
import type { PositionDraft } from './position.ts';
import { type Instant, notBefore } from './time.ts';
import { PolicyViolationError } from './userErrors.ts';

/** The allowed amounts of positions in one currency, as decimal text; null means no bound. */
export interface PolicyLimit {
  readonly currency: CurrencyCode;
  readonly minAmount: string | null;
  readonly maxAmount: string | null;
}

/** An institution's rules for the positions of one region. */
export interface Policy {
  readonly id: Id;
  readonly institutionId: Id;
  readonly region: Region;
  /** The allowed currencies, or null if any is allowed. */
  readonly allowedCurrencies: readonly CurrencyCode[] | null;
  /** The allowed countries of asset templates that name one, or null if any is allowed. */
  readonly allowedCountries: readonly string[] | null;
  readonly limits: readonly PolicyLimit[];
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** The properties that a client chooses for a policy. */
export interface PolicyInput {
  readonly region: Region;
  readonly allowedCurrencies?: Maybe<readonly string[]>;
  readonly allowedCountries?: Maybe<readonly string[]>;
  readonly limits?: Maybe<
    readonly { readonly currencyCode: string; readonly minAmount?: Maybe<string>; readonly maxAmount?: Maybe<string> }[]
  >;
}

/** The rules of a policy after validation of the input. */
export type PolicyRules = Pick<Policy, 'region' | 'allowedCurrencies' | 'allowedCountries' | 'limits'>;

/** Validates the input without reading the store. Throws ValidationError. */
export function checkPolicy(input: PolicyInput, issues = new Issues()): PolicyRules {
  const { region, allowedCurrencies, limits } = input;
  const codes = allowedCurrencies ?? null;
  if (codes?.length === 0)
    issues.add(['allowedCurrencies'], 'must have at least one value; omit it to allow all currencies.');
  if (codes && codes.length > LIMITS.listInputs) tooMany(issues, 'allowedCurrencies');
  const allowed =
    codes && codes.flatMap((code, index) => issues.currency(['allowedCurrencies', `${index}`], code) ?? []);
  const allowedCountries = checkCountries(input.allowedCountries ?? null, issues);
  const bounds = limits ?? [];
  if (bounds.length > LIMITS.listInputs) tooMany(issues, 'limits');
  const checked = bounds.flatMap((bound, index) => {
    const path = ['limits', `${index}`];
    const currency = issues.currency([...path, 'currencyCode'], bound.currencyCode);
    if (currency === undefined) return [];
    if (bounds.findIndex(({ currencyCode }) => currencyCode === currency) < index) {
      issues.add([...path, 'currencyCode'], 'must be in one entry only.');
    }
    if (allowed && !allowed.includes(currency)) {
      issues.add([...path, 'currencyCode'], 'must be one of `allowedCurrencies`.');
    }
    const min = amountOf(issues, [...path, 'minAmount'], bound.minAmount, currency);
    const max = amountOf(issues, [...path, 'maxAmount'], bound.maxAmount, currency);
    if (min !== null && max !== null && min > max) {
      issues.add([...path, 'minAmount'], 'must not be greater than `maxAmount`.');
    }
    const text = (minorUnits: bigint | null) => (minorUnits === null ? null : formatMinorUnits(minorUnits, currency));
    return [Object.freeze({ currency, minAmount: text(min), maxAmount: text(max) })];
  });
  issues.throwIfAny();
  const unique = allowed && Object.freeze([...new Set(allowed)]);
  return { region, allowedCurrencies: unique, allowedCountries, limits: Object.freeze(checked) };
}

function checkCountries(codes: readonly string[] | null, issues: Issues): readonly string[] | null {
  if (codes === null) return null;
  if (codes.length === 0)
    issues.add(['allowedCountries'], 'must have at least one value; omit it to allow all countries.');
  if (codes.length > LIMITS.listInputs) tooMany(issues, 'allowedCountries');
  codes.forEach((code, index) => {
    if (!COUNTRY_CODES.includes(code)) issues.add(['allowedCountries', `${index}`], COUNTRY_ISSUE);
  });
  return Object.freeze([...new Set(codes)]);
}

const tooMany = (issues: Issues, field: string): void =>
  issues.add([field], `must have at most ${LIMITS.listInputs} values.`);

function amountOf(issues: Issues, path: readonly string[], text: Maybe<string>, currency: CurrencyCode): bigint | null {
  if (text === null || text === undefined) return null;
  const minorUnits = parseMinorUnits(text, currency);
  if (typeof minorUnits !== 'string') return minorUnits;
  issues.add(path, minorUnits);
  return null;
}

/**
 * Returns a new policy, or the next version of the previous one. Throws ValidationError if the institution does not
 * have the region.
 */
export function newPolicy(
  rules: PolicyRules,
  before: Policy | undefined,
  institution: Institution,
  id: Id,
  now: Instant,
): Policy {
  const issues = new Issues();
  if (!institution.regions.includes(rules.region)) {
    issues.add(['region'], `must be one of the regions of the institution: ${institution.regions.join(', ')}.`);
  }
  issues.throwIfAny();
  const { region, allowedCurrencies, allowedCountries, limits } = rules;
  return Object.freeze({
    id: before?.id ?? id,
    institutionId: institution.id,
    region,
    allowedCurrencies,
    allowedCountries,
    limits,
    version: (before?.version ?? 0) + 1,
    createdAt: before?.createdAt ?? now,
    updatedAt: notBefore(before?.updatedAt ?? now, now),
  });
}

/** Converts the amount of a limit to money. */
export function limitOf({ currency }: PolicyLimit, text: string | null): Money | null {
  const minorUnits = text === null ? null : parseMinorUnits(text, currency);
  return typeof minorUnits === 'bigint' ? { minorUnits, currency } : null;
}

/** Throws PolicyViolationError if the institution's policy does not allow the amount or the country of the template. */
export function checkPolicyRules(
  { amount }: Pick<PositionDraft, 'amount'>,
  country: string | null,
  policy: Policy | undefined,
): void {
  if (!policy) return;
  const { allowedCurrencies, allowedCountries, limits } = policy;
  if (allowedCurrencies && !allowedCurrencies.includes(amount.currency)) {
    const message = `The policy of the institution allows only ${allowedCurrencies.join(', ')}.`;
    throw new PolicyViolationError('CURRENCY', message, ['amount', 'currencyCode']);
  }
  if (country !== null && allowedCountries && !allowedCountries.includes(country)) {
    const message = `The country of the asset template is ${country}; the policy of the institution allows only ${allowedCountries.join(', ')}.`;
    throw new PolicyViolationError('COUNTRY', message, null);
  }
  const limit = limits.find(({ currency }) => currency === amount.currency);
  const min = limit ? limitOf(limit, limit.minAmount) : null;
  if (min && amount.minorUnits < min.minorUnits) {
    throw new PolicyViolationError('MIN_AMOUNT', 'The amount is below the `limit` of the policy.', ['amount'], min);
  }
  const max = limit ? limitOf(limit, limit.maxAmount) : null;
  if (max && amount.minorUnits > max.minorUnits) {
    throw new PolicyViolationError('MAX_AMOUNT', 'The amount is above the `limit` of the policy.', ['amount'], max);
  }
}
