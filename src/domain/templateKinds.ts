import { z } from 'zod';
import { COUNTRY_CODES } from './countries.ts';
import { CURRENCY_CODES, type CurrencyCode, currencyIssue, MAX_DECIMALS } from './currencies.ts';
import { REGIONS, type Vertical } from './institution.ts';
import { freezeJson, type JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import { MAX_INTEGER_DIGITS, parseDecimal, toMinorUnits } from './money.ts';
import type { ValidationIssue } from './userErrors.ts';

const oneOf = (values: readonly string[], message: string | ((value: unknown) => string)) =>
  z.enum(values as [string, ...string[]], {
    error: ({ input }) => (typeof message === 'string' ? message : message(input)),
  });

const currency = oneOf(CURRENCY_CODES, currencyIssue).meta({ examples: ['USD'] });
const country = oneOf(COUNTRY_CODES, 'must be a two-letter ISO 3166-1 country code such as "SG".').meta({
  examples: ['SG'],
});
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
  .regex(
    /^(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)$/,
    'must be a decimal string from "0" to "100" with at most 4 decimals.',
  )
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

/** The description of a property that is validated and stored but that no rule reads. */
const UNUSED = 'Validated and stored. No rule uses it yet.';

/**
 * The config properties of an asset template, by the template's code. Each code belongs to one vertical. The properties
 * that are described as UNUSED have no effect on positions yet: nothing is retained, and no country is compared.
 */
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
      configOf({ currency, retainagePercentage: percentage.describe(UNUSED) }),
    ),
    kind(
      'TF_INVOICE',
      'Trade finance invoice',
      'TRADE_FINANCE',
      configOf({ currency, maxTenorDays: tenor, country: country.describe(UNUSED) }),
    ),
    kind(
      'TF_LC',
      'Trade finance letter of credit',
      'TRADE_FINANCE',
      configOf({ currency, issuingBankCountry: country.describe(UNUSED), maxTenorDays: tenor }),
    ),
  ].map((each) => [each.code, each]),
);

/** The rules of a config for positions; null where it has none. Amounts are in minor units of the currency. */
export interface TemplateRules {
  readonly currency: CurrencyCode;
  readonly minAmount: bigint | null;
  readonly maxAmount: bigint | null;
  readonly maxTenorDays: number | null;
}

/** Reads the rules of a config that has passed `configIssues`. */
export function templateRulesOf(config: JsonObject): TemplateRules {
  const currencyCode = config['currency'] as CurrencyCode;
  const bound = (key: string): bigint | null =>
    config[key] === undefined ? null : (minorUnits(config[key] as string, currencyCode) as bigint);
  return {
    currency: currencyCode,
    minAmount: bound('minAmount'),
    maxAmount: bound('maxAmount'),
    maxTenorDays: (config['maxTenorDays'] as number | undefined) ?? null,
  };
}

/** Returns every problem of a config, with paths relative to the config; none if it fits its kind. */
export function configIssues(config: JsonObject, currencyCode: TemplateKind): readonly ValidationIssue[] {
  const { error } = currencyCode.config.safeParse(config);
  if (error) return error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
  const faults = (['minAmount', 'maxAmount'] as const).flatMap((key) => {
    const bound =
      config[key] === undefined ? 0n : minorUnits(config[key] as string, config['currency'] as CurrencyCode);
    return typeof bound === 'string' ? [{ path: [key], message: bound }] : [];
  });
  if (faults.length > 0) return faults;
  const { minAmount, maxAmount } = templateRulesOf(config);
  const crossed = minAmount !== null && maxAmount !== null && minAmount > maxAmount;
  return crossed ? [{ path: ['minAmount'], message: 'must not be greater than `maxAmount`.' }] : [];
}

function minorUnits(text: string, currencyCode: CurrencyCode): bigint | string {
  const decimal = parseDecimal(text);
  return typeof decimal === 'string' ? decimal : toMinorUnits(decimal, currencyCode);
}
