import type { Condition, Field, Key, Selection, Where, Window } from '../store.ts';
import { columnName, institutionsOf, type Layout } from './layout.ts';
import { type Bound, type Parameters, selectOf, sortOf, storable, templatesOf, unreadOf, whereOf } from './sql.ts';

/** The parts of the statement of one window. */
interface Parts<E> {
  readonly layout: Layout<E>;
  readonly window: Window<E>;
  readonly tenant: string | null;
  readonly parameters: Parameters;
  readonly bound: Bound;
}

/** Selects the rows of one window, one more than its limit, in the direction in which they are read. */
export const windowOf = <E>(
  layout: Layout<E>,
  window: Window<E>,
  tenant: string | null,
  parameters: Parameters,
  bound: Bound = {},
): string => partOf({ layout, window, tenant, parameters, bound });

/** The field by whose values the positions of a country are read. */
const TEMPLATE: string = 'templateId';

function partOf<E>(parts: Parts<E>): string {
  const { layout, window, tenant, bound } = parts;
  const { tenantField } = layout;
  const order = window.order.by[0];
  const leads = order && layout.leads[order];
  const valuesAt = (field: Field<E>): number =>
    field in bound || (tenant !== null && columnName(field) === layout.tenant) ? 1 : valuesOf(window, field).length;
  const lead = leads?.find((field) => valuesAt(field) > 0);
  const isOfTemplates = leads?.some((field) => field === TEMPLATE) && (lead === undefined || lead === tenantField);
  if (window.country !== undefined && isOfTemplates) {
    const templates = templatesOf(window.country, institutionListOf(parts), parts.parameters);
    return mergedOf(parts, TEMPLATE as Field<E>, templates, 'one_template.value');
  }
  const isOfAll = tenant === null && layout.byInstitution !== undefined && !(tenantField in bound);
  if (isOfAll && leads && !(lead && layout.owned.includes(lead)))
    return valuesAt(tenantField) > 0
      ? splitOf(parts, tenantField)
      : mergedOf(parts, tenantField, `${institutionsOf(layout)} i`, 'i.id');
  return lead === undefined || valuesAt(lead) === 1 ? runOf(parts, lead) : splitOf(parts, lead);
}

/** Returns the institutions of the rows as an SQL list; undefined for all. */
function institutionListOf<E>({ layout, window, tenant, parameters, bound }: Parts<E>): string | undefined {
  if (tenant !== null) return `array[${parameters.tenant(tenant)}]`;
  const one = bound[layout.tenantField];
  if (one !== undefined) return `array[${one}]`;
  const values = valuesOf(window, layout.tenantField);
  return values.length === 0 ? undefined : parameters.add(values, 'text[]');
}

/** Reads the index of each value separately, up to the limit, and merges the few resulting rows. */
function splitOf<E>(parts: Parts<E>, field: Field<E>): string {
  const { layout, window, parameters } = parts;
  const values = parameters.add([...valuesOf(window, field)], `${layout.columns[field].type}[]`);
  const { [field]: _field, ...where } = window.where;
  // Windows may be split by several fields, one within another.
  const name = `one_${columnName(field)}`;
  const split = { ...parts, window: { ...window, where: where as Where<E> } };
  return eachOf(split, field, `unnest(${values}) as ${name}(value)`, `${name}.value`);
}

/**
 * Selects rows of all values of a field, which are a column of a table, at most a page of each. Only the values whose
 * first rows are among the first of all can have rows on the page: as many values as the page has rows.
 */
function mergedOf<E>(parts: Parts<E>, field: Field<E>, table: string, value: string): string {
  const { layout, window } = parts;
  // To find only one such row, the planner would read the rows in order, which may be all of the value.
  if (window.terms?.length || window.party) return eachOf(parts, field, table, value);
  const keys: readonly Field<E>[] = [...window.order.by, 'id' as Field<E>, field];
  const first = { ...parts, layout: { ...layout, read: [...new Set(keys)] }, window: { ...window, limit: 0 } };
  const heads = eachOf(first, field, table, value, window.limit + 1);
  return eachOf(parts, field, `(${heads}) head`, `head."${field}"`);
}

/** Selects the first rows of windows in which the field has one of the values, which are a column of a table. */
function eachOf<E>(
  parts: Parts<E>,
  field: Field<E>,
  table: string,
  value: string,
  limit = parts.window.limit + 1,
): string {
  const { layout, window, bound } = parts;
  const each = partOf({ ...parts, bound: { ...bound, [field]: value } });
  const order = orderOf(layout, window, (by) => `t."${by}"`);
  return `select t.* from ${table} cross join lateral (${each}) t order by ${order} limit ${limit}`;
}

/**
 * Selects a range of one index. If the index begins with a field of one value, that field is added to the order, and
 * its condition is hidden from the planner so that it does not remove the field again. Otherwise the planner may choose
 * an index in order of creation, expecting such rows soon, and read all others first.
 */
function runOf<E>(parts: Parts<E>, lead: Field<E> | undefined): string {
  const { layout, window, tenant, parameters, bound } = parts;
  const where = whereOf(layout, window, tenant, parameters, bound, lead);
  const keys = keysOf(layout, window, parameters).join(' and ');
  const joined = keys === '' ? where : `${where === '' ? ' where ' : `${where} and `}${keys}`;
  const ahead = lead === undefined ? '' : `t.${columnName(lead)} ${directionOf(window)}, `;
  const unread = (window.unreadFor ?? []).map(
    (participant, index) => `(${unreadOf(parameters.add(participant, 'text'))}) as "unread${index}"`,
  );
  return `${selectOf(layout, unread)}${joined} order by ${ahead}${runOrderOf(parts)} limit ${window.limit + 1}`;
}

/** Returns the order of a range. Rows that are numbered within their parent need no order by id, which would read all. */
function runOrderOf<E>({ layout, window, bound }: Parts<E>): string {
  const [first] = window.order.by;
  const isOfParent = Object.keys(layout.parents ?? {}).some((field) => field in bound);
  if (first === undefined || first !== layout.numbered || !isOfParent) return orderOf(layout, window);
  return `${sortOf(layout, first).by} ${directionOf(window)}`;
}

const valuesOf = <E>({ where }: Selection<E>, field: Field<E>): readonly unknown[] => {
  const condition = where[field] as Condition<unknown> | undefined;
  return condition && 'in' in condition ? storable(condition.in) : [];
};

const directionOf = <E>({ order, backward }: Window<E>): string =>
  (order.direction === 'ASC') === backward ? 'desc' : 'asc';

function orderOf<E>(
  layout: Layout<E>,
  window: Window<E>,
  named = (field: Field<E>): string => sortOf(layout, field).by,
): string {
  return [...window.order.by, 'id' as Field<E>].map((field) => `${named(field)} ${directionOf(window)}`).join(', ');
}

function keysOf<E>(layout: Layout<E>, { order, after, before }: Window<E>, parameters: Parameters): string[] {
  const ascending = order.direction === 'ASC';
  const sorts = [...order.by, 'id' as Field<E>].map((field) => sortOf(layout, field));
  const beyond = (key: Key, sign: '<' | '>'): string => {
    const values = sorts.map(({ type, encode: encoded }, index) =>
      parameters.add(key[index] === null ? 'infinity' : encoded(key[index]), type),
    );
    return `(${sorts.map(({ by }) => by).join(', ')}) ${sign} (${values.join(', ')})`;
  };
  return [
    ...(after ? [beyond(after, ascending ? '>' : '<')] : []),
    ...(before ? [beyond(before, ascending ? '<' : '>')] : []),
  ];
}
