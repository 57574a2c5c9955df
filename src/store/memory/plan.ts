import type { Field, Key, Order, Page, Range, Window } from '../store.ts';
import { compareBy, HIGHEST, type Row } from './compare.ts';
import { type GroupLayout, nameOf } from './layouts.ts';
import { type Conditions, keysOf, meetsAll } from './match.ts';
import type { OrderedIndex, Place } from './orderedIndex.ts';
import { Walk } from './walk.ts';

/** How many rows were looked at to answer lists; for tests that count. */
export interface Touched {
  rows: number;
}

/** The rows of each value of some fields, by its key: one index for each order that the layout names. */
export interface Group<E> extends GroupLayout<E> {
  readonly indexes: ReadonlyMap<unknown, readonly OrderedIndex<E>[]>;
}

/** The indexes of a table; the first group is that of all rows, by no field. */
export interface Indexed<E> {
  readonly groups: readonly Group<E>[];
  readonly touched: Touched;
}

/** Some indexes that together hold every row that is meant, and perhaps others. */
interface Source<E> {
  readonly walks: readonly Walk<E>[];
  /** How many rows they hold. */
  readonly size: number;
}

/**
 * Answers a window by the cheaper of two ways: walking an index that stands in the order asked and dropping what
 * does not match, or gathering the smallest index that holds all matches and sorting those.
 */
export function pageOf<E>(table: Indexed<E>, window: Window<E>, conditions: Conditions, among?: readonly E[]): Page<E> {
  const { order, limit, backward } = window;
  const reverse = (order.direction === 'DESC') !== backward;
  const bounds = boundsOf(window);
  const need = limit + 1;
  const matches = (row: E): boolean => meetsAll(row as object, conditions);
  const rows = among
    ? sorted(among, order, reverse, need, bounds, matches)
    : planned(table, conditions, order, reverse, need, bounds, matches);
  const more = rows.length > limit;
  const kept = more ? rows.slice(0, limit) : rows;
  return { rows: backward ? kept.toReversed() : kept, more };
}

function planned<E>(
  table: Indexed<E>,
  conditions: Conditions,
  order: Order<E>,
  reverse: boolean,
  need: number,
  bounds: Bounds,
  matches: (row: E) => boolean,
): readonly E[] {
  const inOrder = smallest(sourcesOf(table, conditions, order.by, bounds, reverse));
  const least = smallest(sourcesOf(table, conditions, null, bounds, reverse));
  if (!least) throw new Error('No index can answer this list.');
  const walking = inOrder ? Math.min(inOrder.size, (need * inOrder.size) / Math.max(1, least.size)) : Infinity;
  if (inOrder && walking <= 2 * least.size) return merged(inOrder.walks, reverse, need, matches);
  return sorted(rowsOf(least), order, reverse, need, bounds, matches);
}

/** Every row that meets the conditions, each once, from the smallest index that holds them all. */
export function* matchesOf<E>(table: Indexed<E>, conditions: Conditions): Iterable<E> {
  const { walks } = leastOf(table, conditions);
  const seen = new Set<E>();
  for (const walk of walks) {
    for (let row = walk.next(); row !== undefined; row = walk.next()) {
      if (seen.has(row) || !meetsAll(row as object, conditions)) continue;
      if (walks.length > 1) seen.add(row);
      yield row;
    }
  }
}

/** How many rows meet the conditions; at once where one index holds just those. */
export function countOf<E>(table: Indexed<E>, conditions: Conditions): number {
  const isOne = conditions.every(([, condition]) => 'in' in condition && condition.in.length === 1);
  const isWhole = table.groups.some(
    ({ fields }) => fields.length === conditions.length && keysAsked(fields, conditions),
  );
  if (isOne && isWhole) return leastOf(table, conditions).size;
  let count = 0;
  for (const _row of matchesOf(table, conditions)) count += 1;
  return count;
}

function leastOf<E>(table: Indexed<E>, conditions: Conditions): Source<E> {
  const least = smallest(sourcesOf(table, conditions, null, {}, false));
  if (!least) throw new Error('No index can answer this list.');
  return least;
}

/** What rows of the order asked lie between; both ends are shut out unless told. */
interface Bounds {
  readonly above?: Row;
  readonly below?: Row;
}

function boundsOf<E>({ order, after, before }: Window<E>): Bounds {
  const [above, below] = order.direction === 'ASC' ? [after, before] : [before, after];
  return { ...(above && { above: rowOf(order, above) }), ...(below && { below: rowOf(order, below) }) };
}

const rowOf = <E>({ by }: Order<E>, key: Key): Row =>
  Object.fromEntries([...by, 'id'].map((field, at) => [field, key[at]]));

