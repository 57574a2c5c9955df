import type { Id } from '../../domain/ids.ts';
import type { AnyRow, Bring, BroughtPage, ReadOptions, TableName, Window } from '../store.ts';
import type { Layout } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import { readLayout } from './sql.ts';
import { fromJson, fromText, type Parse } from './values.ts';

/** A table in a statement, with what is read together with each of its rows. */
export interface Level {
  /** The number of the level in its statement. */
  readonly index: number;
  /** Its fields that are read are the first values of a row; the first of them is the id. */
  readonly layout: Layout<AnyRow>;
  readonly fields: readonly string[];
  /** The participants whose unread messages are counted: the next values of a row. */
  readonly unreadFor: readonly string[];
  readonly parents: readonly { readonly field: string; readonly level: Level }[];
  readonly children: readonly { readonly field: string; readonly window: Window<AnyRow>; readonly level: Level }[];
  /** The number of values of a row, including those of its parents and one per child. */
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
    const used = [...tenant, ...(window?.order.by ?? []), ...bring.parents.map(({ field }) => field)];
    const layout = readLayout(own, this.#options, used);
    const fields = layout.read ?? [];
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

/** The rows of one answer, by the levels of its statement. */
export class LevelRows {
  readonly rows = new Map<TableName, AnyRow[]>();
  readonly pages: BroughtPage[] = [];
  readonly #seen: Set<unknown>[] = [];

  /** Returns the row whose values begin at an index. What is read together with it is kept. */
  row(level: Level, values: readonly unknown[], from: number, isJson: boolean): AnyRow {
    const { fields, layout, unreadFor, parents, children } = level;
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
    for (const parent of parents) {
      if (isJson) this.#parent(parent.level, values[at] as readonly unknown[], 0, true);
      else this.#parent(parent.level, values, at, false);
      at += isJson ? 1 : parent.level.width;
    }
    for (const { field, window, level: below } of children) {
      const text = values[at];
      const rows = (isJson || text === null ? text : JSON.parse(text as string)) as readonly (readonly unknown[])[];
      const own = { ...window, parent: { field: field as 'id', id: entity.id } };
      const page = this.page(
        own,
        (rows ?? []).map((each) => () => this.row(below, each, 0, true)),
      );
      this.pages.push({ table: below.layout.name, window: own, page });
      at += 1;
    }
    this.keep(layout.name, entity);
    return entity;
  }

  /** Returns the page of a window, given functions that return its rows and one more, if there is one. */
  page(window: Pick<Window<AnyRow>, 'limit' | 'backward'>, rows: readonly (() => AnyRow)[]): BroughtPage['page'] {
    const more = rows.length > window.limit;
    const kept = (more ? rows.slice(0, window.limit) : rows).map((read) => read());
    return { rows: window.backward ? kept.toReversed() : kept, more };
  }

  keep(table: TableName, row: AnyRow): void {
    const kept = this.rows.get(table);
    if (kept) kept.push(row);
    else this.rows.set(table, [row]);
  }

  /** Keeps a row that another one refers to, once. It is absent if the other refers to none. */
  #parent(level: Level, values: readonly unknown[], from: number, isJson: boolean): void {
    const id = values[from] as Id | null;
    const seen = (this.#seen[level.index] ??= new Set());
    if (id === null || seen.has(id)) return;
    seen.add(id);
    this.row(level, values, from, isJson);
  }
}
