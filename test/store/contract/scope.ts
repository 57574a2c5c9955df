import { beforeAll, describe, expect, it } from 'vitest';
import type { Position } from '../../../src/domain/position.ts';
import { StaleVersionError } from '../../../src/domain/userErrors.ts';
import type { Scope } from '../../../src/domain/viewer.ts';
import type { Readers, Tables, Writers } from '../../../src/store/store.ts';
import type { GetStore } from '../rows.ts';
import {
  aDeal,
  anAsset,
  anEvent,
  anInstitution,
  aPosition,
  aTemplate,
  funded,
  keep,
  nextId,
  only,
  pageOf,
  START,
  windowOn,
} from '../rows.ts';

const world = () => {
  const deal = aDeal();
  const position = aPosition(deal.asset);
  return { ...deal, position, event: anEvent(position), scope: only(deal.institution) as Scope };
};
type World = ReturnType<typeof world>;

const aChangeOf = ({ institutionId, id }: Position) =>
  ({ topic: 'POSITION', kind: 'UPDATED', institutionId, objectId: id, detailId: null, createdAt: START }) as const;

export function staysWithinItsScope(store: GetStore): void {
  let mine: World;
  let theirs: World;
  beforeAll(async () => {
    mine = world();
    theirs = world();
    for (const { institution, template, asset, position, event } of [mine, theirs]) {
      await keep(store(), {
        institutions: [institution],
        assetTemplates: [template],
        assets: [asset],
        positions: [position],
        lifecycleEvents: [event],
      });
    }
  });

  const kinds = (of: World) =>
    [
      ['institutions', of.institution],
      ['assetTemplates', of.template],
      ['assets', of.asset],
      ['positions', of.position],
      ['lifecycleEvents', of.event],
    ] as const satisfies readonly (readonly [keyof Tables, object])[];

  it('a row of another institution is returned like an unknown one', async () => {
    for (const [index, [name, row]] of kinds(mine).entries()) {
      const other = kinds(theirs)[index]?.[1].id ?? '';
      const read: Readers = store().read(mine.scope);
      expect(await read[name].byIds([other, row.id, nextId('pos')])).toEqual([undefined, row, undefined]);
      await store().transact(mine.scope, async (tx: Writers) => {
        expect(await tx[name].byIds([other, row.id])).toEqual([undefined, row]);
        // Rows that are never changed cannot be locked.
        const locked = 'version' in row ? await tx[name].lock([other, row.id]) : [undefined, row];
        expect(locked).toEqual([undefined, row]);
      });
    }
  });

  it('lists and counts contain only rows of the institution, even if another is requested by id', async () => {
    const read = store().read(mine.scope);
    expect((await pageOf(read.institutions, {})).rows).toEqual([mine.institution]);
    expect(await read.institutions.counts([{ where: {} }])).toEqual([1]);
    expect((await pageOf(read.assetTemplates, {})).rows).toEqual([mine.template]);
    expect((await pageOf(read.assets, {})).rows).toEqual([mine.asset]);
    expect((await pageOf(read.positions, {})).rows).toEqual([mine.position]);
    expect(await read.positions.counts([{ where: {} }])).toEqual([1]);
    const asking = (at: World) => windowOn<Position>({ where: { institutionId: { in: [at.institution.id] } } });
    const both = windowOn<Position>({ where: { institutionId: { in: [theirs.institution.id, mine.institution.id] } } });
    const pages = await read.positions.pages([asking(theirs), asking(mine), both]);
    expect(pages.map(({ rows }) => rows)).toEqual([[], [mine.position], [mine.position]]);
    expect(await read.positions.counts([asking(theirs), asking(mine), both])).toEqual([0, 1, 1]);
  });

  it('the children of a parent of another institution are not returned', async () => {
    const read = store().read(mine.scope);
    for (const parent of [
      { field: 'institutionId', id: theirs.institution.id },
      { field: 'assetId', id: theirs.asset.id },
    ] as const) {
      expect(await pageOf(read.positions, { parent })).toEqual({ rows: [], more: false });
      expect(await read.positions.counts([{ parent, where: {} }])).toEqual([0]);
      expect(await read.positionTotals([{ parent, where: {} }])).toEqual([[]]);
    }
    const parent = { field: 'positionId', id: theirs.position.id } as const;
    const order = { by: ['sequence'], direction: 'ASC' } as const;
    expect((await pageOf(read.lifecycleEvents, { parent, order })).rows).toEqual([]);
    expect(await read.lifecycleEvents.counts([{ parent, where: {} }])).toEqual([0]);
  });

  it('totals contain only rows of the institution', async () => {
    const totals = (scope: Scope, at: World) =>
      store()
        .read(scope)
        .positionTotals([{ where: { institutionId: { in: [at.institution.id] } } }]);
    const [one] = await totals(mine.scope, mine);
    expect(one?.map(({ count }) => count)).toEqual([1]);
    expect(await totals(mine.scope, theirs)).toEqual([[]]);
    expect(
      await store()
        .read(mine.scope)
        .positionTotals([{ where: {} }]),
    ).toEqual([one]);
  });

  it('an institution that does not exist has no rows', async () => {
    for (const institutionId of [nextId('inst'), 'nonsense']) {
      const read = store().read({ institutionId });
      expect(await read.positions.byIds([mine.position.id])).toEqual([undefined]);
      expect((await pageOf(read.positions, {})).rows).toEqual([]);
      expect((await pageOf(read.institutions, {})).rows).toEqual([]);
    }
  });

  describe('writes outside of the scope', () => {
    it.each<[string, (tx: Writers) => void]>([
      ['an institution', (tx) => tx.institutions.insert(anInstitution())],
      ['a template', (tx) => tx.assetTemplates.insert(aTemplate(theirs.institution))],
      ['an asset', (tx) => tx.assets.insert(anAsset(theirs.template))],
      ['a position', (tx) => tx.positions.insert(aPosition(theirs.asset))],
      ['a change', (tx) => tx.publish(aChangeOf(theirs.position))],
      ['an event', (tx) => tx.lifecycleEvents.insert(anEvent({ ...theirs.position, sequence: 2 }))],
    ])('a write outside of the scope is rejected: %s', async (_name, write) => {
      const beside = aPosition(mine.asset);
      const work = store().transact(mine.scope, async (tx) => {
        tx.positions.insert(beside);
        write(tx);
      });
      await expect(work).rejects.toThrow('lies outside the scope');
      expect(await store().read('ALL').positions.byIds([beside.id])).toEqual([undefined]);
      expect(
        await store()
          .read(theirs.scope)
          .positions.counts([{ where: {} }]),
      ).toEqual([1]);
    });

    it('a row of another institution is not replaced, not even with the institution of the scope', async () => {
      const after = funded(theirs.position);
      const honest = store().transact(mine.scope, async (tx) => tx.positions.replace(after));
      await expect(honest).rejects.toThrow('lies outside the scope');
      const { institution, template, asset } = mine;
      const stolen = { ...after, institutionId: institution.id, templateId: template.id, assetId: asset.id };
      const forged = store().transact(mine.scope, async (tx) => tx.positions.replace(stolen));
      await expect(forged).rejects.toThrow(StaleVersionError);
      await expect(forged).rejects.toMatchObject({ expectedVersion: 1, currentVersion: 0 });
      expect(await store().read('ALL').positions.byIds([theirs.position.id])).toEqual([theirs.position]);
      expect(
        await store()
          .read(mine.scope)
          .positions.counts([{ where: {} }]),
      ).toEqual([1]);
    });
  });
}