/** The indexes that could answer: in the order `by`, or in any order if it is null. */
function sourcesOf<E>(
  table: Indexed<E>,
  conditions: Conditions,
  by: readonly Field<E>[] | null,
  bounds: Bounds,
  reverse: boolean,
): Source<E>[] {
  const sources: Source<E>[] = [];
  const add = (indexes: readonly OrderedIndex<E>[], fields: readonly string[]): void => {
    const ranges = rangesOf(fields[0] ?? '', conditions);
    const walks = indexes.flatMap((index) =>
      ranges.map((range) => walkOf(index, fields, range, by ? bounds : {}, reverse, table.touched)),
    );
    sources.push({ walks, size: walks.reduce((sum, { size }) => sum + size, 0) });
  };
  const wanted = (fields: readonly string[]): boolean => by === null || nameOf(by) === nameOf(fields);
  for (const { fields, orders, indexes } of table.groups) {
    const keys = keysAsked(fields, conditions);
    if (!keys) continue;
    for (const [at, order] of orders.entries()) {
      if (wanted(order))
        add(
          [...new Set(keys)].flatMap((key) => indexes.get(key)?.[at] ?? []),
          order,
        );
    }
  }
  return sources;
}

/** The groups by these fields that hold what is asked for; undefined if it is not asked for by them. */
function keysAsked(fields: readonly string[], conditions: Conditions): readonly unknown[] | undefined {
  const values = fields.map(
    (field) => conditions.flatMap(([of, each]) => (of === field && 'in' in each ? [each.in] : []))[0],
  );
  return values.every((value) => value !== undefined) ? keysOf(values) : undefined;
}

/** The stretches of an index that conditions on its first field leave: one of them all, or one a value. */
function rangesOf(field: string, conditions: Conditions): readonly (Range<unknown> | undefined)[] {
  const own = conditions.filter(([each]) => each === field).map(([, condition]) => condition);
  for (const condition of own) if ('range' in condition) return [condition.range];
  for (const condition of own) {
    if ('in' in condition) return [...new Set(condition.in)].map((value) => ({ gte: value, lte: value }));
  }
  return [undefined];
}

const smallest = <E>(sources: readonly Source<E>[]): Source<E> | undefined =>
  sources.reduce<Source<E> | undefined>((best, each) => (best && best.size <= each.size ? best : each), undefined);

function walkOf<E>(
  index: OrderedIndex<E>,
  fields: readonly string[],
  range: Range<unknown> | undefined,
  { above, below }: Bounds,
  reverse: boolean,
  touched: Touched,
): Walk<E> {
  const place = (row: Row, past: boolean): Place => index.seek(row as E, past);
  const [field = 'id', ...rest] = fields;
  const lowest = { [field]: undefined };
  const highest = Object.fromEntries([...rest, 'id'].map((each) => [each, HIGHEST]));
  let from: Place = { chunk: 0, row: 0 };
  let to: Place = { chunk: index.chunks.length, row: 0 };
  const begin = (at: Place): void => void (isAhead(from, at) && (from = at));
  const end = (at: Place): void => void (isAhead(at, to) && (to = at));
  if (above) begin(place(above, true));
  if (below) end(place(below, false));
  if (range) end(place({ ...lowest, [field]: null }, false));
  if (range?.gte !== undefined) begin(place({ ...lowest, [field]: range.gte }, false));
  if (range?.gt !== undefined) begin(place({ ...highest, [field]: range.gt }, true));
  if (range?.lte !== undefined) end(place({ ...highest, [field]: range.lte }, true));
  if (range?.lt !== undefined) end(place({ ...lowest, [field]: range.lt }, false));
  return new Walk(index, from, to, reverse, touched);
}

const isAhead = (a: Place, b: Place): boolean => a.chunk < b.chunk || (a.chunk === b.chunk && a.row < b.row);

/** The first rows that match, from walks in one order; a row that stands in several is taken once. */
function merged<E>(walks: readonly Walk<E>[], reverse: boolean, need: number, matches: (row: E) => boolean): E[] {
  const rows: E[] = [];
  const heads = walks.map((walk) => ({ walk, row: walk.next() }));
  while (rows.length < need) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (head.row === undefined) continue;
      const compared = first ? head.walk.index.ordering.compare(head.row, first.row as E) : -1;
      if (!first || (reverse ? compared > 0 : compared < 0)) first = head;
    }
    const row = first?.row;
    if (!first || row === undefined) break;
    first.row = first.walk.next();
    if (row !== rows.at(-1) && matches(row)) rows.push(row);
  }
  return rows;
}

function* rowsOf<E>({ walks }: Source<E>): Iterable<E> {
  for (const walk of walks) for (let row = walk.next(); row !== undefined; row = walk.next()) yield row;
}

/** The rows that match and lie within the bounds, each once, sorted, as many as are needed. */
function sorted<E>(
  rows: Iterable<E>,
  order: Order<E>,
  reverse: boolean,
  need: number,
  { above, below }: Bounds,
  matches: (row: E) => boolean,
): readonly E[] {
  const compare = compareBy<E>(order.by);
  const found = new Set<E>();
  for (const row of rows) {
    if (above && compare(row, above as E) <= 0) continue;
    if (below && compare(row, below as E) >= 0) continue;
    if (matches(row)) found.add(row);
  }
  return [...found].toSorted((a, b) => (reverse ? compare(b, a) : compare(a, b))).slice(0, need);
}
