import type { Field, Key, Order, Page, Range, Window } from '../store.ts';
import { type Bounds, merged, sorted } from './collect.ts';
import { HIGHEST, type Row } from './compare.ts';
import { IndexScan } from './indexScan.ts';
import type { GroupKey } from './keyMap.ts';
import { type GroupLayout, nameOf } from './layout.ts';
import { type Conditions, keysOf, matcherOf } from './match.ts';
import { type IndexPosition, isAhead, type OrderedIndex } from './orderedIndex.ts';

/** The number of rows scanned for lists; for limits and tests. */
export interface ScanStats {
  rows: number;
}

/** The rows of each value of some fields, by its key: one index for each order in the layout. */
export interface Group<E> extends GroupLayout<E> {
  indexAt(key: GroupKey, order: number): OrderedIndex<E> | undefined;
}

/** All indexes of one table. The first group contains all rows and has no fields. */
export interface Indexed<E> {
  readonly groups: readonly Group<E>[];
  readonly scanStats: ScanStats;
}

/** A set of rows from elsewhere than an ordered index. It contains every row that the list can contain. */
export interface Among<E> {
  readonly size: number;
  has(row: E): boolean;
  rows(): Iterable<E>;
}

/** Ranges of indexes that together contain every matching row, and perhaps others. */
interface Source<E> {
  readonly scans: readonly IndexScan<E>[];
  /** The number of rows in the ranges. */
  readonly size: number;
  /** Whether the ranges contain only matching rows. */
  readonly isExact: boolean;
}

/**
 * Reads a window in the cheaper of two ways: it scans an index in the requested order and skips rows that do not match,
 * or it collects the smallest index range or set that contains all matches and sorts them. A scan that finds too few
 * matches is abandoned for the second way.
 */
export function pageOf<E>(
  table: Indexed<E>,
  window: Window<E>,
  conditions: Conditions,
  among: readonly Among<E>[],
): Page<E> {
  const { order, limit, backward } = window;
  const reverse = (order.direction === 'DESC') !== backward;
  const bounds = boundsOf(window);
  const need = limit + 1;
  const matches = matching(conditions, among);
  const inOrder = smallest(sourcesOf(table, conditions, order.by, bounds, reverse));
  const smallestPlace = leastOf(table, conditions, among);
  const expectedReads = inOrder
    ? Math.min(inOrder.size, (need * inOrder.size) / Math.max(1, smallestPlace.size))
    : Infinity;
  const maxReads = 2 * smallestPlace.size;
  const rows =
    (inOrder && expectedReads <= maxReads ? merged(inOrder.scans, reverse, need, matches, maxReads) : undefined) ??
    sorted(smallestPlace.rows(), order, reverse, need, bounds, matches);
  const more = rows.length > limit;
  const kept = more ? rows.slice(0, limit) : rows;
  return { rows: backward ? kept.toReversed() : kept, more };
}

function matching<E>(conditions: Conditions, among: readonly Among<E>[]): (row: E) => boolean {
  const meetsAll = matcherOf(conditions) as (row: E) => boolean;
  return among.length === 0 ? meetsAll : (row) => among.every((set) => set.has(row)) && meetsAll(row);
}

/**
 * Returns every row that meets the conditions, without duplicates, from the smallest index range or set that contains
 * them.
 */
export const matchesOf = <E>(table: Indexed<E>, conditions: Conditions, among: readonly Among<E>[]): Iterable<E> =>
  matchesIn(leastOf(table, conditions, among), conditions, among);

function* matchesIn<E>(smallestPlace: Least<E>, conditions: Conditions, among: readonly Among<E>[]): Iterable<E> {
  if (smallestPlace.isExact) return yield* smallestPlace.rows();
  const matches = matching(conditions, among);
  for (const row of smallestPlace.rows()) if (matches(row)) yield row;
}

/** Returns the number of rows that a read of all matches scans at most. */
export const maxMatches = <E>(table: Indexed<E>, conditions: Conditions): number => leastOf(table, conditions, []).size;

/** Counts the rows that meet the conditions, without reading them if one index range contains exactly these rows. */
export function countOf<E>(table: Indexed<E>, conditions: Conditions, among: readonly Among<E>[]): number {
  const smallestPlace = leastOf(table, conditions, among);
  if (smallestPlace.isExact) return smallestPlace.size;
  let count = 0;
  for (const _row of matchesIn(smallestPlace, conditions, among)) count += 1;
  return count;
}

/** The smallest index range or set that contains every match. */
interface Least<E> {
  readonly size: number;
  /** Whether it contains nothing else. */
  readonly isExact: boolean;
  rows(): Iterable<E>;
}

function leastOf<E>(table: Indexed<E>, conditions: Conditions, among: readonly Among<E>[]): Least<E> {
  const sources = sourcesOf(table, conditions, null, {}, false);
  const index = sources.find(({ isExact }) => isExact) ?? smallest(sources);
  const set = smallest(among);
  if (set && (!index || set.size <= index.size)) return { size: set.size, isExact: false, rows: () => set.rows() };
  if (!index) throw new Error('No index contains the rows of this list.');
  return { size: index.size, isExact: index.isExact && !set, rows: () => rowsOf(index) };
}

