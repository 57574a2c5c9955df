import { expect, it } from 'vitest';
import type { GetStore } from '../rows.ts';
import { nextId } from '../rows.ts';
import { aDeal, aPosition, anEvent, keep, keepDeal } from '../rows.ts';

export function readsByIds(store: GetStore): void {
  it('answers in the order asked, with undefined for what there is not', async () => {
    const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset), aPosition(asset)] as const);
    const [a, b] = positions;
    const asked = [b.id, nextId('pos'), a.id];
    expect(await store().read('ALL').positions.byIds(asked)).toEqual([b, undefined, a]);
  });

  it('answers each row as often as it was asked for, and nothing for no id', async () => {
    const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
    const [{ id }] = positions;
    expect(await store().read('ALL').positions.byIds([id, id, id])).toEqual([...positions, ...positions, ...positions]);
    expect(await store().read('ALL').positions.byIds([])).toEqual([]);
  });

  it.each([
    ['no id at all', () => ''],
    ['a word', () => 'nonsense'],
    ['SQL', () => "' or 1=1 --"],
    ['a prefix alone', () => 'pos_'],
    ['a NUL', () => 'pos_\0'],
    ['a NUL behind an id', (id: string) => `${id}\0`],
    ['a lone surrogate', () => 'pos_\ud800'],
    ['capitals', (id: string) => id.toUpperCase()],
    ['a space behind an id', (id: string) => `${id} `],
    ['a megabyte', () => 'x'.repeat(1_000_000)],
    ['a name that every object has', () => 'constructor'],
    ['__proto__', () => '__proto__'],
  ])('knows no row by a malformed id, and still answers the others: %s', async (_name, malform) => {
    const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
    const [{ id }] = positions;
    expect(
      await store()
        .read('ALL')
        .positions.byIds([malform(id), id]),
    ).toEqual([undefined, ...positions]);
  });

  it("knows no row by another type's id", async () => {
    const { institution, template, asset } = aDeal();
    const position = aPosition(asset);
    const event = anEvent(position);
    await keep(store(), {
      institutions: [institution],
      assetTemplates: [template],
      assets: [asset],
      positions: [position],
      lifecycleEvents: [event],
    });
    const rows = [institution, template, asset, position, event];
    const ids = rows.map((row) => row.id);
    const read = store().read('ALL');
    const readers = [read.institutions, read.assetTemplates, read.assets, read.positions, read.lifecycleEvents];
    for (const [index, reader] of readers.entries()) {
      expect(await reader.byIds(ids)).toEqual(rows.map((row, which) => (which === index ? row : undefined)));
    }
  });

  it('reads the same within a transaction, locked or not', async () => {
    const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset), aPosition(asset)] as const);
    const [a, b] = positions;
    const asked = [b.id, 'pos_\0', a.id, b.id, nextId('pos')];
    await store().transact('ALL', async (tx) => {
      expect(await tx.positions.byIds(asked)).toEqual([b, undefined, a, b, undefined]);
      expect(await tx.positions.lock(asked)).toEqual([b, undefined, a, b, undefined]);
    });
  });
}
