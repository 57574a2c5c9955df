import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Columns, figureOf } from '../../src/store/memory/columns.ts';
import { compareBy, compareValues, HIGHEST } from '../../src/store/memory/compare.ts';
import { EVERY_FIELD, IndexedFields } from '../../src/store/memory/fieldSet.ts';
import { IndexScan } from '../../src/store/memory/indexScan.ts';
import type { GroupLayout } from '../../src/store/memory/layout.ts';
import { type IndexPosition, OrderedIndex } from '../../src/store/memory/orderedIndex.ts';
import { Ordering } from '../../src/store/memory/ordering.ts';
import { type Handle, Rows } from '../../src/store/memory/rows.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';

interface Entry {
  readonly id: string;
  readonly at: number | null;
}
const compare = compareBy<Entry>(['at']);
const groups: readonly GroupLayout<Entry>[] = [{ fields: [], orders: [['at']] }];
/** The maximum number of rows per chunk. */
const chunkRows = 512;
/** Entries below and above every row with this value. */
const floor = (at: number | null): Entry => ({ at }) as Entry;
const ceiling = (at: number | null): Entry => ({ at, id: HIGHEST }) as unknown as Entry;

const values = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(null));
const entries = fc.record({
  id: fc.integer({ min: 0, max: 9_999 }).map((n) => String(n).padStart(4, '0')),
  at: values,
});
type Step = readonly ['put' | 'remove', Entry];
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.tuple(fc.constantFrom('put', 'put', 'remove'), entries) as fc.Arbitrary<Step>,
  { maxLength: 200 },
);

/** A sorted array and an index with the same rows, inserted in the same steps. */
class Both {
  readonly rows = new Rows<Entry>();
  readonly columns = new Columns(groups, new IndexedFields(groups));
  readonly index = new OrderedIndex(new Ordering(['at'], this.rows.byHandle, this.columns));

  put(entry: Entry): void {
    const handle = this.rows.handleOf(entry.id);
    if (handle === undefined) {
      this.index.insert(this.add(entry));
      return;
    }
    const moves = compare(entry, this.rows.get(entry.id) ?? entry) !== 0;
    if (moves) this.index.remove(handle);
    this.rows.replace(handle, entry);
    this.columns.note(handle, entry, EVERY_FIELD);
    if (moves) this.index.insert(handle);
  }

  add(entry: Entry): Handle {
    const handle = this.rows.add(entry);
    this.columns.note(handle, entry, EVERY_FIELD);
    return handle;
  }

  remove({ id }: Entry): void {
    const handle = this.rows.handleOf(id);
    if (handle === undefined) return;
    this.index.remove(handle);
    this.rows.remove(handle, id);
  }

  sorted(): readonly Entry[] {
    const value = ({ at }: Entry): number => at ?? Infinity;
    return this.rows.byHandle
      .filter((row) => row !== undefined)
      .toSorted((a, b) => {
        const equal = value(a) === value(b);
        return equal ? (a.id < b.id ? -1 : 1) : value(a) - value(b);
      });
  }
}

const START: IndexPosition = { chunk: 0, row: 0 };
const endOf = (index: OrderedIndex<Entry>): IndexPosition => ({ chunk: index.chunks.length, row: 0 });

function scanned(
  index: OrderedIndex<Entry>,
  from: IndexPosition,
  to: IndexPosition,
  backward: boolean,
): readonly Entry[] {
  const stats = { rows: 0 };
  const scan = new IndexScan(index, from, to, backward, stats);
  const rows: Entry[] = [];
  for (let row = scan.next(); row !== undefined; row = scan.next()) rows.push(row);
  if (stats.rows !== rows.length || scan.size !== rows.length) throw new Error('The scan counted wrong.');
  return rows;
}

const SIDES = [false, true];

/** Everything that an index can return: its rows, the places of keys, and the rows between any two of them. */
function contentsOf({ index, rows }: Both, keys: readonly Entry[]) {
  if (index.size !== rows.size) throw new Error('The index counted wrong.');
  const places = keys.flatMap((key) => SIDES.map((past) => index.seek(key, past)));
  return {
    rows: scanned(index, START, endOf(index), false),
    chunksFit: index.chunks.every(({ length }) => length > 0 && length <= chunkRows),
    chunksAreFew: index.chunks.length <= 1 + Math.ceil((4 * rows.size) / chunkRows),
    backward: scanned(index, START, endOf(index), true),
    ranks: places.map((place) => index.rank(place)),
    between: places.flatMap((from) => places.map((to) => scanned(index, from, to, false))),
    betweenBackward: places.flatMap((from) => places.map((to) => scanned(index, from, to, true).toReversed())),
  };
}

/** The same, computed from the sorted array. */
function expected(both: Both, keys: readonly Entry[]): ReturnType<typeof contentsOf> {
  const rows = [...both.sorted()];
  const ranks = keys.flatMap((key) =>
    SIDES.map((past) => rows.filter((row) => compare(row, key) < (past ? 1 : 0)).length),
  );
  const between = ranks.flatMap((from) => ranks.map((to) => rows.slice(from, Math.max(from, to))));
  return {
    rows,
    chunksFit: true,
    chunksAreFew: true,
    backward: rows.toReversed(),
    ranks,
    between,
    betweenBackward: between,
  };
}

