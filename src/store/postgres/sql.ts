import { COUNTRY_FIELDS } from '../../domain/templateKinds.ts';
import { textIssue } from '../../domain/text.ts';
import type { Condition, Field, PartyMatch, Range, ReadOptions, Selection, TableName } from '../store.ts';
import { columnName, encode, IS_ROW, institutionsOf, type Layout, type Sort } from './layout.ts';
import { lexemeOf } from './lexemes.ts';
import { known } from './parents.ts';
import { Parameters } from './statement.ts';

export { Parameters, type Statement, type TraceStatement } from './statement.ts';

/** Selects the columns that are read, each under its field's name, from the table `t`. */
export function selectOf<E>(
  { columns, table, view = table, read = Object.keys(columns), asText = [] }: Layout<E>,
  more: readonly string[] = [],
): string {
  const own = read.map((field) => `t.${columnName(field)}${asText.includes(field) ? '::text' : ''} as "${field}"`);
  return `select ${[...own, ...more].join(', ')} from ${view} t`;
}

/** The layouts of reads by id, by the options of the operation. */
const LAYOUTS_BY_ID = new WeakMap<ReadOptions, Map<TableName, unknown>>();

/** Returns the layout of a read by id: only the fields that are needed are read, and the id. */
export function layoutById<E>(layout: Layout<E>, options: ReadOptions): Layout<E> {
  let kept = LAYOUTS_BY_ID.get(options);
  if (!kept) LAYOUTS_BY_ID.set(options, (kept = new Map()));
  const made = kept.get(layout.name) ?? readLayout(layout, options);
  kept.set(layout.name, made);
  // It was made from the same layout.
  return made as Layout<E>;
}

/** Returns the layout with which only the fields are read that are needed, the id and those in `used`. */
export function readLayout<E>(layout: Layout<E>, options: ReadOptions, used: readonly string[] = []): Layout<E> {
  const { asText = [], fields } = options;
  const needed = fields?.[layout.name];
  const isRead = (field: string): boolean => !needed || needed.has(field) || field === 'id' || used.includes(field);
  return { ...layout, asText, read: Object.keys(layout.columns).filter(isRead) };
}

/** Returns the condition that a row of the table with this alias is in the scope, to append to other conditions. */
export const inScope = (alias: string, tenant: string | null, parameters: Parameters): string =>
  tenant === null ? '' : ` and ${alias}.institution_id = ${parameters.tenant(tenant)}`;

/** Fields that must equal one value each, as SQL: the parent, or one of several values that are read separately. */
export type Bound = { readonly [field: string]: string };

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
    const parent = tenant === null && !(layout.tenantField in bound) && layout.parents?.[field as Field<E>];
    const owner = `t.institution_id = (select o.institution_id from ${parent} o where o.id = ${value})`;
    return [...(parent ? [owner] : []), is(columnName(field), value)];
  });
  const isOfCountry = selection.country !== undefined && 'templateId' in bound;
  if (tenant !== null) {
    const own = is(layout.tenant, parameters.tenant(tenant));
    // The planner treats the two conditions as independent and would read all rows of the institution to combine them.
    // The templates of a country were selected among those of the institution.
    if (isOfCountry) parts.push(holding(own));
    else parts.push(lead !== undefined && layout.owned.includes(lead) ? `(${own}) is true` : own);
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
  const fixesInstitution = (field: Field<E>): boolean => field in bound || field in selection.where;
  const isOfAll = tenant === null && ![layout.tenantField, ...layout.owned].some(fixesInstitution);
  if (isOfAll && layout.byInstitution?.some((field) => field in selection.where)) {
    // The values with which the indexes that begin with the institution are read.
    parts.push(`t.institution_id = any(array(select i.id from ${institutionsOf(layout)} i))`);
  }
  if (selection.search) parts.push(foundBy(selection.search, tenant, parameters));
  const owner = (): string | undefined =>
    bound[layout.tenantField] ?? (tenant === null ? undefined : parameters.tenant(tenant));
  for (const term of selection.terms ?? []) parts.push(hasTerm(layout, term, owner(), parameters));
  if (selection.party) parts.push(hasParty(selection.party, owner(), parameters));
  if (selection.country !== undefined) parts.push(hasCountry(selection.country, isOfCountry, owner(), parameters));
  if (layout.view) parts.push(IS_ROW);
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
function hasTerm<E>({ terms }: Layout<E>, term: string, owner: string | undefined, parameters: Parameters): string {
  if (!terms) return NOTHING;
  const scope = owner === undefined ? '' : ` and m.institution_id = ${owner}`;
  const own = `m.institution_id = t.institution_id and m.id = t.id and m.term = ${parameters.add(term, 'uuid')}`;
  return `exists (select from ${terms.table} m where ${own}${scope})`;
}

/** Returns the condition in a form that the planner expects to hold for almost every row. */
const holding = (condition: string): string => `nullif(${condition}, false) is not null`;

/**
 * Position `t` has the party in its current terms. The planner starts with the rows of the party if they are few, else
 * with `t`. It cannot know how many of them are of current terms, so that is a condition of its own that it expects to
 * hold.
 */
function hasParty({ reference, role }: PartyMatch, owner: string | undefined, parameters: Parameters): string {
  const scope = owner === undefined ? '' : ` and m.institution_id = ${owner}`;
  const own = `m.institution_id = t.institution_id and m.position_id = t.id and m.reference = ${parameters.add(known(reference), 'text')}`;
  const ofRole = role === null ? '' : ` and m.role = ${parameters.add(role, 'text')}`;
  // The id of the terms, as `termsId` makes it.
  const isCurrent = `m.terms_id = t.id || '_' || t.terms_version${ofRole}`;
  return (
    `exists (select from parties m where ${own}${scope})` +
    ` and ${holding(`exists (select from parties m where ${own} and ${isCurrent} offset 0)`)}`
  );
}

/** The country of a template config `c`, which has at most one of the fields. */
const COUNTRY = `coalesce(${COUNTRY_FIELDS.map((field) => `c.config ->> '${field}'`).join(', ')})`;

/**
 * Position `t` was opened under a template config with the country. If its template is known to have such a config, the
 * planner should expect that the condition holds.
 */
function hasCountry(country: string, isOfTemplate: boolean, owner: string | undefined, parameters: Parameters): string {
  const isIts = `${COUNTRY} = ${parameters.add(known(country), 'text')}`;
  const configs = 'from asset_template_configs c where';
  if (isOfTemplate) {
    const key =
      'c.institution_id = t.institution_id and c.template_id = t.template_id and c.version = t.template_version';
    return holding(`(select ${isIts} ${configs} ${key})`);
  }
  const scope = owner === undefined ? '' : ` and c.institution_id = ${owner}`;
  return `(t.institution_id, t.template_id, t.template_version) in (select c.institution_id, c.template_id, c.version ${configs} ${isIts}${scope})`;
}

/** Selects the templates that have a config with the country, as a table with a column `value`. */
export function templatesOf(country: string, institutions: string | undefined, parameters: Parameters): string {
  const isIts = `${COUNTRY} = ${parameters.add(known(country), 'text')}`;
  const scope = institutions === undefined ? '' : ` and c.institution_id = any(${institutions})`;
  return `(select distinct c.template_id as value from asset_template_configs c where ${isIts}${scope}) one_template`;
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

/** Returns the expression by which the field is ordered. */
export function sortOf<E>(layout: Layout<E>, field: Field<E>): Sort {
  const { type } = layout.columns[field];
  return layout.sort[field] ?? { by: `t.${columnName(field)}`, type, encode: (value) => encode(value, type) };
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
