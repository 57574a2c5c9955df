import type { InputType } from '@pothos/core';
import { type CurrencyCode, currencyIssue, isCurrency, isFormerCurrency } from '../domain/currencies.ts';
import { LIMITS } from '../domain/limits.ts';
import { magnitudeOfDecimal, parseDecimal } from '../domain/money.ts';
import { boundsOfPrefix, isWithin, textIssue } from '../domain/text.ts';
import type { Instant } from '../domain/time.ts';
import type { Condition, Field, Parent, Range, Selection, Where } from '../store/store.ts';
import { builder, type InputField, type InputFields, type Types } from './builder.ts';
import { badInput } from './errors.ts';
import type { FieldCost } from './fieldCosts.ts';

type Maybe<T> = T | null | undefined;
type Bounds<V> = { readonly [B in keyof Range<V>]?: Maybe<V> };
type AnyCondition = Condition<unknown>;

/** A field of a filter: the condition that it sets on a field of the entity, or another part of the selection. */
export type FilterField<F extends string> = {
  readonly input: (t: InputFields) => InputField;
  /** The additional cost of a list if the field is set. */
  readonly cost?: Pick<FieldCost, 'each' | 'given'>;
} & (
  | {
      readonly field: F;
      /** The condition if the filter or its field is absent. Defaults to none. */
      readonly otherwise?: AnyCondition;
      /** Returns the condition for a value; `before` is that of an earlier field of the filter on the same field. */
      condition(value: unknown, argument: string, before: AnyCondition | undefined): AnyCondition | undefined;
    }
  | {
      /** Returns the part of the selection for a value. */
      select(value: unknown): Pick<Selection<unknown>, 'terms' | 'search' | 'party' | 'country'>;
    }
);

/** The fields of the filter of an entity. Each is declared once: its type, its description and what it selects. */
export type FilterFields<E> = { readonly [argument: string]: FilterField<Field<E>> };

/** Returns the selection of the rows that match a filter, of a parent or of all. */
export function selectionOf<E>(fields: FilterFields<E>, filter: unknown, parent?: Parent<E>): Selection<E> {
  const values = (filter ?? {}) as { readonly [argument: string]: unknown };
  const where: { [field: string]: AnyCondition } = {};
  let more: Pick<Selection<unknown>, 'terms' | 'search' | 'party' | 'country'> = {};
  for (const [argument, each] of Object.entries(fields)) {
    const value = values[argument];
    const isAbsent = value === null || value === undefined;
    if ('field' in each) {
      const condition = isAbsent ? each.otherwise : each.condition(value, `filter.${argument}`, where[each.field]);
      if (condition) where[each.field] = condition;
    } else if (!isAbsent) more = { ...more, ...each.select(value) };
  }
  return { where: where as Where<E>, ...more, ...(parent && { parent }) };
}

/** Selects the rows whose field has exactly the value. */
export const equals = <F extends string>(field: F, type: InputType<Types>, description: string): FilterField<F> => ({
  field,
  input: (t) => t.field({ type, description }),
  condition: (value) => ({ in: [value] }),
});

/** Selects the rows whose field has one of the values; an empty list matches nothing. */
export const anyOf = <F extends string>(field: F, type: InputType<Types>, description: string): FilterField<F> => ({
  field,
  input: (t) => t.field({ type: [type], description }),
  condition: (values: readonly unknown[], argument, before) => {
    if (values.length > LIMITS.listValues) {
      throw badInput(`\`${argument}\` must have at most ${LIMITS.listValues} values; it has ${values.length}.`);
    }
    return { in: before && 'in' in before ? before.in.filter((value) => values.includes(value)) : values };
  },
});