describe('an ordered index', () => {
  test('an ordered index equals a sorted array after any insertions, removals and replacements', () =>
    checked(
      COUNTS.indexCases,
      fc.property(steps, fc.array(entries, { maxLength: 3 }), values, (taken, keys, value) => {
        const both = new Both();
        for (const [kind, entry] of taken) both[kind](entry);
        const places = [...keys, ...both.sorted().slice(0, 1), floor(value), ceiling(value)];
        expect(contentsOf(both, places)).toEqual(expected(both, places));
      }),
    ));

  test('an ordered index of many chunks equals a sorted array while chunks are split and emptied', () =>
    checked(
      COUNTS.largeIndexes,
      fc.property(
        fc.integer({ min: 1_500, max: 4_000 }),
        fc.constantFrom('rising', 'falling', 'mixed'),
        steps,
        fc.array(entries, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 9 }),
        (size, way, taken, keys, gone) => {
          const both = new Both();
          for (let n = 0; n < size; n += 1) {
            const turn = way === 'rising' ? n : way === 'falling' ? size - n : (n * 7_919) % size;
            both.put({ id: String(turn).padStart(4, '0'), at: way === 'mixed' ? turn % 10 : Math.floor(turn / 500) });
          }
          for (const [kind, entry] of taken) both[kind](entry);
          expect(contentsOf(both, keys)).toEqual(expected(both, keys));
          for (const row of both.sorted()) if (row.at === gone) both.remove(row);
          for (const row of both.sorted().slice(0, 900)) both.put({ ...row, at: 9 });
          const places = [...keys, floor(gone), ceiling(gone)];
          expect(contentsOf(both, places)).toEqual(expected(both, places));
        },
      ),
    ));

  test('an ordered index is empty at first, and after everything is removed', () => {
    const both = new Both();
    expect(contentsOf(both, [floor(1)])).toEqual(expected(both, [floor(1)]));
    for (let n = 0; n < 1_200; n += 1) both.put({ id: String(n).padStart(4, '0'), at: 1 });
    for (const row of both.sorted()) both.remove(row);
    expect(contentsOf(both, [floor(1)])).toEqual(expected(both, [floor(1)]));
    expect(both.index.chunks).toEqual([]);
  });

  test('removing an unknown row has no effect', () => {
    const both = new Both();
    both.put({ id: 'b', at: 1 });
    for (const entry of [
      { id: 'a', at: 1 },
      { id: 'c', at: 1 },
      { id: 'd', at: 2 },
    ]) {
      const handle = both.add(entry);
      both.index.remove(handle);
      both.rows.remove(handle, entry.id);
    }
    expect(contentsOf(both, [])).toEqual(expected(both, []));
  });

  test('the next version of a row replaces the one before', () => {
    const both = new Both();
    const [before, after] = [
      { id: 'a', at: 1 },
      { id: 'a', at: 1 },
    ] as const;
    both.put(before);
    both.put(after);
    expect(scanned(both.index, START, endOf(both.index), false)[0]).toBe(after);
  });
});

describe('the order of values', () => {
  const anyValue = fc.oneof(fc.integer(), fc.constantFrom(undefined, null, HIGHEST));

  test('the order of values is total: undefined first, then values, then null, then HIGHEST', () =>
    checked(
      COUNTS.indexCases,
      fc.property(anyValue, anyValue, anyValue, (a, b, c) => {
        expect(Math.sign(compareValues(a, b))).toBe(-Math.sign(compareValues(b, a)) + 0);
        expect(compareValues(a, a)).toBe(0);
        const inOrder = compareValues(a, b) <= 0 && compareValues(b, c) <= 0;
        expect(!inOrder || compareValues(a, c) <= 0).toBe(true);
      }),
    ));

  test('undefined, values, null and HIGHEST are ranked', () => {
    const inOrder = [undefined, -1, 0, 1, null, HIGHEST];
    expect(inOrder.toReversed().toSorted(compareValues)).toHaveLength(inOrder.length);
    for (const [index, value] of inOrder.entries()) {
      for (const greater of inOrder.slice(index + 1)) expect(compareValues(value, greater)).toBeLessThan(0);
    }
  });

  /** Random pairs of values of one type, as a field has them. */
  const pairOf = <V>(kind: fc.Arbitrary<V>): fc.Arbitrary<readonly [unknown, unknown]> => {
    const either = fc.oneof(kind, fc.constantFrom(undefined, null, HIGHEST));
    return fc.tuple(either, either);
  };
  const characters = fc.constantFrom('a', 'b', '~', '\u007f', '\u00e9', '\uffff', '\u{10000}');
  const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 9 }), fc.string({ unit: characters, maxLength: 9 }));

  test('the order of values is that of their figures if these differ, for numbers, bigints and any text', () =>
    checked(
      COUNTS.indexCases,
      fc.property(fc.oneof(pairOf(fc.integer()), pairOf(fc.bigInt()), pairOf(texts)), ([a, b]) => {
        const [left, right] = [figureOf(a), figureOf(b)];
        expect(left === right || (left < right ? -1 : 1) === Math.sign(compareValues(a, b))).toBe(true);
        expect(typeof a !== 'number' || left === a).toBe(true);
      }),
    ));

  test('bigints are compared exactly, and texts by code point', () => {
    expect(compareValues(2n ** 63n, 2n ** 63n + 1n)).toBeLessThan(0);
    expect(compareValues('\uffff', '\u{10000}')).toBeLessThan(0);
  });

  test('several fields are compared in turn, then the id', () => {
    const by = compareBy<{ readonly a: number; readonly b: bigint | null; readonly id: string }>(['a', 'b']);
    const rows = [
      { a: 1, b: 1n, id: 'y' },
      { a: 1, b: 2n, id: 'a' },
      { a: 1, b: 2n, id: 'b' },
      { a: 1, b: null, id: 'a' },
      { a: 2, b: 0n, id: 'a' },
    ];
    expect(rows.toReversed().toSorted(by)).toEqual(rows);
  });
});
