import { expect, it } from 'vitest';
import type { GetStore } from '../rows.ts';
import { aDeal, anEvent, aPosition, keep, keepDeal, nextId } from '../rows.ts';

export function readsByIds(store: GetStore): void {
  it('byIds returns rows in request order, and undefined for unknown ids', async () => {
    const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset), aPosition(asset)] as const);
    const [a, b] = positions;
    const requestedIds = [b.id, nextId('pos'), a.id];
    expect(await store().read('ALL').positions.byIds(requestedIds)).toEqual([b, undefined, a]);
  });

  it('byIds returns each row as often as it was requested, and nothing without ids', async () => {
    const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
    const [{ id }] = positions;
    expect(await store().read('ALL').positions.byIds([id, id, id])).toEqual([...positions, ...positions, ...positions]);
    expect(await store().read('ALL').positions.byIds([])).toEqual([]);
  });

  it.each([
    ['an empty id', () => ''],
    ['a word', () => 'nonsense'],
    ['SQL', () => "' or 1=1 --"],
    ['a prefix only', () => 'pos_'],
    ['a NUL', () => 'pos_\0'],
    ['an id followed by NUL', (id: string) => `${id}\0`],
    ['a lone surrogate', () => 'pos_\ud800'],
    ['an id in upper case', (id: string) => id.toUpperCase()],
    ['an id followed by a space', (id: string) => `${id} `],
    ['a text of a megabyte', () => 'x'.repeat(1_000_000)],
    ['the name of a property of every object', () => 'constructor'],
    ['__proto__', () => '__proto__'],
  ])('byIds returns undefined for a malformed id, and the other rows: %s', async (_name, malform) => {
    const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset)] as const);
    const [{ id }] = positions;
    expect(
      await store()
        .read('ALL')
        .positions.byIds([malform(id), id]),
    ).toEqual([undefined, ...positions]);
  });

  it('byIds returns undefined for an id of another type', async () => {
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

  it('byIds and lock return the same rows within a transaction', async () => {
    const { positions } = await keepDeal(store(), ({ asset }) => [aPosition(asset), aPosition(asset)] as const);
    const [a, b] = positions;
    const requestedIds = [b.id, 'pos_\0', a.id, b.id, nextId('pos')];
    await store().transact('ALL', async (tx) => {
      expect(await tx.positions.byIds(requestedIds)).toEqual([b, undefined, a, b, undefined]);
      expect(await tx.positions.lock(requestedIds)).toEqual([b, undefined, a, b, undefined]);
    });
  });
}
