import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Position } from '../../src/domain/position.ts';
import { compareBy } from '../../src/store/memory/compare.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import { LAYOUTS } from '../../src/store/memory/layouts.ts';
import type { Condition, Field, Selection, Total } from '../../src/store/store.ts';
import { firstOf } from '../../src/store/window.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { aDeal, anAsset, aPosition, currency, type Deal, funded, insertAll, START } from './rows.ts';

/** More rows than a read may scan before a list or sums are kept. */
const positionCount = 2_500;
const HOLDERS = ['ann', 'bob', 'eve'] as const;
const [usd, eur] = [currency('USD'), currency('EUR')];

interface World {
  readonly store: MemoryStore;
  readonly deals: readonly Deal[];
  readonly positions: Map<string, Position>;
}

function drawPosition(deals: readonly Deal[], drawn: number): Position {
  const asset = (deals[drawn % deals.length] as Deal).asset;
  return aPosition(asset, {
    holderReference: HOLDERS[(drawn % 7) % 3] as string,
    externalReference: drawn % 11 === 0 ? null : drawn % 11 === 1 ? '' : `ref ${drawn % 11}`,
    currency: drawn % 5 === 0 ? eur : usd,
    amount: BigInt(1 + ((drawn * 7_919) % 10_007)),
    expiresAt: drawn % 3 === 0 ? null : START + ((drawn * 104_729) % 1_000_003),
    createdAt: START + (drawn % 911),
    updatedAt: START + ((drawn * 31) % 1_009),
  });
}

async function filled(): Promise<World> {
  const store = createMemoryStore();
  const first = aDeal();
  const deals = [first, { ...first, asset: anAsset(first.template) }, aDeal()];
  const positions = Array.from({ length: positionCount }, (_one, index) => drawPosition(deals, index * 13));
  await store.transact('ALL', async (tx) =>
    insertAll(tx, {
      institutions: [first, deals[2] as Deal].map(({ institution }) => institution),
      assetTemplates: [first, deals[2] as Deal].map(({ template }) => template),
      assets: deals.map(({ asset }) => asset),
      positions,
    }),
  );
  return { store, deals, positions: new Map(positions.map((position) => [position.id, position])) };
}

const query = fc.record({
  asset: fc.option(fc.nat(2)),
  holder: fc.option(fc.constantFrom(...HOLDERS)),
  reference: fc.option(fc.constantFrom('', 'ref 2'), { freq: 3 }),
  state: fc.option(fc.constantFrom('CREATED', 'FUNDED')),
  above: fc.option(fc.bigInt(1n, 1_000_000n)),
  order: fc.constantFrom(...LAYOUTS.positions.orders),
  direction: fc.constantFrom('ASC', 'DESC'),
  tenant: fc.option(fc.nat(2)),
});
const step = fc.oneof(
  fc.record({ query, times: fc.constantFrom(1, 2) }),
  fc.record({ write: fc.constantFrom('create', 'move', 'rename', 'remove'), drawn: fc.nat(100_000) }),
);

/** Applies a random write to the store and to the expected rows. */
async function write({ store, deals, positions }: World, kind: string, drawn: number): Promise<void> {
  const rows = [...positions.values()];
  const row = rows[drawn % rows.length] as Position;
  await store.transact('ALL', async (tx) => {
    if (kind === 'remove') {
      tx.positions.remove(row);
      positions.delete(row.id);
      return;
    }
    const renamed = { ...row, holderReference: 'eve', externalReference: null, version: row.version + 1 };
    const after = kind === 'create' ? drawPosition(deals, drawn) : kind === 'move' ? funded(row) : renamed;
    if (kind === 'create') tx.positions.insert(after);
    else tx.positions.replace(after);
    positions.set(after.id, after);
  });
}

function meets(row: Position, where: Selection<Position>['where']): boolean {
  return Object.entries(where).every(([field, condition]) => {
    const value = row[field as Field<Position>];
    const { in: values, range } = condition as { in?: readonly unknown[]; range?: { gt: bigint } };
    if (value === null) return false;
    return values ? values.includes(value) : (value as bigint) > (range?.gt ?? 0n);
  });
}

function groupsOf(rows: readonly Position[]): Map<string, Position[]> {
  const groups = new Map<string, Position[]>();
  for (const row of rows) {
    const key = `${row.currency} ${row.state === 'CREATED' ? 0 : 1}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return groups;
}

function totalsOf(rows: readonly Position[]): readonly Partial<Total>[] {
  const groups = groupsOf(rows);
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, of]) => ({
      currency: of[0]?.currency as Position['currency'],
      count: of.length,
      amount: of.reduce((sum, { amount }) => sum + amount, 0n),
      held: of.reduce((sum, { held }) => sum + held, 0n),
    }));
}

it('pages, counts and totals stay correct while lists and sums are kept', async () => {
  await checked(
    3,
    fc.asyncProperty(
      fc.array(step, { minLength: COUNTS.keptListSteps, maxLength: COUNTS.keptListSteps }),
      async (all) => {
        const world = await filled();
        for (const each of all) {
          if ('write' in each) {
            await write(world, each.write, each.drawn);
            continue;
          }
          const { asset, holder, reference, state, above, order, direction, tenant } = each.query;
          const institutionId = tenant === null ? null : (world.deals[tenant] as Deal).institution.id;
          const where: { [field: string]: Condition<never> } = {
            ...(asset !== null && { assetId: { in: [world.deals[asset]?.asset.id] as never[] } }),
            ...(holder !== null && { holderReference: { in: [holder] as never[] } }),
            ...(reference !== null && { externalReference: { in: [reference] as never[] } }),
            ...(state !== null && { state: { in: [state] as never[] } }),
            ...(above !== null && { magnitude: { range: { gt: above as never } } }),
          };
          const rows = [...world.positions.values()].filter(
            (row) => meets(row, where) && (institutionId === null || row.institutionId === institutionId),
          );
          const compare = compareBy<Position>(order);
          const sorted = rows.toSorted((a, b) => (direction === 'ASC' ? compare(a, b) : compare(b, a)));
          const read = world.store.read(institutionId === null ? 'ALL' : { institutionId });
          const window = firstOf<Position>({ where, order: { by: order, direction }, limit: 20 });
          for (let time = 0; time < each.times; time += 1) {
            const [page] = await read.positions.pages([window]);
            expect(page?.rows).toEqual(sorted.slice(0, 20));
            expect(page?.more).toBe(sorted.length > 20);
            expect(await read.positions.counts([{ where }])).toEqual([rows.length]);
            expect((await read.positionTotals([{ where }]))[0]).toMatchObject(totalsOf(rows));
          }
        }
      },
    ),
  );
});

it('a page that had to scan many rows is read from its own list the next time', async () => {
  const { store } = await filled();
  const where = { holderReference: { in: ['bob'] }, currency: { in: [eur] } };
  const window = firstOf<Position>({ where, order: { by: ['updatedAt'], direction: 'DESC' }, limit: 50 });
  const scanned = async (): Promise<number> => {
    store.scanStats.rows = 0;
    await store.read('ALL').positions.pages([window]);
    return store.scanStats.rows;
  };
  expect(await scanned()).toBeGreaterThan(400);
  expect(await scanned()).toBeLessThanOrEqual(51);
});
