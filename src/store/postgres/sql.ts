import { textIssue } from '../../domain/text.ts';
import type { Condition, Field, Key, Range, Selection, Where, Window } from '../store.ts';
import { columnName, encode, type Layout, type Sort, type SqlType } from './layout.ts';
import { lexemeOf } from './lexemes.ts';

/** A statement's text with its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Whether one plan is the best for all values, so that the server may keep it. */
  readonly keepsPlan?: boolean;
  /** The name under which it is always prepared. Defaults to one that the connection chooses. */
  readonly name?: string;
}

/** Collects a statement's parameters and returns their placeholders. */
export class Parameters {
  readonly values: unknown[] = [];
  add(value: unknown, type: SqlType | 'bigint' | 'tsquery' | `${SqlType}[]`): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** Selects every column under its field's name from the table `t`. Omitted fields are selected as null. */
export function selectOf<E>(layout: Layout<E>, more: readonly string[] = []): string {
  const { omit = [], asText = [] } = layout;
  const columns = Object.keys(layout.columns).map((field) => {
    if (omit.includes(field)) return `null as "${field}"`;
    return `t.${columnName(field)}${asText.includes(field) ? '::text' : ''} as "${field}"`;
  });
  columns.push(...more);
  return `select ${columns.join(', ')} from ${layout.table} t`;
}

/** Returns the condition that a row of the table with this alias is in the scope, to append to other conditions. */
export const inScope = (alias: string, tenant: string | null, parameters: Parameters): string =>
  tenant === null ? '' : ` and ${alias}.institution_id = ${parameters.add(tenant, 'text')}`;

/** Fields that must equal one value each, as SQL: the parent, or one of several values that are read separately. */
type Bound = { readonly [field: string]: string };

/**
 * Matches no row. With a row security policy, a plain `false` would make the planner prepare a scan of the whole table,
 * though it never runs.
 */
const NOTHING = "t.id = any('{}'::text[])";

/** The conditions of a selection as SQL. */
export function whereOf<E>(
  layout: Layout<E>,
  selection: Selection<E>,
  tenant: string | null,
  parameters: Parameters,
  bound: Bound = {},
  lead?: Field<E>,
): string {
  const is = (column: string, value: string): string =>
    lead !== undefined && column === columnName(lead) ? `t.${column} = any(array[${value}])` : `t.${column} = ${value}`;
  const parts = Object.entries(bound).flatMap(([field, value]) => {
    const parent = tenant === null && layout.parents?.[field as Field<E>];
    const owner = `t.institution_id = (select o.institution_id from ${parent} o where o.id = ${value})`;
    return [...(parent ? [owner] : []), is(columnName(field), value)];
  });
  if (tenant !== null) {
    const own = is(layout.tenant, parameters.add(tenant, 'text'));
    // The planner treats the two conditions as independent and would read all rows of the institution to combine them.
    parts.push(lead !== undefined && layout.owned.includes(lead) ? `(${own}) is true` : own);
  }
  for (const [field, condition] of Object.entries(selection.where) as [Field<E>, Condition<unknown>][]) {
    if ('range' in condition) {
      parts.push(...rangeOf(layout, field, condition.range, parameters));
      continue;
    }
    const values = storable(condition.in);
    if (tenant !== null && columnName(field) === layout.tenant) {
      if (!values.includes(tenant)) parts.push(NOTHING);
    } else if (field === lead && values.length === 1) {
      parts.push(is(columnName(field), parameters.add(values[0], 'text')));
    } else {
      parts.push(inOf(layout, field, values, parameters));
      const parent = tenant === null && layout.parents?.[field];
      if (parent) {
        const ids = parameters.add(values, 'text[]');
        parts.push(`t.institution_id = any(array(select o.institution_id from ${parent} o where o.id = any(${ids})))`);
      }
    }
  }
  if (selection.search) parts.push(foundBy(selection.search, tenant, parameters));
  for (const term of selection.terms ?? []) parts.push(hasTerm(layout, term, tenant, parameters));
  return parts.length === 0 ? '' : ` where ${parts.join(' and ')}`;
}

/** Selects the sessions that have all of the words in their own text or in that of one message. */
function foundBy(words: readonly string[], tenant: string | null, parameters: Parameters): string {
  if (words.length === 0) return NOTHING;
  const lexemes = tenant === null ? words : words.map((word) => lexemeOf(tenant, word));
  // Words consist of letters and digits, so nothing in them ends the quotes.
  const query = parameters.add(lexemes.map((lexeme) => `'${lexeme}'`).join(' & '), 'tsquery');
  return `t.id in (select id from sessions_with(${query}))`;
}

/** Row `t` has the term. The planner starts with the rows of the term if they are few, else with `t`. */
function hasTerm<E>({ terms }: Layout<E>, term: string, tenant: string | null, parameters: Parameters): string {
  if (!terms) return NOTHING;
  const scope = inScope('m', tenant, parameters);
  const own = `m.institution_id = t.institution_id and m.id = t.id and m.term = ${parameters.add(term, 'uuid')}`;
  return `exists (select from ${terms.table} m where ${own}${scope})`;
}

/** Returns the values that a row can have at all: PostgreSQL accepts no other text, so no row contains it. */
export const storable = (values: readonly unknown[]): readonly unknown[] => [
  ...new Set(values.filter((value) => typeof value !== 'string' || textIssue(value) === undefined)),
];

function inOf<E>(layout: Layout<E>, field: Field<E>, values: readonly unknown[], parameters: Parameters): string {
  const { type } = layout.columns[field];
  const column = `t.${columnName(field)}`;
  if (type === 'text[]') return `${column} && ${parameters.add(values, 'text[]')}`;
  if (values.length === 0) return NOTHING;
  if (values.length === 1) return `${column} = ${parameters.add(encode(values[0], type), type)}`;
  return `${column} = any(${parameters.add(
    values.map((value) => encode(value, type)),
    `${type}[]`,
  )})`;
}

const COMPARISONS = { gte: '>=', gt: '>', lte: '<=', lt: '<' } as const;

function rangeOf<E>(layout: Layout<E>, field: Field<E>, range: Range<unknown>, parameters: Parameters): string[] {
  const sort = sortOf(layout, field);
  const parts = Object.entries(COMPARISONS).flatMap(([name, sign]) => {
    const value = range[name as keyof typeof COMPARISONS];
    return value === undefined ? [] : [`${sort.by} ${sign} ${parameters.add(sort.encode(value), sort.type)}`];
  });
  if (sort.forNull !== undefined) return [...parts, `${sort.by} < '${sort.forNull}'`];
  // Null is within no range, not even within one without bounds.
  return parts.length === 0 ? [`${sort.by} is not null`] : parts;
}

function sortOf<E>(layout: Layout<E>, field: Field<E>): Sort {
  const { type } = layout.columns[field];
  return layout.sort[field] ?? { by: `t.${columnName(field)}`, type, encode: (value) => encode(value, type) };
}

/** Selects the rows of one window, one more than its limit, in the direction in which they are read. */
export function windowOf<E>(
  layout: Layout<E>,
  window: Window<E>,
  tenant: string | null,
  parameters: Parameters,
  bound: Bound = {},
): string {
  const order = window.order.by[0];
  const valuesAt = (field: Field<E>): number =>
    field in bound || (tenant !== null && columnName(field) === layout.tenant) ? 1 : valuesOf(window, field).length;
  const lead = order && layout.leads[order]?.find((field) => valuesAt(field) > 0);
  if (lead === undefined || valuesAt(lead) === 1) return runOf(layout, window, tenant, parameters, bound, lead);
  // The index of each value is read separately, up to the limit, and the few resulting rows are merged.
  const values = parameters.add([...valuesOf(window, lead)], `${layout.columns[lead].type}[]`);
  const { [lead]: _lead, ...where } = window.where;
  const one = { ...window, where: where as Where<E> };
  const each = windowOf(layout, one, tenant, parameters, { ...bound, [lead]: 'one.value' });
  const outer = orderOf(layout, window, (field) => `t."${field}"`);
  const from = `unnest(${values}) as one(value) cross join lateral (${each}) t`;
  return `select t.* from ${from} order by ${outer} limit ${window.limit + 1}`;
}

/**
 * Selects a range of one index. If the index begins with a field of one value, that field is added to the order, and
 * its condition is hidden from the planner so that it does not remove the field again. Otherwise the planner may choose
 * an index in order of creation, expecting such rows soon, and read all others first.
 */
function runOf<E>(
  layout: Layout<E>,
  window: Window<E>,
  tenant: string | null,
  parameters: Parameters,
  bound: Bound,
  lead: Field<E> | undefined,
): string {
  const where = whereOf(layout, window, tenant, parameters, bound, lead);
  const keys = keysOf(layout, window, parameters).join(' and ');
  const joined = keys === '' ? where : `${where === '' ? ' where ' : `${where} and `}${keys}`;
  const ahead = lead === undefined ? '' : `t.${columnName(lead)} ${directionOf(window)}, `;
  const unread = (window.unreadFor ?? []).map(
    (participant, index) => `(${unreadOf(parameters.add(participant, 'text'))}) as "unread${index}"`,
  );
  return `${selectOf(layout, unread)}${joined} order by ${ahead}${orderOf(layout, window)} limit ${window.limit + 1}`;
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

/** Counts the messages of session `t` that the participant, given as SQL, has not read. */
export function unreadOf(participant: string): string {
  const ofSession = (alias: string) => `${alias}.institution_id = t.institution_id and ${alias}.session_id = t.id`;
  const mark = `select r.sequence from read_marks r where ${ofSession('r')} and r.participant_reference = ${participant}`;
  return (
    `select count(*)::int from chat_messages m where ${ofSession('m')} and m.sequence > greatest((${mark}), 0)` +
    ` and m.author_reference <> ${participant} and m.deleted_at is null`
  );
}
