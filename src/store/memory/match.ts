import type { Condition, Range } from '../store.ts';
import { compareValues, type Row } from './compare.ts';

/** What a row must be, field by field; a field may be asked for more than once. */
export type Conditions = readonly (readonly [field: string, condition: Condition<unknown>])[];

export const meetsAll = (row: object, conditions: Conditions): boolean =>
  conditions.every(([field, condition]) => meets(row, field, condition));

/** The values under which a row is grouped by a field: a list field has several, null has none. */
export function valuesOf(row: object, field: string): readonly unknown[] {
  const value = (row as Row)[field];
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The one key of the group by no field: that of all rows. */
const WHOLE = [''];

/** The keys of groups by these fields: every way to take one value of each. No value of a row has a NUL. */
export function keysOf(values: readonly (readonly unknown[])[]): readonly unknown[] {
  const [first = WHOLE, ...rest] = values;
  return rest.reduce(
    (keys, next) => keys.flatMap((key) => next.map((value) => `${String(key)}\0${String(value)}`)),
    first,
  );
}

function meets(row: object, field: string, condition: Condition<unknown>): boolean {
  const values = valuesOf(row, field);
  if ('in' in condition) return values.some((value) => condition.in.includes(value));
  return values.length > 0 && within(values[0], condition.range);
}

const within = (value: unknown, { gte, gt, lte, lt }: Range<unknown>): boolean =>
  (gte === undefined || compareValues(value, gte) >= 0) &&
  (gt === undefined || compareValues(value, gt) > 0) &&
  (lte === undefined || compareValues(value, lte) <= 0) &&
  (lt === undefined || compareValues(value, lt) < 0);
