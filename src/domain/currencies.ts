/**
 * The active currencies of ISO 4217 by their number of minor-unit digits (list one, January 2026). Intl has other
 * digits for some of them (HUF, IDR, IQD, COP, ...), so the table follows the standard.
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

/**
 * Former currencies of ISO 4217 (list three) by their last number of minor-unit digits. A currency that leaves the
 * table above moves here, so that stored amounts stay readable. List three has no digits: these are from the last list
 * one that contained the currency. Older codes, whose digits are in no list, were never accepted.
 */
const FORMER_CODES_BY_DIGITS = {
  0: 'ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE ROL TPE TRL',
  2:
    'AFA ANG ATS AYM AZM BGL BGN CSD CUC CYP DEM EEK FIM FRF GHC GWP HRK IEP LTL LVL MRO MTL MZM NLG RUR ' +
    'SDD SIT SKK SLL SRG STD TMM USS VEB VEF YUM ZMK ZWD ZWL ZWN ZWR',
} as const;

/** An ISO 4217 alphabetic code that is or was in the table. */
export type CurrencyCode = string & { readonly currency: unique symbol };

const digitsByCode = (codesByDigits: { readonly [digits: string]: string }): ReadonlyMap<string, number> =>
  new Map(
    Object.entries(codesByDigits).flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, Number(digits)])),
  );
const DIGITS = digitsByCode(CODES_BY_DIGITS);
const FORMER_DIGITS = digitsByCode(FORMER_CODES_BY_DIGITS);

/** Every active code, sorted. */
export const CURRENCY_CODES: readonly CurrencyCode[] = [...DIGITS.keys()].toSorted() as CurrencyCode[];

/** Every former code, sorted. */
export const FORMER_CURRENCY_CODES: readonly CurrencyCode[] = [...FORMER_DIGITS.keys()].toSorted() as CurrencyCode[];

/** Returns the validation message for a code that is not accepted in a new amount. */
export const currencyIssue = (code: unknown): string =>
  typeof code === 'string' && isFormerCurrency(code)
    ? `must be an active currency; ${code} was withdrawn from ISO 4217.`
    : 'must be an ISO 4217 currency code such as "USD".';

/** The maximum number of minor-unit digits of any currency. */
export const MAX_DECIMALS = 4;

/** Whether the text is an active code: three capital letters, as the standard writes it. */
export const isCurrency = (code: string): code is CurrencyCode => DIGITS.has(code);

/** Whether the text is the code of a currency that was withdrawn: stored amounts may have it, new ones may not. */
export const isFormerCurrency = (code: string): code is CurrencyCode => FORMER_DIGITS.has(code);

/** Returns the number of minor-unit digits of the currency: 2 for USD, 0 for JPY, 3 for KWD. */
export function digitsOf(currency: CurrencyCode): number {
  const digits = DIGITS.get(currency) ?? FORMER_DIGITS.get(currency);
  if (digits === undefined) throw new RangeError(`${currency} is not in the table of ISO 4217`);
  return digits;
}
