import type { Id } from '../../domain/ids.ts';
import type { AnyRow, Bring, Page, ReadOptions, Window } from '../store.ts';
import { columnName, type Layout } from './layout.ts';
import { type Level, LevelRows, Levels, NOTHING } from './level.ts';
import { groupsOf, isUnfiltered, known } from './parents.ts';
import type { Queries } from './session.ts';
import { type Bound, Parameters, type Statement, selectOf } from './sql.ts';
import { inJson } from './values.ts';
import { windowOf } from './window.ts';

/** The values of a row, as texts. */
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
    const level = new Levels(options, tenant === null).of(layout.name, first.bring ?? NOTHING, first);
    const parents = group.map((index) => known(all[index]?.parent?.id));
    const { rows } = await queries.query<Values>(statementFor(level, first, parents, tenant));
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
  const first = window.parent ? 1 : 0;
  const readers: (() => AnyRow)[][] = parents.map(() => []);
  for (const values of rows) {
    const index = first === 0 ? 0 : Number(values[0]) - 1;
    readers[index]?.push(() => read.row(level, values, first, false));
  }
  return readers.map((each) => ({ ...read.page(window, each), brought }));
}

function statementFor(level: Level, window: Window<AnyRow>, parents: readonly Id[], tenant: Id | null): Statement {
  const parameters = new Parameters();
  const { parent } = window;
  const from =
    parent && `unnest(${parameters.add(parents, 'text[]')}) with ordinality as p(id, parent) cross join lateral `;
  const own = windowOf(level.layout, window, tenant, parameters, parent ? { [parent.field]: 'p.id' } : {});
  const { values, joins } = sourceOf(level, tenant, parameters, false);
  return {
    text: `select ${parent ? 'p.parent, ' : ''}${values.join(', ')} from ${from ?? ''}(${own}) l0${joins}`,
    values: parameters.values,
    keepsPlan: isUnfiltered(window),
    isRaw: true,
  };
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
  const owner = tenant === null ? `${nameOf(from)}."${from.layout.tenantField}"` : parameters.add(tenant, 'text');
  return `t.${columnName(layout.tenantField)} = ${owner}`;
}

/** The maximum number of rows and of tables that one statement reads for a window, if it brings any along. */
const LIMITS = { rows: 1_024, tables: 10 } as const;

/** Returns a window without what it should not bring along: each part that exceeds the limits. */
export function limitBring<W extends Window<never>>(window: W): { readonly window: W; readonly rows: number } {
  const { bring, limit } = window;
  const own = limit + 1;
  if (!bring) return { window, rows: own };
  const left = { rows: LIMITS.rows - own, tables: LIMITS.tables - 1 };
  return { window: { ...window, bring: withinLimits(bring, own, left) }, rows: LIMITS.rows - left.rows };
}

/** Returns the parts of what `count` rows bring along for which enough is left. */
function withinLimits({ parents, children }: Bring, count: number, left: { rows: number; tables: number }): Bring {
  const fits = (rows: number): boolean => {
    if (left.tables === 0 || rows > left.rows) return false;
    left.rows -= rows;
    left.tables -= 1;
    return true;
  };
  return {
    parents: parents
      .filter(() => fits(count))
      .map((each) => ({ ...each, bring: withinLimits(each.bring, count, left) })),
    children: children
      .filter(({ window }) => fits(count * (window.limit + 1)))
      .map(({ window, ...each }) => {
        const { bring } = window;
        const rows = count * (window.limit + 1);
        return { ...each, window: bring ? { ...window, bring: withinLimits(bring, rows, left) } : window };
      }),
  };
}
