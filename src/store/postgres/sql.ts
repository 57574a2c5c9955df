import { textFault } from '../../domain/text.ts';
import type { Condition, Field, Key, Order, Range, Selection, Where, Window } from '../store.ts';
import { columnName, encode, type Layout, type SqlType } from './layouts.ts';

/** A statement's text with its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Collects the parameters of a statement and names them. */
export class Parameters {
  readonly values: unknown[] = [];
  add(value: unknown, type: SqlType | 'bigint' | 'tsquery' | `${SqlType}[]`): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** Selects every column under its field's name, from the table as `t`; those to omit come as null. */
export function selectOf<E>(layout: Layout<E>, omit: readonly string[] = [], more: readonly string[] = []): string {
  const columns = Object.keys(layout.columns).map((field) =>
    omit.includes(field) ? `null as "${field}"` : `t.${columnName(field)} as "${field}"`,
  );
  columns.push(...more);
  return `select ${columns.join(', ')} from ${layout.table} t`;
}

/** The conditions of a selection as SQL; `bound` says what the parent's or a spread field must be. */
export function whereOf<E>(
  layout: Layout<E>,
  selection: Selection<E>,
  tenant: string | null,
  parameters: Parameters,
  bound: { readonly [field: string]: string } = {},
): string {
  const parts = Object.entries(bound).map(([field, value]) => `t.${columnName(field)} = ${value}`);
  if (tenant !== null) parts.push(`t.${layout.tenant} = ${parameters.add(tenant, 'text')}`);
  for (const [field, condition] of Object.entries(selection.where) as [Field<E>, Condition<unknown>][]) {
    if ('in' in condition) parts.push(inOf(layout, field, storable(condition.in), parameters));
    else parts.push(...rangeOf(layout, field, condition.range, parameters));
  }
  if (selection.search) parts.push(foundBy(selection.search, tenant, parameters));
  return parts.length === 0 ? '' : ` where ${parts.join(' and ')}`;
}

/** The sessions that have all of the words in their own text or in one of their messages'. */
function foundBy(words: readonly string[], tenant: string | null, parameters: Parameters): string {
  if (words.length === 0) return 'false';
  // Words are letters and digits alone: nothing in them ends the quotes.
  const query = parameters.add(words.map((word) => `'${word}'`).join(' & '), 'tsquery');
  const own = tenant === null ? '' : ` and institution_id = ${parameters.add(tenant, 'text')}`;
  const texts = ['select id from chat_sessions', 'select session_id from chat_messages'];
  return `t.id in (${texts.map((select) => `${select} where words @@ ${query}${own}`).join(' union ')})`;
}

/** The values that a row can have at all: PostgreSQL takes no other text, and no row has it. */
export const storable = (values: readonly unknown[]): readonly unknown[] => [
  ...new Set(values.filter((value) => typeof value !== 'string' || textFault(value) === undefined)),
];

function inOf<E>(layout: Layout<E>, field: Field<E>, values: readonly unknown[], parameters: Parameters): string {
  const { type } = layout.columns[field];
  const column = `t.${columnName(field)}`;
  if (type === 'text[]') return `${column} && ${parameters.add(values, 'text[]')}`;
  if (values.length === 0) return 'false';
  if (values.length === 1) return `${column} = ${parameters.add(encode(values[0], type), type)}`;
  return `${column} = any(${parameters.add(
    values.map((value) => encode(value, type)),
    `${type}[]`,
  )})`;
}

const COMPARISONS = { gte: '>=', gt: '>', lte: '<=', lt: '<' } as const;

function rangeOf<E>(layout: Layout<E>, field: Field<E>, range: Range<unknown>, parameters: Parameters): string[] {
  const { type } = layout.columns[field];
  const sort = sortOf(layout, field);
  const parts = Object.entries(COMPARISONS).flatMap(([name, sign]) => {
    const value = range[name as keyof typeof COMPARISONS];
    return value === undefined ? [] : [`${sort} ${sign} ${parameters.add(encode(value, type), type)}`];
  });
  return layout.sort[field] === undefined ? parts : [...parts, `${sort} < 'infinity'`];
}

const sortOf = <E>(layout: Layout<E>, field: Field<E>): string => layout.sort[field] ?? `t.${columnName(field)}`;

/** The rows of one window (one more than its limit), in the direction in which they are read. */
export function windowOf<E>(
  layout: Layout<E>,
  window: Window<E>,
  tenant: string | null,
  parameters: Parameters,
  bound: { readonly [field: string]: string } = {},
): string {
  const spread = layout.spread.find((field) => valuesOf(window, field).length > 1);
  const order = orderOf(layout, window.order, window.backward);
  const limit = ` order by ${order} limit ${window.limit + 1}`;
  if (spread === undefined || window.of !== undefined) {
    const where = whereOf(layout, window, tenant, parameters, bound);
    const keys = keysOf(layout, window, parameters).join(' and ');
    const joined = keys === '' ? where : `${where === '' ? ' where ' : `${where} and `}${keys}`;
    const unread = (window.unreadFor ?? []).map(
      (participant, at) => `(${unreadOf(parameters.add(participant, 'text'))}) as "unread${at}"`,
    );
    return selectOf(layout, window.omit, unread) + joined + limit;
  }
  // Each value's index is read by itself, to the limit, and the few rows that come out are merged.
  const values = parameters.add([...valuesOf(window, spread)], `${layout.columns[spread].type}[]`);
  const { [spread]: _spread, ...where } = window.where;
  const one = { ...window, where: where as Where<E> };
  const each = windowOf(layout, one, tenant, parameters, { [spread]: 'spread.value' });
  const outer = orderOf(layout, window.order, window.backward, (field) => `t."${field}"`);
  const from = `unnest(${values}) as spread(value) cross join lateral (${each}) t`;
  return `select t.* from ${from} order by ${outer} limit ${window.limit + 1}`;
}

const valuesOf = <E>({ where }: Selection<E>, field: Field<E>): readonly unknown[] => {
  const condition = where[field] as Condition<unknown> | undefined;
  return condition && 'in' in condition ? storable(condition.in) : [];
};

function orderOf<E>(
  layout: Layout<E>,
  { by, direction }: Order<E>,
  backward: boolean,
  named = (field: Field<E>): string => sortOf(layout, field),
): string {
  const way = (direction === 'ASC') === backward ? 'desc' : 'asc';
  return [...by, 'id' as Field<E>].map((field) => `${named(field)} ${way}`).join(', ');
}

function keysOf<E>(layout: Layout<E>, { order, after, before }: Window<E>, parameters: Parameters): string[] {
  const ascending = order.direction === 'ASC';
  const beyond = (key: Key, sign: '<' | '>'): string => {
    const fields = [...order.by, 'id' as Field<E>];
    const values = fields.map((field, at) => {
      const { type } = layout.columns[field];
      return parameters.add(key[at] === null ? 'infinity' : encode(key[at], type), type);
    });
    return `(${fields.map((field) => sortOf(layout, field)).join(', ')}) ${sign} (${values.join(', ')})`;
  };
  return [
    ...(after ? [beyond(after, ascending ? '>' : '<')] : []),
    ...(before ? [beyond(before, ascending ? '<' : '>')] : []),
  ];
}

/** How many messages of session `t` the participant, given as SQL, has not read. */
export function unreadOf(participant: string): string {
  const mark = `select r.sequence from read_marks r where r.session_id = t.id and r.participant_reference = ${participant}`;
  return (
    `select count(*)::int from chat_messages m where m.session_id = t.id and m.sequence > coalesce((${mark}), 0)` +
    ` and m.author_reference <> ${participant} and m.deleted_at is null`
  );
}
