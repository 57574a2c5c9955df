import { describe, expect, it } from 'vitest';
import type { Position } from '../../../src/domain/position.ts';
import type { Key, Page, Window } from '../../../src/store/store.ts';
import type { GetStore } from '../rows.ts';
import {
  anEvent,
  anInstitution,
  aPosition,
  type Deal,
  idsOf,
  keep,
  keepDeal,
  keyOf,
  pageOf,
  START,
  windowOn,
} from '../rows.ts';

const ORDERS = ['createdAt', 'updatedAt', 'magnitude', 'expiresAt'] as const;
const DIRECTIONS = ['ASC', 'DESC'] as const;
const BOTH_WAYS = ORDERS.flatMap((field) => DIRECTIONS.map((direction) => ({ field, direction })));

/** Two rows of each value, inserted in an order that matches no tested order. Null is the greatest expiry. */
const tied = ({ asset }: Deal): readonly Position[] =>
  [3, 0, 2, 1].flatMap((step) =>
    [0, 1].map(() =>
      aPosition(asset, {
        createdAt: START + ((step + 1) % 4),
        updatedAt: START + 10 + ((step * 3) % 4),
        amount: 10n ** BigInt(step * 3),
        expiresAt: step === 3 ? null : START + 100 - step,
      }),
    ),
  );

/** Sorts the rows independently: by value with null last, then by id. */
const sorted = (rows: readonly Position[], field: (typeof ORDERS)[number], direction: 'ASC' | 'DESC') => {
  const value = (row: Position): number => Number(row[field] ?? Infinity);
  const ascending = rows.toSorted((a, b) => value(a) - value(b) || (a.id < b.id ? -1 : 1));
  return direction === 'ASC' ? ascending : ascending.toReversed();
};

const stretches = (length: number): readonly (readonly [number, number])[] =>
  Array.from({ length: length + 1 }, (_from, from) =>
    Array.from({ length: length - from + 1 }, (_to, size) => [from, from + size] as const),
  ).flat();

