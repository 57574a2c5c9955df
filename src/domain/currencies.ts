/**
 * The active currencies of ISO 4217 by their number of minor-unit digits (list one, January 2026).
 * Intl knows other digits for some of them (HUF, IDR, IQD, COP, ...), so the standard's own table stands here.
 */
const CODES_BY_DIGITS = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2:
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW ' +
    'CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF ' +
    'IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK ' +
    'MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP ' +
    'SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ' +
    'ZAR ZMW ZWG',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
} as const;

/** An ISO 4217 alphabetic code that is in the table. */
export type CurrencyCode = string & { readonly currency: unique symbol };

const DIGITS: ReadonlyMap<string, number> = new Map(
  Object.entries(CODES_BY_DIGITS).flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, Number(digits)])),
);

/** Every code of the table, sorted. */
export const CURRENCY_CODES: readonly CurrencyCode[] = [...DIGITS.keys()].toSorted() as CurrencyCode[];

/** The most digits that any currency has behind its point. */
export const MOST_DIGITS = 4;

/** Whether the text is a code of the table: three capital letters, as the standard writes it. */
export const isCurrency = (code: string): code is CurrencyCode => DIGITS.has(code);

/** How many digits the currency has behind its point: 2 for USD, 0 for JPY, 3 for KWD. */
export function digitsOf(currency: CurrencyCode): number {
  const digits = DIGITS.get(currency);
  if (digits === undefined) throw new RangeError(`${currency} is not in the table of ISO 4217`);
  return digits;
}
