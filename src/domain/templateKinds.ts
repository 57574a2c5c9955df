import { z } from 'zod';
import { COUNTRY_CODES, COUNTRY_ISSUE } from './countries.ts';
import { CURRENCY_CODES, type CurrencyCode, currencyIssue, MAX_DECIMALS } from './currencies.ts';
import { REGIONS, type Vertical } from './institution.ts';
import { freezeJson, type JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import { MAX_INTEGER_DIGITS, parseMinorUnits } from './money.ts';
import { PERCENTAGE, PERCENTAGE_ISSUE, percentageOf } from './percentage.ts';
import type { ValidationIssue } from './userErrors.ts';

const oneOf = (values: readonly string[], message: string | ((value: unknown) => string)) =>
  z.enum(values as [string, ...string[]], {
    error: ({ input }) => (typeof message === 'string' ? message : message(input)),
  });

const currency = oneOf(CURRENCY_CODES, currencyIssue).meta({ examples: ['USD'] });
const country = oneOf(COUNTRY_CODES, COUNTRY_ISSUE).meta({ examples: ['SG'] });
const region = oneOf(REGIONS, `must be one of ${REGIONS.join(', ')}.`).meta({ examples: ['US'] });
const amount = z
  .string('must be a decimal string such as "1250.00".')
  .regex(
    new RegExp(`^\\d{1,${MAX_INTEGER_DIGITS}}(\\.\\d{1,${MAX_DECIMALS}})?$`),
    'must be a plain decimal number such as "1250.00".',
  )
  .meta({ examples: ['1250.00'] });
const percentage = z
  .string('must be a decimal string such as "5.5".')
  .regex(PERCENTAGE, PERCENTAGE_ISSUE)
  .meta({ examples: ['5.5'] });
const tenor = z
  .int('must be an integer number of days.')
  .min(1, 'must be at least 1 day.')
  .max(LIMITS.tenorDays, `must be at most ${LIMITS.tenorDays} days.`)
  .meta({ examples: [90] });

/** Returns the first few keys, each shortened, so that an error message does not repeat a client's text at length. */
const named = (keys: readonly string[]): string =>
  keys
    .slice(0, 5)
    .map((key) => [...key].slice(0, 40).join(''))
    .join(', ');

const configOf = <S extends z.core.$ZodLooseShape>(shape: S) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `must not have unknown keys: ${named(issue.keys)}.` : undefined,
  });

const RETAINAGE = 'Withheld from each release until the final one; terms of a position cannot have less.';
const COUNTRY = 'Positions are found by it, and the policy of the institution can restrict it.';

/** The config properties of an asset template, by the template's code. Each code belongs to one vertical. */
export interface TemplateKind {
  readonly code: string;
  readonly name: string;
  readonly vertical: Vertical;
  readonly config: z.ZodType;
  /** The rules of the config as a JSON Schema, for clients. */
  readonly configSchema: JsonObject;
}

const kind = (code: string, name: string, vertical: Vertical, config: z.ZodType): TemplateKind => ({
  code,
  name,
  vertical,
  config,
  configSchema: freezeJson(z.toJSONSchema(config) as JsonObject),
});

export const TEMPLATE_KINDS: ReadonlyMap<string, TemplateKind> = new Map(
  [
    kind(
      'CONSTR_ESCROW',
      'Construction escrow',
      'CONSTRUCTION',
      configOf({ currency, region, minAmount: amount.optional(), maxAmount: amount.optional() }),
    ),
    kind(
      'CONSTR_RETAINAGE',
      'Construction retainage',
      'CONSTRUCTION',
      configOf({ currency, retainagePercentage: percentage.describe(RETAINAGE) }),
    ),
    kind(
      'TF_INVOICE',
      'Trade finance invoice',
      'TRADE_FINANCE',
      configOf({ currency, maxTenorDays: tenor, country: country.describe(COUNTRY) }),
    ),
    kind(
      'TF_LC',
      'Trade finance letter of credit',
      'TRADE_FINANCE',
      configOf({ currency, issuingBankCountry: country.describe(COUNTRY), maxTenorDays: tenor }),
    ),
  ].map((each) => [each.code, each]),
);

/** The rules of a config for positions; null where it has none. Amounts are in minor units of the currency. */
export interface TemplateRules {
  readonly currency: CurrencyCode;
  readonly minAmount: bigint | null;
  readonly maxAmount: bigint | null;
  readonly maxTenorDays: number | null;
  /** The percentage withheld from each release, as a decimal text. */
  readonly retainagePercentage: string | null;
  readonly country: string | null;
}

/** The config properties with a country, of which a template has at most one. */
export const COUNTRY_FIELDS = ['country', 'issuingBankCountry'] as const;

/** Returns the country of a config, or null if it has none. */
export const countryOf = (config: JsonObject): string | null => {
  const field = COUNTRY_FIELDS.find((name) => config[name] !== undefined);
  return field === undefined ? null : (config[field] as string);
};

/** Reads the rules of a config that has passed `configIssues`. */
export function templateRulesOf(config: JsonObject): TemplateRules {
  const currencyCode = config['currency'] as CurrencyCode;
  const bound = (key: string): bigint | null =>
    config[key] === undefined ? null : (parseMinorUnits(config[key] as string, currencyCode) as bigint);
  return {
    currency: currencyCode,
    minAmount: bound('minAmount'),
    maxAmount: bound('maxAmount'),
    maxTenorDays: (config['maxTenorDays'] as number | undefined) ?? null,
    retainagePercentage: normalPercentage(config['retainagePercentage'] as string | undefined),
    country: countryOf(config),
  };
}

/** Returns a percentage as terms store it: "10" for "10.0". The config keeps the text of the client. */
function normalPercentage(text: string | undefined): string | null {
  if (text === undefined) return null;
  const found = percentageOf(text);
  if (typeof found !== 'string') throw new Error(`The percentage ${found.issue}`);
  return found;
}

/** Returns every problem of a config, with paths relative to the config; none if it fits its kind. */
export function configIssues(config: JsonObject, currencyCode: TemplateKind): readonly ValidationIssue[] {
  const { error } = currencyCode.config.safeParse(config);
  if (error) return error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
  const faults = (['minAmount', 'maxAmount'] as const).flatMap((key) => {
    const bound =
      config[key] === undefined ? 0n : parseMinorUnits(config[key] as string, config['currency'] as CurrencyCode);
    return typeof bound === 'string' ? [{ path: [key], message: bound }] : [];
  });
  if (faults.length > 0) return faults;
  const { minAmount, maxAmount } = templateRulesOf(config);
  const crossed = minAmount !== null && maxAmount !== null && minAmount > maxAmount;
  return crossed ? [{ path: ['minAmount'], message: 'must not be greater than `maxAmount`.' }] : [];
}
