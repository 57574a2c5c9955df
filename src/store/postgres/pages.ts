import type { Id } from '../../domain/ids.ts';
import type { AnyRow, Bring, Page, ReadOptions, Window } from '../store.ts';
import { columnName, type Layout } from './layout.ts';
import { type Level, LevelRows, Levels, NOTHING } from './level.ts';
import { groupsOf, isUnfiltered, known } from './parents.ts';
import type { Queries } from './session.ts';
import { type Bound, Parameters, selectOf } from './sql.ts';
import { inJson } from './values.ts';
import { windowOf } from './window.ts';

/** The values of one row, as texts. */
type Values = readonly (string | null)[];

/** Reads windows with one statement if they differ only in their parent, with all that they bring along. */
export async function pages<E extends { readonly id: Id }>(
  queries: Queries,
  layout: Layout<E>,
  tenant: Id | null,
  windows: readonly Window<E>[],
  options: ReadOptions = {},
): Promise<readonly Page<E>[]> {
  const answers: Page<E>[] = [];
  // The pages of any table: TypeScript cannot relate E to the table of the layout.
  const all = windows as readonly unknown[] as readonly Window<AnyRow>[];
  const requests = groupsOf(all).map(async (group) => {
    const first = all[group[0] as number] as Window<AnyRow>;
    const parents = group.map((index) => known(all[index]?.parent?.id));
    const { level, text, values } = builtFor(layout, first, parents, tenant, options);
    const { rows } = await queries.query<Values>({ text, values, keepsPlan: isUnfiltered(first), isRaw: true });
    const read = pagesOf(level, first, parents, rows);
    for (const [index, page] of read.entries()) answers[group[index] as number] = page as unknown as Page<E>;
  });
  await Promise.all(requests);
  return answers;
}

/** Returns the pages of a group of windows from the rows of its statement. */
function pagesOf(
  level: Level,
  window: Window<AnyRow>,
  parents: readonly Id[],
  rows: readonly Values[],
): readonly Page<AnyRow>[] {
  const read = new LevelRows();
  const brought = window.bring && read;
  if (!window.parent) return [{ ...read.page(level, window, rows, 0, false), brought }];
  const perParent: Values[][] = parents.map(() => []);
  for (const values of rows) perParent[Number(values[0]) - 1]?.push(values);
  return perParent.map((each) => ({ ...read.page(level, window, each, 1, false), brought }));
}

/** The level of a window and the text of its statement. */
interface Built {
  readonly level: Level;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Texts that depend on nothing but what is compared here. */
interface Kept extends Built {
  readonly window: Window<AnyRow>;
  readonly options: ReadOptions;
  readonly isOfAll: boolean;
}
/** By what the window brings along, which is the same object for the same selection. */
const KEPT = new WeakMap<Bring, Kept>();

/** Returns the statement of windows that differ only in their parents. */
function builtFor(
  layout: LayoutName,
  window: Window<AnyRow>,
  parents: readonly Id[],
  tenant: Id | null,
  options: ReadOptions,
): Built {
  const values = [...(window.parent ? [parents] : []), ...(tenant === null ? [] : [tenant])];
  const isOfAll = tenant === null;
  const kept = window.bring && KEPT.get(window.bring);
  const isKept = kept?.options === options && kept.isOfAll === isOfAll && kept.level.layout.name === layout.name;
  if (isKept && isSameText(kept.window, window)) return { ...kept, values };
  const level = new Levels(options, isOfAll).of(layout.name, window.bring ?? NOTHING, window);
  const parameters = new Parameters();
  const text = textOf(level, window, parents, tenant, parameters);
  const hasSame =
    parameters.values.length === values.length && values.every((each, at) => each === parameters.values[at]);
  if (window.bring && hasSame && isPlain(window))
    KEPT.set(window.bring, { level, text, values: [], window, options, isOfAll });
  return { level, text, values: parameters.values };
}

type LayoutName = Pick<Layout<never>, 'name'>;

/** Whether the statements of two windows with the same selection have the same text. */
const isSameText = (one: Window<AnyRow>, other: Window<AnyRow>): boolean =>
  one.limit === other.limit &&
  one.backward === other.backward &&
  one.parent?.field === other.parent?.field &&
  one.order.direction === other.order.direction &&
  one.order.by.join() === other.order.by.join() &&
  isPlain(other);

/** Whether a window has neither a filter, nor cursors, nor unread counts. */
const isPlain = (window: Window<AnyRow>): boolean =>
  isUnfiltered(window) && !window.after && !window.before && (window.unreadFor ?? []).length === 0;

function textOf(
  level: Level,
  window: Window<AnyRow>,
  parents: readonly Id[],
  tenant: Id | null,
  parameters: Parameters,
): string {
  const { parent } = window;
  const from = parent
    ? `unnest(${parameters.add(parents, 'text[]')}) with ordinality as p(id, parent) cross join lateral `
    : '';
  const own = windowOf(level.layout, window, tenant, parameters, parent ? { [parent.field]: 'p.id' } : {});
  const { values, joins } = sourceOf(level, tenant, parameters, false);
  return `select ${parent ? 'p.parent, ' : ''}${values.join(', ')} from ${from}(${own}) l0${joins}`;
}

/** The values of a level's rows as SQL, and the joins that read what comes along. */
interface Source {
  readonly values: readonly string[];
  readonly joins: string;
}

/** Returns the values of the rows that the statement calls `l` and the number of the level. */
function sourceOf(level: Level, tenant: Id | null, parameters: Parameters, isJson: boolean): Source {
  const { layout, fields, unreadFor, parents, children } = level;
  const name = nameOf(level);
  const values = fields.map((field) => {
    const { type } = layout.columns[field as 'id'];
    return isJson ? inJson(`${name}."${field}"`, type) : `${name}."${field}"`;
  });
  values.push(...unreadFor.map((_participant, index) => `${name}."unread${index}"`));
  let joins = '';
  for (const { field, level: above } of parents) {
    const source = sourceOf(above, tenant, parameters, isJson);
    // With a limit, each row is found by the key of the table, and the rows stay in order.
    const is = `${ownerOf(above, level, tenant, parameters)} and t.id = ${name}."${field}"`;
    joins += ` left join lateral (${selectOf(above.layout)} where ${is} limit 1) ${nameOf(above)} on true${source.joins}`;
    values.push(...(isJson ? [arrayOf(source)] : source.values));
  }
  for (const { field, window, level: below } of children) {
    const owner: Bound = tenant === null ? { [below.layout.tenantField]: `${name}."${layout.tenantField}"` } : {};
    const bound = { ...owner, [field]: `${name}."id"` };
    const rows = windowOf(below.layout, window, tenant, parameters, bound);
    const source = sourceOf(below, tenant, parameters, true);
    const list = `${nameOf(below)}_list`;
    joins +=
      ` cross join lateral (select json_agg(${arrayOf(source)}) as rows` +
      ` from (${rows}) ${nameOf(below)}${source.joins}) ${list}`;
    values.push(`${list}.rows`);
  }
  return { values, joins };
}

const nameOf = ({ index }: Level): string => `l${index}`;
const arrayOf = ({ values }: Source): string => `json_build_array(${values.join(', ')})`;

/** The condition that row `t` of a table is in the scope, and of the institution of the row that refers to it. */
function ownerOf({ layout }: Level, from: Level, tenant: Id | null, parameters: Parameters): string {
  const owner = tenant === null ? `${nameOf(from)}."${from.layout.tenantField}"` : parameters.tenant(tenant);
  return `t.${columnName(layout.tenantField)} = ${owner}`;
}
