import { expect, it } from 'vitest';
import type { Position } from '../../../src/domain/position.ts';
import type { Window } from '../../../src/store/store.ts';
import type { GetStore } from '../rows.ts';
import {
  anAsset,
  anEvent,
  anInstitution,
  aPosition,
  aTemplate,
  idsOf,
  keep,
  keyOf,
  nextId,
  START,
  windowOn,
} from '../rows.ts';

export function parents(store: GetStore): void {
  const made = async () => {
    const institution = anInstitution();
    const template = aTemplate(institution);
    const assets = [anAsset(template), anAsset(template), anAsset(template)] as const;
    const positions = Array.from({ length: 12 }, (_row, index) =>
      aPosition(assets[index % 2] ?? assets[0], { createdAt: START + (index % 5) }),
    );
    await keep(store(), { institutions: [institution], assetTemplates: [template], assets, positions });
    const ids = (assetId: string) =>
      positions
        .filter((row) => row.assetId === assetId)
        .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
        .map(({ id }) => id);
    return { institution, template, assets, positions, ids };
  };
  const of = (id: string) => ({ field: 'assetId', id }) as const;

  it('windows of one shape return the rows of their parent, also for repeated, empty and unknown parents', async () => {
    const { assets, ids } = await made();
    const parentIds = [assets[1].id, assets[0].id, nextId('ast'), assets[1].id, assets[2].id, 'nonsense', 'ast_\0'];
    const pages = await store()
      .read('ALL')
      .positions.pages(parentIds.map((id) => windowOn<Position>({ parent: of(id), limit: 4 })));
    expect(pages.map((page) => idsOf(page))).toEqual(parentIds.map((id) => ids(id).slice(0, 4)));
    expect(pages.map(({ more }) => more)).toEqual([true, true, false, true, false, false, false]);
  });

  it('windows of many shapes in one batch are returned independently, in request order', async () => {
    const { institution, assets, positions, ids } = await made();
    const second = positions.find(({ id }) => id === ids(assets[0].id)[1]);
    if (!second) throw new Error('There are too few rows.');
    const shapes: readonly (readonly [Partial<Window<Position>>, readonly string[]])[] = [
      [{ parent: of(assets[0].id), limit: 2 }, ids(assets[0].id).slice(0, 2)],
      [{ parent: of(assets[0].id), limit: 2, backward: true }, ids(assets[0].id).slice(-2)],
      [{ parent: of(assets[1].id), limit: 2 }, ids(assets[1].id).slice(0, 2)],
      [{ parent: of(assets[0].id), after: keyOf(second, ['createdAt']) }, ids(assets[0].id).slice(2)],
      [{ parent: of(assets[0].id), where: { state: { in: ['FUNDED'] } } }, []],
      [{ parent: of(assets[1].id), where: { createdAt: { range: { lte: START } } } }, ids(assets[1].id).slice(0, 1)],
      [{ parent: of(assets[1].id), where: { assetId: { in: [assets[0].id, assets[2].id] } } }, []],
      [{ parent: of(assets[1].id), where: { assetId: { in: [assets[0].id, assets[1].id] } } }, ids(assets[1].id)],
      [
        { parent: { field: 'institutionId', id: institution.id }, where: { assetId: { in: [assets[1].id] } } },
        ids(assets[1].id),
      ],
      [{ where: { assetId: { in: [assets[0].id] } } }, ids(assets[0].id)],
      [{ parent: of(assets[2].id), limit: 0 }, []],
      [{ parent: of(assets[1].id), order: { by: ['createdAt'], direction: 'DESC' } }, ids(assets[1].id).toReversed()],
    ];
    const pages = await store()
      .read('ALL')
      .positions.pages(shapes.map(([shape]) => windowOn<Position>(shape)));
    expect(pages.map((page) => idsOf(page))).toEqual(shapes.map(([, expected]) => expected));
  });

  it('counts and totals are limited to their parent', async () => {
    const { assets } = await made();
    const selections = [assets[1], assets[2], assets[0], assets[1]].map(({ id }) => ({ parent: of(id), where: {} }));
    const read = store().read('ALL');
    expect(await read.positions.counts(selections)).toEqual([6, 0, 6, 6]);
    const totals = await read.positionTotals(selections);
    expect(totals.map((each) => each.map(({ count, amount }) => [count, amount]))).toEqual([
      [[6, 600n]],
      [],
      [[6, 600n]],
      [[6, 600n]],
    ]);
  });

  it('every list of children contains only those of its parent', async () => {
    const { institution, template, assets, positions } = await made();
    const [first, second] = positions;
    if (!first || !second) throw new Error('There are too few rows.');
    await keep(store(), { lifecycleEvents: [anEvent(first), anEvent(second), anEvent({ ...first, sequence: 2 })] });
    const read = store().read('ALL');
    const ofInstitution = { parent: { field: 'institutionId', id: institution.id }, where: {} } as const;
    expect(await read.assetTemplates.counts([ofInstitution])).toEqual([1]);
    expect(await read.assets.counts([ofInstitution])).toEqual([3]);
    expect(await read.positions.counts([ofInstitution])).toEqual([12]);
    expect(await read.assets.counts([{ parent: { field: 'templateId', id: template.id }, where: {} }])).toEqual([
      assets.length,
    ]);
    const ofPosition = (id: string) => ({ parent: { field: 'positionId', id }, where: {} }) as const;
    expect(await read.lifecycleEvents.counts([first.id, second.id, nextId('pos')].map(ofPosition))).toEqual([2, 1, 0]);
  });
}
