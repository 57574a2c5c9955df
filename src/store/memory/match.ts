import type { Id } from '../../domain/ids.ts';
import type { Condition, Field, Range, Selection } from '../store.ts';
import { compareValues, type Row, readerOf } from './compare.ts';
import type { GroupKey } from './keyMap.ts';

/** The conditions that a row must meet, by field; a field may have several conditions. */
export type Conditions = readonly (readonly [field: string, condition: Condition<unknown>])[];

/**
 * Returns the conditions of the selection, including those for its parent and, last, for the institution. `tenantField`
 * contains the institution of a row.
 */
export function conditionsOf<E>(
  { where, parent }: Pick<Selection<E>, 'where' | 'parent'>,
  tenantField: Field<E>,
  tenant: Id | null,
): Conditions {
  const conditions = Object.entries(where) as [string, Condition<unknown>][];
  if (parent) conditions.push([parent.field, { in: [parent.id] }]);
  if (tenant !== null) conditions.push([tenantField, { in: [tenant] }]);
  return conditions;
}

/** Returns the only value that a condition allows, in a list; undefined if it allows several or a range. */
export const singleValue = (condition: Condition<unknown>): readonly unknown[] | undefined =>
  'in' in condition && condition.in.length === 1 ? condition.in : undefined;

/** Returns a function that checks whether a row meets all conditions, which are evaluated once and not for each row. */
export function matcherOf(conditions: Conditions): (row: object) => boolean {
  const tests = conditions.map(([field, condition]) => {
    const read = readerOf(field);
    const meets = meeting(condition);
    return (row: object): boolean => {
      const value = read(row as Row);
      return value !== null && value !== undefined && meets(value);
    };
  });
  const [first, second] = tests;
  if (!first) return () => true;
  return second ? (row) => tests.every((test) => test(row)) : first;
}

/** Returns the check of one condition. For a list field, one of its values must meet it. */
function meeting(condition: Condition<unknown>): (value: unknown) => boolean {
  if ('range' in condition) return (value) => within(value, condition.range);
  const values = new Set(condition.in);
  return (value) => (Array.isArray(value) ? value.some((each) => values.has(each)) : values.has(value));
}

/** Returns the values of a field under which a row is grouped: several for a list field, none for null. */
export function valuesOf(row: object, field: string): readonly unknown[] {
  const value = (row as Row)[field];
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The value of the group without fields, which contains all rows. */
const WHOLE = [''];

/** Returns the group keys of some values: each combination of one value per field. */
export function keysOf(values: readonly (readonly unknown[])[]): readonly GroupKey[] {
  const [firsts = WHOLE, seconds] = values;
  if (!seconds) return firsts.map((first) => [first]);
  return firsts.flatMap((first) => seconds.map((second) => [first, second] as const));
}

const within = (value: unknown, { gte, gt, lte, lt }: Range<unknown>): boolean =>
  (gte === undefined || compareValues(value, gte) >= 0) &&
  (gt === undefined || compareValues(value, gt) > 0) &&
  (lte === undefined || compareValues(value, lte) <= 0) &&
  (lt === undefined || compareValues(value, lt) < 0);
