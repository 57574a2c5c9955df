import type { Condition, Field, Key, Selection, Where, Window } from '../store.ts';
import { columnName, type Layout } from './layout.ts';
import { type Bound, columnsOf, type Parameters, selectOf, sortOf, storable, unreadOf, whereOf } from './sql.ts';

/** What the statement of one window consists of. */
interface Parts<E> {
  readonly layout: Layout<E>;
  readonly window: Window<E>;
  readonly tenant: string | null;
  readonly parameters: Parameters;
  readonly bound: Bound;
  /** A condition that the rows are before the last of the best rows of other institutions. */
  readonly better?: string;
}

/** Selects the rows of one window, one more than its limit, in the direction in which they are read. */
export const windowOf = <E>(
  layout: Layout<E>,
  window: Window<E>,
  tenant: string | null,
  parameters: Parameters,
  bound: Bound = {},
): string => partOf({ layout, window, tenant, parameters, bound });

function partOf<E>(parts: Parts<E>): string {
  const { layout, window, tenant, bound } = parts;
  const order = window.order.by[0];
  const leads = order && layout.leads[order];
  const valuesAt = (field: Field<E>): number =>
    field in bound || (tenant !== null && columnName(field) === layout.tenant) ? 1 : valuesOf(window, field).length;
  const lead = leads?.find((field) => valuesAt(field) > 0);
  const isOfAll = tenant === null && layout.isByInstitution === true && !(layout.tenantField in bound);
  if (isOfAll && leads && !(lead && layout.owned.includes(lead)))
    return valuesAt(layout.tenantField) > 0 ? splitOf(parts, layout.tenantField) : mergedOf(parts);
  return lead === undefined || valuesAt(lead) === 1 ? runOf(parts, lead) : splitOf(parts, lead);
}

/** Reads the index of each value separately, up to the limit, and merges the few resulting rows. */
function splitOf<E>(parts: Parts<E>, field: Field<E>): string {
  const { layout, window, parameters, bound, better } = parts;
  const values = parameters.add([...valuesOf(window, field)], `${layout.columns[field].type}[]`);
  const { [field]: _field, ...where } = window.where;
  const one = { ...window, where: where as Where<E> };
  // Windows may be split by several fields, one within another.
  const name = `one_${columnName(field)}`;
  const each = partOf({ ...parts, window: one, bound: { ...bound, [field]: `${name}.value` } });
  const outer =
    better === undefined ? orderOf(layout, window, (by) => `t."${by}"`) : wholeRows(orderOf(layout, window));
  const from = `unnest(${values}) as ${name}(value) cross join lateral (${each}) t`;
  return `select t.* from ${from} order by ${outer} limit ${window.limit + 1}`;
}

/**
 * Selects a range of one index. If the index begins with a field of one value, that field is added to the order, and
 * its condition is hidden from the planner so that it does not remove the field again. Otherwise the planner may choose
 * an index in order of creation, expecting such rows soon, and read all others first.
 */
function runOf<E>(parts: Parts<E>, lead: Field<E> | undefined): string {
  const { layout, window, tenant, parameters, bound, better } = parts;
  const where = whereOf(layout, window, tenant, parameters, bound, lead);
  const keys = [...keysOf(layout, window, parameters), ...(better === undefined ? [] : [better])].join(' and ');
  const joined = keys === '' ? where : `${where === '' ? ' where ' : `${where} and `}${keys}`;
  const ahead = lead === undefined ? '' : `t.${columnName(lead)} ${directionOf(window)}, `;
  const unread = (window.unreadFor ?? []).map(
    (participant, index) => `(${unreadOf(parameters.add(participant, 'text'))}) as "unread${index}"`,
  );
  const hasTerms = (window.terms ?? []).length > 0;
  const select =
    better === undefined
      ? selectOf(layout, unread)
      : `select t as whole from ${layout.table} t${hasTerms ? THREEFOLD : ''}`;
  // The planner expects that a third of the rows are better than the best so far. If these are fewer than the limit, it
  // would read and sort all of them. It expects a limit that is no constant to be a tenth, and reads the rows in order.
  const limit = better === undefined || hasTerms ? `${window.limit + 1}` : `(select ${window.limit + 1})`;
  return `${select}${joined} order by ${ahead}${orderOf(layout, window)} limit ${limit}`;
}

/**
 * Selects rows of all institutions. Reads the institutions one after another, and of each only the rows that are before
 * the last of the best rows so far: of the nth institution, on average the nth part of a page.
 */
function mergedOf<E>(parts: Parts<E>): string {
  const { layout, window, bound } = parts;
  const { table, tenantField } = layout;
  const size = window.limit + 1;
  const direction = directionOf(window);
  const sorts = [...window.order.by, 'id' as Field<E>].map((field) => sortOf(layout, field));
  const last = sorts.map(({ by, type }) => {
    const extreme = EXTREMES[type === 'timestamptz' ? type : 'text'][direction];
    return `case when (m.last).id is null then ${extreme} else ${by.replace('t.', '(m.last).')} end`;
  });
  const better = `(${sorts.map(({ by }) => by).join(', ')}) ${direction === 'asc' ? '<' : '>'} (${last.join(', ')})`;
  const own = partOf({ ...parts, bound: { ...bound, [tenantField]: 'next.owner' }, better });
  const order = orderOf(layout, window);
  const both = 'select b as whole from unnest(m.best) b union all select f from unnest(found.rows) f';
  const best = `select t.whole from (${both}) t order by ${wholeRows(order)} limit ${size}`;
  return (
    `with recursive merged(owner, best, last) as (select ''::text collate "C", '{}'::${table}[], null::${table} union all` +
    ' select next.owner, better.best, case when cardinality(found.rows) = 0 then m.last' +
    ` else better.best[${size}] end from merged m` +
    ` cross join lateral (select o.institution_id as owner from ${table} o where o.institution_id > m.owner order by 1 limit 1) next` +
    // OFFSET 0 keeps the planner from evaluating the expressions twice.
    ` cross join lateral (select array(${own}) as rows offset 0) found` +
    ` cross join lateral (select case when cardinality(found.rows) = 0 then m.best else array(${best}) end as best offset 0) better)` +
    ` select ${columnsOf(layout).join(', ')} from (select best from merged order by owner desc limit 1) m` +
    ` cross join unnest(m.best) t order by ${order}`
  );
}

/** Rewrites expressions on the columns of `t` for a `t` whose column `whole` contains the row. */
const wholeRows = (expressions: string): string => expressions.replaceAll('t.', '(t.whole).');

/**
 * One row, of which the planner expects three. With it the planner decides whether it reads the rows of a term or the
 * rows in order as if it did not expect only a third of the rows to be better than the best so far.
 */
const THREEFOLD = ' join unnest(array(select 1)) as single(n) on single.n < (select 2)';

/** Values beyond those of all rows. */
const EXTREMES = {
  timestamptz: { asc: "'infinity'", desc: "'-infinity'" },
  text: { asc: "U&'\\+10FFFF'", desc: "''" },
} as const;

const valuesOf = <E>({ where }: Selection<E>, field: Field<E>): readonly unknown[] => {
  const condition = where[field] as Condition<unknown> | undefined;
  return condition && 'in' in condition ? storable(condition.in) : [];
};

const directionOf = <E>({ order, backward }: Window<E>): 'asc' | 'desc' =>
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
