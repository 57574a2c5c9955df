import type { Id } from '../../domain/ids.ts';
import type { AnyRow, Bring, Brought, BroughtPages, Page, ReadOptions, TableName, Window } from '../store.ts';
import type { Layout } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import { readLayout } from './sql.ts';
import { fromJson, fromText, type Parse } from './values.ts';

/** A table in a statement, with what is read together with each of its rows. */
export interface Level {
  /** The number of the level in its statement. */
  readonly index: number;
  /** The fields that are read are the first values of each row, and the first of them is the id. */
  readonly layout: Layout<AnyRow>;
  readonly fields: readonly string[];
  /** The participants whose unread messages are counted: the next values of each row. */
  readonly unreadFor: readonly string[];
  readonly parents: readonly { readonly field: string; readonly level: Level }[];
  readonly children: readonly { readonly field: string; readonly window: Window<AnyRow>; readonly level: Level }[];
  /** The number of values in each row, with those of its parents and one per child. */
  readonly width: number;
  readonly fromText: readonly Parse[];
  readonly fromJson: readonly Parse[];
}

/** Creates the levels of one statement. */
export class Levels {
  readonly #options: ReadOptions;
  readonly #isOfAll: boolean;
  #count = 0;

  /** `isOfAll` says whether rows of all institutions are read. */
  constructor(options: ReadOptions, isOfAll: boolean) {
    this.#options = options;
    this.#isOfAll = isOfAll;
  }

  /** Returns the level of a table whose rows a window selects, or each row of another level refers to. */
  of(table: TableName, bring: Bring, window?: Window<AnyRow>): Level {
    const index = this.#count++;
    const own = layoutOf(table);
    // The rows of all institutions are joined by the institution, too.
    const tenant = this.#isOfAll && bring !== NOTHING ? [own.tenantField] : [];
    const used = [...tenant, ...bring.parents.map(({ field }) => field)];
    const { read: fields = [] } = readLayout(own, this.#options, used);
    // A window may be sorted by fields that are not returned.
    const layout = readLayout(own, this.#options, [...used, ...(window?.order.by ?? [])]);
    const types = fields.map((field) => own.columns[field as keyof typeof own.columns].type);
    const isText = (field: string): boolean => layout.asText?.includes(field) ?? false;
    const parents = bring.parents.map((each) => ({ field: each.field, level: this.of(each.table, each.bring) }));
    const children = bring.children.map((each) => ({
      ...each,
      level: this.of(each.table, each.window.bring ?? NOTHING, each.window),
    }));
    const { unreadFor = [] } = window ?? {};
    const ofParents = parents.reduce((sum, { level }) => sum + level.width, 0);
    return {
      index,
      layout,
      fields,
      unreadFor,
      parents,
      children,
      width: fields.length + unreadFor.length + ofParents + children.length,
      fromText: types.map((type, at) => fromText(type, isText(fields[at] as string))),
      fromJson: types.map((type, at) => fromJson(type, isText(fields[at] as string))),
    };
  }
}

/** Brings nothing along. */
export const NOTHING: Bring = { parents: [], children: [] };

/** The layouts differ only in the names of their fields, which TypeScript cannot see in a union of tables. */
const layoutOf = (table: TableName): Layout<AnyRow> => LAYOUTS[table] as unknown as Layout<AnyRow>;

/** The rows that the answer to one statement has brought along. */
export class LevelRows implements Brought {
  readonly rows = new Map<TableName, Map<Id, AnyRow>>();
  readonly pages: BroughtPages[] = [];
  readonly #parents: Map<Id, AnyRow>[] = [];
  readonly #children: Map<Id, Page<AnyRow>>[] = [];

  /** Returns the row whose values begin at an index. The rows that are read together with it are kept. */
  row(level: Level, values: readonly unknown[], from: number, isJson: boolean): AnyRow {
    const { fields, unreadFor, parents, children } = level;
    const parsers = isJson ? level.fromJson : level.fromText;
    const row: { [field: string]: unknown } = {};
    let at = from;
    for (let index = 0; index < fields.length; index += 1, at += 1) {
      const value = values[at] ?? null;
      row[fields[index] as string] = value === null ? null : (parsers[index] as Parse)(value);
    }
    if (unreadFor.length > 0) {
      const counts = unreadFor.map((participant, index) => [participant, Number(values[at + index])] as const);
      row['unread'] = Object.fromEntries(counts);
      at += unreadFor.length;
    }
    // The values are those of the fields of the table.
    const entity = row as unknown as AnyRow;
    for (const { level: above } of parents) {
      if (isJson) this.#parent(above, values[at] as readonly unknown[], 0, true);
      else this.#parent(above, values, at, false);
      at += isJson ? 1 : above.width;
    }
    for (const child of children) {
      const list = values[at] ?? null;
      const rows = (typeof list === 'string' ? JSON.parse(list) : (list ?? [])) as readonly (readonly unknown[])[];
      this.#pagesOf(child).set(entity.id, this.page(child.level, child.window, rows, 0, true));
      at += 1;
    }
    return entity;
  }

  /** Returns the page of a window from its rows and one more, if there is one. */
  page(
    level: Level,
    { limit, backward }: Window<AnyRow>,
    rows: readonly (readonly unknown[])[],
    from: number,
    isJson: boolean,
  ): Page<AnyRow> {
    const more = rows.length > limit;
    const kept: AnyRow[] = [];
    for (let index = 0; index < rows.length && index < limit; index += 1)
      kept.push(this.row(level, rows[index] ?? [], from, isJson));
    return { rows: backward ? kept.toReversed() : kept, more };
  }

  #pagesOf({ field, window, level }: Level['children'][number]): Map<Id, Page<AnyRow>> {
    let byParent = this.#children[level.index];
    if (!byParent) {
      this.#children[level.index] = byParent = new Map();
      this.pages.push({ table: level.layout.name, field, window, byParent });
    }
    return byParent;
  }

  /** Keeps a row that another one refers to, once. It is absent if the other refers to none. */
  #parent(level: Level, values: readonly unknown[], from: number, isJson: boolean): void {
    const id = values[from] as Id | null;
    let seen = this.#parents[level.index];
    if (!seen) this.#parents[level.index] = seen = new Map();
    if (id === null || seen.has(id)) return;
    const row = this.row(level, values, from, isJson);
    seen.set(id, row);
    const { name } = level.layout;
    const rows = this.rows.get(name);
    if (rows) rows.set(id, row);
    else this.rows.set(name, new Map([[id, row]]));
  }
}
