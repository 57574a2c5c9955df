import { LRUCache } from 'lru-cache';
import { type CurrencyCode, digitsOf } from '../domain/currencies.ts';
import { type Money as Amount, formatMinorUnits } from '../domain/money.ts';
import { builder } from './builder.ts';

export const Money = builder.objectRef<Amount>('Money').implement({
  description: 'An exact amount of one currency.',
  fields: (t) => ({
    amount: t.field({
      type: 'Decimal',
      description:
        'The amount in the unit of the currency, with exactly as many decimals as the currency has: "1250.00" for USD, "1250" for JPY.',
      resolve: ({ minorUnits, currency }) => formatMinorUnits(minorUnits, currency),
    }),
    currencyCode: t.expose('currency', { type: 'CurrencyCode', description: 'The currency.' }),
    minorUnits: t.string({
      description: 'The amount in minor units, as an integer: "125000" for 1250.00 USD.',
      resolve: ({ minorUnits }) => minorUnits.toString(),
    }),
    formatted: t.string({
      description: 'The amount with its currency, formatted for people of the locale.',
      // A locale can require a new format.
      extensions: { cost: { own: 1, given: { at: ['locale'], cost: 3 } } },
      args: {
        locale: t.arg.string({
          required: true,
          defaultValue: 'en',
          description:
            'The locale as a BCP 47 tag, such as "de-CH". An unknown tag is treated as "en". Defaults to "en".',
        }),
      },
      resolve: (money, { locale }) => formatted(money, locale.length > LOCALE_CHARACTERS ? 'en' : locale),
    }),
  }),
});

/**
 * The maximum number of cached formats: all currencies in 30 locales. Creating a format takes ten times longer than
 * using it.
 */
const FORMATS = 5_000;
const formats = new LRUCache<string, Intl.NumberFormat>({ max: FORMATS });
/** The supported locale of each requested one. */
const locales = new LRUCache<string, string>({ max: FORMATS });

function formatted({ minorUnits, currency }: Amount, requested: string): string {
  let locale = locales.get(requested);
  if (locale === undefined) locales.set(requested, (locale = knownLocale(requested)));
  const key = currency + locale;
  let format = formats.get(key);
  if (!format) formats.set(key, (format = formatOf(currency, locale)));
  return format.format(formatMinorUnits(minorUnits, currency) as `${number}`);
}

function formatOf(currency: CurrencyCode, locale: string): Intl.NumberFormat {
  const digits = digitsOf(currency);
  const style = { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(locale, style);
}

/** A length above that of any supported tag. */
const LOCALE_CHARACTERS = 64;

function knownLocale(locale: string): string {
  try {
    return Intl.NumberFormat.supportedLocalesOf(locale)[0] ?? 'en';
  } catch {
    return 'en';
  }
}

export const MoneyInput = builder.inputType('MoneyInput', {
  description: 'An exact amount of one currency.',
  fields: (t) => ({
    amount: t.field({
      type: 'Decimal',
      required: true,
      description:
        'The amount in the unit of the currency. Must be positive, with at most as many decimals as the currency has and at most 24 digits before the decimal point.',
    }),
    currencyCode: t.field({ type: 'CurrencyCode', required: true, description: 'The currency.' }),
  }),
});