/** Selects the rows whose text starts with the value. */
export const startsWith = <F extends string>(field: F, description: string): FilterField<F> => ({
  field,
  input: (t) => t.string({ description: `${description}, compared by code point (case-sensitive).` }),
  condition: (prefix: string, _argument, before) => {
    if (before && 'in' in before)
      return { in: before.in.filter((text) => typeof text === 'string' && text.startsWith(prefix)) };
    // No stored text starts with a text that cannot be stored.
    const isStorable = isWithin(prefix, LIMITS.nameCharacters) && textIssue(prefix) === undefined;
    return isStorable ? { range: boundsOfPrefix(prefix) } : { in: [] };
  },
});

/** Selects the rows whose number is within the bounds. */
export const withinNumbers = <F extends string>(field: F, description: string): FilterField<F> => ({
  field,
  input: (t) => t.field({ type: IntRange, description }),
  condition: within,
});

/** Selects the rows whose time is within the bounds. */
export const withinTimes = <F extends string>(field: F, description: string): FilterField<F> => ({
  field,
  input: (t) => t.field({ type: DateTimeRange, description }),
  condition: inMilliseconds,
});

/** Selects the rows whose magnitude is within the bounds. */
export const withinAmounts = <F extends string>(field: F, description: string): FilterField<F> => ({
  field,
  input: (t) => t.field({ type: DecimalRange, description }),
  condition: (bounds: Bounds<string>, argument) => {
    const magnitudes = Object.entries(bounds).map(([bound, text]) => {
      if (text === null || text === undefined) return [bound, null] as const;
      const decimal = parseDecimal(text);
      if (typeof decimal === 'string') throw badInput(`\`${argument}.${bound}\` ${decimal}`);
      return [bound, magnitudeOfDecimal(decimal)] as const;
    });
    return within(Object.fromEntries(magnitudes) as Bounds<bigint>);
  },
});

/** Selects rows by currency, active or former. */
export const equalsCurrency = <F extends string>(field: F, description: string): FilterField<F> => ({
  field,
  input: (t) => t.field({ type: 'CurrencyCode', description }),
  condition: (code: string, argument) => {
    if (!isCurrency(code) && !isFormerCurrency(code)) throw badInput(`\`${argument}\` ${currencyIssue(code)}`);
    return { in: [code satisfies CurrencyCode] };
  },
});

/** Returns the condition that a value is within the bounds, or undefined without bounds. */
function within<V>(bounds: Bounds<V>): Condition<V> | undefined {
  const given = Object.entries(bounds).filter(([, bound]) => bound !== null && bound !== undefined);
  return given.length === 0 ? undefined : { range: Object.fromEntries(given) as Range<V> };
}

/**
 * Returns the condition that a time is within the bounds, in whole milliseconds as times are stored. A finer bound is
 * rounded so that it matches the same times: `lt` and `gte` up, `gt` and `lte` down.
 */
function inMilliseconds({ gte, gt, lte, lt }: Bounds<Instant>): Condition<Instant> | undefined {
  const round = (bound: Maybe<Instant>, to: (value: number) => number) =>
    typeof bound === 'number' ? to(bound) : bound;
  return within({
    gte: round(gte, Math.ceil),
    gt: round(gt, Math.floor),
    lte: round(lte, Math.floor),
    lt: round(lt, Math.ceil),
  });
}

const BOUNDS = 'A range of values. Bounds are combined with AND; an absent bound does not limit the range.';
const boundsOf = <T extends 'Int' | 'Decimal' | 'DateTime'>(t: InputFields, type: T) => ({
  gte: t.field({ type, description: 'At least this value.' }),
  gt: t.field({ type, description: 'More than this value.' }),
  lte: t.field({ type, description: 'At most this value.' }),
  lt: t.field({ type, description: 'Less than this value.' }),
});
const IntRange = builder.inputType('IntRange', { description: BOUNDS, fields: (t) => boundsOf(t, 'Int') });
const DecimalRange = builder.inputType('DecimalRange', {
  description: BOUNDS,
  fields: (t) => boundsOf(t, 'Decimal'),
});
const DateTimeRange = builder.inputType('DateTimeRange', {
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