export function pages(store: GetStore): void {
  const read = (window: Partial<Window<Position>>): Promise<Page<Position>> =>
    pageOf(store().read('ALL').positions, window);

  it.each(BOTH_WAYS)(
    'rows are ordered by $field $direction, ties by id, with null as the greatest value',
    async ({ field, direction }) => {
      const { institution, positions } = await keepDeal(store(), tied);
      const where = { institutionId: { in: [institution.id] } };
      const page = await read({ where, order: { by: [field], direction } });
      expect(idsOf(page)).toEqual(sorted(positions, field, direction).map(({ id }) => id));
      expect(page.more).toBe(false);
    },
  );

  it.each(BOTH_WAYS)(
    'any range of rows by $field $direction is returned from either end, with any limit',
    async (order) => {
      const { field, direction } = order;
      const { institution, positions } = await keepDeal(store(), tied);
      const all = sorted(positions, field, direction);
      const keyAt = (index: number): Key | null => (all[index] ? keyOf(all[index], [field]) : null);
      const base = { where: { institutionId: { in: [institution.id] } }, order: { by: [field], direction } };
      const cuts = stretches(all.length).flatMap(([from, to]) =>
        [0, 1, 3, 100].flatMap((limit) => [false, true].map((backward) => ({ from, to, limit, backward }))),
      );
      const windows = cuts.map(({ from, to, limit, backward }) =>
        windowOn<Position>({ ...base, limit, backward, after: keyAt(from - 1), before: keyAt(to) }),
      );
      const answers = await store().read('ALL').positions.pages(windows);
      expect(answers.map((page) => ({ ids: idsOf(page), more: page.more }))).toEqual(
        cuts.map(({ from, to, limit, backward }) => {
          const part = all.slice(from, to).map(({ id }) => id);
          const start = backward ? Math.max(0, part.length - limit) : 0;
          return { ids: part.slice(start, start + limit), more: part.length > limit };
        }),
      );
    },
  );

  it('nothing is returned between a key and itself, or between keys in the wrong order', async () => {
    const { institution, positions } = await keepDeal(store(), tied);
    const where = { institutionId: { in: [institution.id] } };
    const [first, second] = sorted(positions, 'createdAt', 'ASC').map((row) => keyOf(row, ['createdAt']));
    if (!first || !second) throw new Error('There are too few rows.');
    for (const after of [first, second]) {
      expect(await read({ where, after, before: first })).toEqual({ rows: [], more: false });
    }
  });

  it('a page continues from a key whose row does not exist', async () => {
    const { institution, positions } = await keepDeal(store(), tied);
    const where = { institutionId: { in: [institution.id] } };
    const all = sorted(positions, 'createdAt', 'ASC');
    const between = [all[2]?.createdAt ?? 0, all[2]?.id.slice(0, -1) ?? ''];
    expect(idsOf(await read({ where, after: between }))).toEqual(all.slice(2).map(({ id }) => id));
    expect(idsOf(await read({ where, before: between }))).toEqual(all.slice(0, 2).map(({ id }) => id));
  });

  it('paging is stable while rows are inserted: each existing row is returned once, in order', async () => {
    const { institution, asset, positions } = await keepDeal(store(), ({ asset: of }) =>
      Array.from({ length: 12 }, (_row, index) => aPosition(of, { createdAt: START + 10 * (index % 3) })),
    );
    const where = { institutionId: { in: [institution.id] } };
    const met: Position[] = [];
    for (let after: Key | null = null, more = true; more; ) {
      const page: Page<Position> = await read({ where, limit: 2, after });
      met.push(...page.rows);
      ({ more } = page);
      const last = page.rows.at(-1);
      if (last) after = keyOf(last, ['createdAt']);
      await keep(store(), {
        positions: [aPosition(asset, { createdAt: START - 5 }), aPosition(asset, { createdAt: START + 10 })],
      });
      if (met.length > 100) break;
    }
    const old = new Set(positions.map(({ id }) => id));
    expect(met.filter(({ id }) => old.has(id))).toEqual(sorted(positions, 'createdAt', 'ASC'));
    expect(new Set(met.map(({ id }) => id)).size).toBe(met.length);
    expect(met).toEqual(sorted(met, 'createdAt', 'ASC'));
  });

  it('a replaced row has its new place in every order, and none remains at the old place', async () => {
    const { institution, positions } = await keepDeal(store(), tied);
    const [moved] = positions;
    if (!moved) throw new Error('There is no row.');
    const after: Position = { ...moved, state: 'CANCELLED', version: 2, sequence: 2, updatedAt: START + 99 };
    await store().transact('ALL', async (tx) => tx.positions.replace(after));
    const now = positions.map((row) => (row.id === moved.id ? after : row));
    for (const { field, direction } of BOTH_WAYS) {
      const where = { institutionId: { in: [institution.id] } };
      const page = await read({ where, order: { by: [field], direction } });
      expect(page.rows).toEqual(sorted(now, field, direction));
    }
    const inState = (state: Position['state']): Partial<Window<Position>> => ({
      where: { state: { in: [state] } },
      parent: { field: 'institutionId', id: institution.id },
    });
    expect(idsOf(await read(inState('CREATED')))).not.toContain(moved.id);
    expect((await read(inState('CANCELLED'))).rows).toEqual([after]);
  });

  it('the events of a position are ordered by sequence', async () => {
    const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
    const [position] = positions;
    const lifecycleEvents = [3, 1, 11, 2].map((sequence) => anEvent({ ...position, sequence }));
    await keep(store(), { lifecycleEvents });
    const parent = { field: 'positionId', id: position.id } as const;
    for (const direction of DIRECTIONS) {
      const order = { by: ['sequence'], direction } as const;
      const page = await pageOf(store().read('ALL').lifecycleEvents, { parent, order });
      const sequences = page.rows.map(({ sequence }) => sequence);
      expect(sequences).toEqual(direction === 'ASC' ? [1, 2, 3, 11] : [11, 3, 2, 1]);
    }
  });

  describe('the order of text', () => {
    it('text is ordered and compared by code point, not by language or UTF-16 unit', async () => {
      const names = ['Z', 'a', 'Ä', 'ä', 'z', '\uff21', '\u{1f600}', 'aa', 'a b', 'a-b', 'A', '', '\ud7ff', '\ue000'];
      const byCodePoint = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const createdAt = START + 777_000;
      await keep(store(), { institutions: names.map((name) => anInstitution({ name, createdAt })) });
      const where = { createdAt: { range: { gte: createdAt, lte: createdAt } } };
      const order = { by: ['name'], direction: 'ASC' } as const;
      const all = await pageOf(store().read('ALL').institutions, { where, order });
      expect(all.rows.map(({ name }) => name)).toEqual(byCodePoint);
      const middle = all.rows[7];
      if (!middle) throw new Error('There are too few rows.');
      const after = await pageOf(store().read('ALL').institutions, {
        where: { ...where, name: { range: { gt: middle.name } } },
        order,
      });
      expect(after.rows).toEqual(all.rows.slice(8));
      const behind = await pageOf(store().read('ALL').institutions, { where, order, after: keyOf(middle, ['name']) });
      expect(behind.rows).toEqual(all.rows.slice(8));
    });
  });
}
