import { expect, it } from 'vitest';
import { type GetStore, START } from '../rows.ts';

const MINUTE_MS = 60_000;
const writers = 20;
const names = 200;

/** The counts that servers share. */
export function tallies(store: GetStore): void {
  let window = START;
  /** Returns a window that no other test counts in. */
  const next = (): number => (window += MINUTE_MS);
  const add = async (index: number, counts: Readonly<Record<string, number>>) =>
    Object.fromEntries(await store().counters.add(index, new Map(Object.entries(counts))));

  it('each sum covers all counts of the name in the window, and only requested names are returned', async () => {
    const [first, second] = [next(), next()];
    expect(await add(first, { a: 1, b: 20 })).toEqual({ a: 1, b: 20 });
    expect(await add(first, { b: 5, c: 7 })).toEqual({ b: 25, c: 7 });
    expect(await add(second, { a: 3 })).toEqual({ a: 3 });
    expect(await add(first, { a: 0, b: 0, c: 0 })).toEqual({ a: 1, b: 25, c: 7 });
  });

  it('an empty request returns nothing', async () => {
    expect(await add(next(), {})).toEqual({});
  });

  it('a sum stops at the largest safe integer', async () => {
    const index = next();
    await add(index, { a: Number.MAX_SAFE_INTEGER - 1 });
    expect(await add(index, { a: Number.MAX_SAFE_INTEGER })).toEqual({ a: Number.MAX_SAFE_INTEGER });
    expect(await add(index, { a: 1 })).toEqual({ a: Number.MAX_SAFE_INTEGER });
  });

  it(`${writers} concurrent additions in different orders, with concurrent deletions, lose nothing`, async () => {
    const [old, at] = [next(), next()];
    const all = Array.from({ length: names }, (_one, index) => `name ${index}`);
    const counted = (from: number): Readonly<Record<string, number>> =>
      Object.fromEntries([...all.slice(from), ...all.slice(0, from)].map((name, index) => [name, index === 0 ? 2 : 1]));
    await Promise.all(
      Array.from({ length: writers }, async (_one, index) => {
        await add(old, counted(names - index - 1));
        await Promise.all([add(at, counted(index)), store().counters.deleteBefore(at)]);
      }),
    );
    const sums = await add(at, Object.fromEntries(all.map((name) => [name, 0])));
    expect(sums).toEqual(Object.fromEntries(all.map((name, index) => [name, writers + (index < writers ? 1 : 0)])));
  });

  it('windows that began before a time are deleted', async () => {
    await store().counters.deleteBefore(next());
    const [first, second, third] = [next(), next(), next()];
    await add(first, { a: 1, b: 1 });
    await add(second, { a: 1 });
    await add(third, { a: 1 });
    expect(await store().counters.deleteBefore(first)).toBe(0);
    expect(await store().counters.deleteBefore(third)).toBe(3);
    expect(await store().counters.deleteBefore(third)).toBe(0);
    expect(await add(first, { a: 1 })).toEqual({ a: 1 });
    expect(await add(third, { a: 1 })).toEqual({ a: 2 });
  });
}
