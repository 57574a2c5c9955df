import { type GraphQLField, getNamedType, getNullableType, isEnumType, isListType } from 'graphql';
import { COUNTRY_CODES } from '../domain/countries.ts';
import { CURRENCY_CODES } from '../domain/currencies.ts';
import { LIMITS } from '../domain/limits.ts';
import { MAX_WEBHOOK_URL_CHARACTERS } from '../domain/webhookUrl.ts';

/**
 * Returns the maximum number of bytes of a text in JSON: a code point takes at most four in UTF-8, an escaped one two.
 */
const text = (codePoints: number): number => 4 * codePoints + 2;

/** The maximum number of bytes of a JSON value, by scalar. Texts that can be longer than a name are in `TEXTS`. */
const SCALARS: Readonly<Record<string, number>> = {
  Boolean: 5,
  Int: 11,
  Float: 25,
  ID: 42,
  String: text(LIMITS.nameCharacters),
  DateTime: 26,
  Decimal: 60,
  CurrencyCode: 5,
  JSONObject: LIMITS.jsonBytes,
};

const CURSOR = Math.ceil((text(LIMITS.nameCharacters) + 100) * (4 / 3)) + 2;
/** The maximum number of bytes of a path: names of input fields and list indexes. */
const PATH = 256;
/** Returns the maximum number of bytes of an error text: a UTF-16 unit takes at most three in UTF-8. */
const message = (units: number): number => 3 * units + 2;

/**
 * The maximum number of bytes of a field, where its scalar does not define it. By coordinate; a star matches any type.
 */
const TEXTS: Readonly<Record<string, number>> = {
  '*.body': text(LIMITS.bodyCharacters),
  '*.description': text(LIMITS.bodyCharacters),
  'WebhookEndpoint.document': text(LIMITS.bodyCharacters),
  'WebhookEndpoint.url': text(MAX_WEBHOOK_URL_CHARACTERS),
  '*.reason': text(LIMITS.reasonCharacters),
  '*.deletionReason': text(LIMITS.reasonCharacters),
  'ValidationIssue.message': message(LIMITS.issueUnits),
  '*.message': message(LIMITS.messageUnits),
  '*.idempotencyKey': text(LIMITS.keyCharacters),
  '*.cursor': CURSOR,
  '*.startCursor': CURSOR,
  '*.endCursor': CURSOR,
  '*.path': PATH,
  'Policy.allowedCountries': 2 + COUNTRY_CODES.length * 5,
  '*.__typename': text(LIMITS.nameCharacters / 4),
  // The size of an introspection is unknown before it is executed.
  'Query.__schema': Infinity,
  'Query.__type': Infinity,
};

/** The maximum number of values of a list of leaves. The list of currencies is the longest one. */
const LIST_VALUES = CURRENCY_CODES.length;

/** Returns the maximum number of bytes of a leaf field in JSON. */
export function leafBytesOf(type: string, { name, type: shown }: GraphQLField<unknown, unknown>): number {
  const known = TEXTS[`${type}.${name}`] ?? TEXTS[`*.${name}`];
  if (known !== undefined) return known;
  const named = getNamedType(shown);
  const names = isEnumType(named) ? named.getValues().map((value) => value.name.length) : [];
  const one = names.length > 0 ? Math.max(...names) + 2 : (SCALARS[named.name] ?? LIMITS.jsonBytes);
  return isListType(getNullableType(shown)) ? 2 + (names.length || LIST_VALUES) * (one + 1) : one;
}
