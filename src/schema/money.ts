import { LRUCache } from 'lru-cache';
import { type CurrencyCode, digitsOf } from '../domain/currencies.ts';
import { formatMinorUnits, type Money as Amount } from '../domain/money.ts';
import { builder } from './builder.ts';

export const Money = builder.objectRef<Amount>('Money').implement({
  description: 'An exact amount of one currency.',
  fields: (t) => ({
    amount: t.field({
      type: 'Decimal',
      description: 'In the currency\'s unit, with exactly its digits: "1250.00" USD, "1250" JPY.',
      resolve: ({ minorUnits, currency }) => formatMinorUnits(minorUnits, currency),
    }),
    currencyCode: t.expose('currency', { type: 'CurrencyCode', description: 'The currency.' }),
    minorUnits: t.string({
      description: 'The same in minor units, as a whole number: "125000" for 1250.00 USD.',
      resolve: ({ minorUnits }) => minorUnits.toString(),
    }),
    formatted: t.string({
      description: 'The amount as people of the locale write it.',
      args: {
        locale: t.arg.string({
          required: true,
          defaultValue: 'en',
          description: 'A BCP 47 tag such as "de-CH"; one that is not known reads as "en".',
        }),
      },
      resolve: (money, { locale }) => formatted(money, locale.length > LOCALE_CHARACTERS ? 'en' : locale),
    }),
  }),
});

/** The most formats that are kept: making one takes ten times longer than using it. All currencies in 30 locales. */
const FORMATS = 5_000;
const formats = new LRUCache<string, Intl.NumberFormat>({ max: FORMATS });
/** The locales that were asked for, each as it is known. */
const locales = new LRUCache<string, string>({ max: FORMATS });

function formatted({ minorUnits, currency }: Amount, asked: string): string {
  let locale = locales.get(asked);
  if (locale === undefined) locales.set(asked, (locale = knownLocale(asked)));
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

/** Longer than any locale's tag. */
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
      description: 'Above zero, with no more digits than the currency has; at most 24 before the point.',
    }),
    currencyCode: t.field({ type: 'CurrencyCode', required: true, description: 'The currency.' }),
  }),
});
