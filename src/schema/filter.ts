import { type CurrencyCode, currencyIssue, isCurrency, isFormerCurrency } from '../domain/currencies.ts';
import { LIMITS } from '../domain/limits.ts';
import { magnitudeOfDecimal, parseDecimal } from '../domain/money.ts';
import { boundsOfPrefix, isWithin, textIssue } from '../domain/text.ts';
import type { Instant } from '../domain/time.ts';
import type { Condition, Field, Range, Where } from '../store/store.ts';
import { builder, type Types } from './builder.ts';
import { badInput } from './errors.ts';

type Maybe<T> = T | null | undefined;
type Bounds<V> = { readonly [B in keyof Range<V>]?: Maybe<V> };

/** Returns the conditions that are defined. */
export function whereOf<E>(conditions: { readonly [F in Field<E>]?: Condition<unknown> | undefined }): Where<E> {
  return Object.fromEntries(Object.entries(conditions).filter(([, condition]) => condition !== undefined)) as Where<E>;
}

/** Returns the condition that a field has exactly this value, or undefined without a value. */
export const equals = <V>(value: Maybe<V>): { readonly in: readonly V[] } | undefined =>
  value === null || value === undefined ? undefined : { in: [value] };

/**
 * Returns the condition that a field has one of the values; an empty list matches nothing. Throws BAD_USER_INPUT if
 * there are too many.
 */
export function anyOf<V>(argument: string, values: Maybe<readonly V[]>): { readonly in: readonly V[] } | undefined {
  if (values === null || values === undefined) return undefined;
  if (values.length > LIMITS.listValues) {
    throw badInput(`\`filter.${argument}\` must have at most ${LIMITS.listValues} values; it has ${values.length}.`);
  }
  return { in: values };
}

/** Returns the conjunction of two conditions on one field; either may be undefined. */
export function both<V>(
  one: { readonly in: readonly V[] } | undefined,
  other: { readonly in: readonly V[] } | undefined,
): { readonly in: readonly V[] } | undefined {
  if (!one || !other) return one ?? other;
  return { in: one.in.filter((value) => other.in.includes(value)) };
}

/** Returns the condition that a text equals `equal` and starts with `prefix`; either may be missing. */
export function textMatching(equal: Maybe<string>, prefix: Maybe<string>): Condition<string> | undefined {
  if (prefix === null || prefix === undefined) return equals(equal);
  if (typeof equal === 'string') return { in: equal.startsWith(prefix) ? [equal] : [] };
  // No stored text starts with a text that cannot be stored.
  const isStorable = isWithin(prefix, LIMITS.nameCharacters) && textIssue(prefix) === undefined;
  return isStorable ? { range: boundsOfPrefix(prefix) } : { in: [] };
}

/** Returns the condition that a value is within the bounds, or undefined without bounds. */
export function within<V>(bounds: Maybe<Bounds<V>>): Condition<V> | undefined {
  if (bounds === null || bounds === undefined) return undefined;
  const given = Object.entries(bounds).filter(([, bound]) => bound !== null && bound !== undefined);
  return given.length === 0 ? undefined : { range: Object.fromEntries(given) as Range<V> };
}

/**
 * Returns the condition that a time is within the bounds, in whole milliseconds as times are stored. A finer bound is
 * rounded so that it matches the same times: `lt` and `gte` up, `gt` and `lte` down.
 */
export function withinTimes(bounds: Maybe<Bounds<Instant>>): Condition<Instant> | undefined {
  if (bounds === null || bounds === undefined) return undefined;
  const { gte, gt, lte, lt } = bounds;
  const round = (bound: Maybe<Instant>, to: (value: number) => number) =>
    typeof bound === 'number' ? to(bound) : bound;
  return within({
    gte: round(gte, Math.ceil),
    gt: round(gt, Math.floor),
    lte: round(lte, Math.floor),
    lt: round(lt, Math.ceil),
  });
}

/**
 * Returns the condition that an amount is within the bounds, as a magnitude. Throws BAD_USER_INPUT for an invalid
 * amount.
 */
export function withinAmounts(argument: string, bounds: Maybe<Bounds<string>>): Condition<bigint> | undefined {
  if (bounds === null || bounds === undefined) return undefined;
  const magnitudes = Object.entries(bounds).map(([bound, text]) => {
    if (text === null || text === undefined) return [bound, null] as const;
    const decimal = parseDecimal(text);
    if (typeof decimal === 'string') throw badInput(`\`filter.${argument}.${bound}\` ${decimal}`);
    return [bound, magnitudeOfDecimal(decimal)] as const;
  });
  return within(Object.fromEntries(magnitudes) as Bounds<bigint>);
}

/**
 * Returns the condition that a currency, active or former, is exactly this one. Throws BAD_USER_INPUT for an unknown
 * code.
 */
export function equalsCurrency(argument: string, code: Maybe<string>): Condition<CurrencyCode> | undefined {
  if (code === null || code === undefined) return undefined;
  if (!isCurrency(code) && !isFormerCurrency(code)) throw badInput(`\`filter.${argument}\` ${currencyIssue(code)}`);
  return { in: [code] };
}

type InputFields = PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>;
/** Returns the description of a filter of these objects. */
export const describeFilter = (nouns: string): string =>
  `Filters ${nouns}. Fields are combined with AND, list values with OR. An empty list matches nothing.`;

const BOUNDS = 'A range of values. Bounds are combined with AND; an absent bound does not limit the range.';
const boundsOf = <T extends 'Int' | 'Decimal' | 'DateTime'>(t: InputFields, type: T) => ({
  gte: t.field({ type, description: 'At least this value.' }),
  gt: t.field({ type, description: 'More than this value.' }),
  lte: t.field({ type, description: 'At most this value.' }),
  lt: t.field({ type, description: 'Less than this value.' }),
});
export const IntRange = builder.inputType('IntRange', { description: BOUNDS, fields: (t) => boundsOf(t, 'Int') });
export const DecimalRange = builder.inputType('DecimalRange', {
  description: BOUNDS,
  fields: (t) => boundsOf(t, 'Decimal'),
});
export const DateTimeRange = builder.inputType('DateTimeRange', {
  description: BOUNDS,
  fields: (t) => boundsOf(t, 'DateTime'),
});

export const OrderDirection = builder.enumType('OrderDirection', {
  description: 'The direction of an order.',
  values: {
    ASC: { description: 'Ascending: smallest or oldest first.' },
    DESC: { description: 'Descending: largest or newest first.' },
  },
});