/** Returns the sort keys that bound a window, as rows. */
export function boundsOf<E>({ order, after, before }: Window<E>): Bounds {
  const [above, below] = order.direction === 'ASC' ? [after, before] : [before, after];
  return { ...(above && { above: rowOf(order, above) }), ...(below && { below: rowOf(order, below) }) };
}

const rowOf = <E>({ by }: Order<E>, key: Key): Row =>
  Object.fromEntries([...by, 'id'].map((field, index) => [field, key[index]]));

/** Returns the index ranges that contain every match: in the order `by`, or in any order if it is null. */
function sourcesOf<E>(
  table: Indexed<E>,
  conditions: Conditions,
  by: readonly Field<E>[] | null,
  bounds: Bounds,
  reverse: boolean,
): Source<E>[] {
  const sources: Source<E>[] = [];
  const isEachOnce = new Set(conditions.map(([field]) => field)).size === conditions.length;
  const add = (indexes: readonly OrderedIndex<E>[], fields: readonly string[], grouped: readonly string[]): void => {
    const ranges = rangesOf(fields[0] ?? '', conditions);
    const scans = indexes.flatMap((index) =>
      ranges.map((range) => scanOf(index, fields, range, by ? bounds : {}, reverse, table.scanStats)),
    );
    const isExact =
      isEachOnce &&
      scans.length <= 1 &&
      conditions.every(([field, each]) => ('in' in each ? grouped.includes(field) : field === fields[0]));
    sources.push({ scans, size: scans.reduce((sum, { size }) => sum + size, 0), isExact });
  };
  const wanted = (fields: readonly string[]): boolean => by === null || nameOf(by) === nameOf(fields);
  for (const group of table.groups) {
    const { fields, orders } = group;
    const keys = requestedKeys(fields, conditions);
    if (!keys) continue;
    for (const [at, order] of orders.entries()) {
      if (wanted(order))
        add(
          keys.flatMap((key) => group.indexAt(key, at) ?? []),
          order,
          fields,
        );
    }
  }
  return sources;
}

/**
 * Returns the keys of the group that the conditions select; undefined if a field of the group has no `in` condition.
 */
function requestedKeys(fields: readonly string[], conditions: Conditions): readonly GroupKey[] | undefined {
  const values = fields.map(
    (field) => conditions.flatMap(([of, each]) => (of === field && 'in' in each ? [[...new Set(each.in)]] : []))[0],
  );
  return values.every((value) => value !== undefined) ? keysOf(values) : undefined;
}

/**
 * Returns the ranges of an index that the conditions on its first field leave: one for a range condition or none, else
 * one per value.
 */
function rangesOf(field: string, conditions: Conditions): readonly (Range<unknown> | undefined)[] {
  const own = conditions.filter(([each]) => each === field).map(([, condition]) => condition);
  for (const condition of own) if ('range' in condition) return [condition.range];
  for (const condition of own) {
    if ('in' in condition) return [...new Set(condition.in)].map((value) => ({ gte: value, lte: value }));
  }
  return [undefined];
}

const smallest = <S extends { readonly size: number }>(sources: readonly S[]): S | undefined =>
  sources.reduce<S | undefined>((best, each) => (best && best.size <= each.size ? best : each), undefined);

function scanOf<E>(
  index: OrderedIndex<E>,
  fields: readonly string[],
  range: Range<unknown> | undefined,
  { above, below }: Bounds,
  reverse: boolean,
  scanStats: ScanStats,
): IndexScan<E> {
  const place = (row: Row, past: boolean): IndexPosition => index.seek(row as E, past);
  const [field = 'id', ...rest] = fields;
  const lowest = { [field]: undefined };
  const highest = Object.fromEntries([...rest, 'id'].map((each) => [each, HIGHEST]));
  let from: IndexPosition = { chunk: 0, row: 0 };
  let to: IndexPosition = { chunk: index.chunks.length, row: 0 };
  const begin = (at: IndexPosition): void => void (isAhead(from, at) && (from = at));
  const end = (at: IndexPosition): void => void (isAhead(at, to) && (to = at));
  if (above) begin(place(above, true));
  if (below) end(place(below, false));
  if (range) end(place({ ...lowest, [field]: null }, false));
  if (range?.gte !== undefined) begin(place({ ...lowest, [field]: range.gte }, false));
  if (range?.gt !== undefined) begin(place({ ...highest, [field]: range.gt }, true));
  if (range?.lte !== undefined) end(place({ ...highest, [field]: range.lte }, true));
  if (range?.lt !== undefined) end(place({ ...lowest, [field]: range.lt }, false));
  return new IndexScan(index, from, to, reverse, scanStats);
}

/** Returns the rows of a source without duplicates, although several of its scans may contain a row. */
function rowsOf<E>({ scans }: Source<E>): Iterable<E> {
  const [first, second] = scans;
  return first && !second ? first.rows() : new Set(scans.flatMap((scan) => [...scan.rows()]));
}
