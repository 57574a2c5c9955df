import { describe, expect, it } from 'vitest';
import type { Institution } from '../../../src/domain/institution.ts';
import type { Position } from '../../../src/domain/position.ts';
import type { Where } from '../../../src/store/store.ts';
import type { GetStore } from '../rows.ts';
import {
  aDeal,
  anAsset,
  anInstitution,
  aPosition,
  aTemplate,
  currency,
  funded,
  idsOf,
  keep,
  keepDeal,
  nextId,
  pageOf,
  START,
} from '../rows.ts';

export function filters(store: GetStore): void {
  /** Returns the indexes of the rows that match a filter, which pages and counts must agree on. */
  async function placesOf(rows: readonly Position[], where: Where<Position>): Promise<readonly number[]> {
    const own = { institutionId: { in: [...new Set(rows.map(({ institutionId }) => institutionId))] }, ...where };
    const positions = store().read('ALL').positions;
    const page = await pageOf(positions, { where: own });
    expect(await positions.counts([{ where: own }])).toEqual([page.rows.length]);
    return page.rows.map((row) => rows.findIndex(({ id }) => id === row.id)).toSorted((a, b) => a - b);
  }

  describe('filters of positions', () => {
    const made = async () => {
      const { institution, template, asset } = aDeal();
      const other = aTemplate(institution);
      const asset2 = anAsset(template);
      const asset3 = anAsset(other);
      const positions: readonly Position[] = [
        aPosition(asset, { expiresAt: START + 1, externalReference: 'x', amount: 1n }),
        funded(aPosition(asset2, { expiresAt: START + 2, holderReference: 'Holder', amount: 2n }), {
          sequence: 1,
          version: 1,
        }),
        aPosition(asset3, { currency: currency('JPY'), createdAt: START + 5, updatedAt: START + 9, amount: 1n }),
        funded(aPosition(asset3, { externalReference: 'X', createdAt: START + 6, updatedAt: START + 8, amount: 4n })),
      ];
      await keep(store(), {
        institutions: [institution],
        assetTemplates: [template, other],
        assets: [asset, asset2, asset3],
        positions,
      });
      return { institution, template, other, asset, asset2, asset3, positions };
    };

    it('an empty list matches nothing, for any field and with any other conditions', async () => {
      const { positions } = await made();
      const empty: readonly Where<Position>[] = [
        { institutionId: { in: [] } },
        { assetId: { in: [] } },
        { templateId: { in: [] } },
        { state: { in: [] } },
        { currency: { in: [] } },
        { holderReference: { in: [] } },
        { state: { in: [] }, assetId: { in: positions.map(({ assetId }) => assetId) } },
        { state: { in: ['CREATED', 'FUNDED'] }, assetId: { in: [] } },
      ];
      for (const where of empty) expect(await placesOf(positions, where)).toEqual([]);
    });

    it('lists of values are not confused with other lists that look alike when joined', async () => {
      const { institution } = await keepDeal(store(), ({ asset }) => [aPosition(asset, { holderReference: 'a\nb' })]);
      const { positions } = store().read('ALL');
      const selections = ['', '\n', '\0', ',', '\na', '\0a'].map((end) => ({
        where: {
          institutionId: { in: [`${institution.id}${end}`] },
          holderReference: { in: ['b', 'a\nb'].slice(end === '' ? 1 : 0) },
        },
      }));
      const single = selections.map(({ where }) => ({
        where: { ...where, holderReference: { in: [where.holderReference.in[0] ?? ''] } },
      }));
      expect(await positions.counts(selections)).toEqual([1, 0, 0, 0, 0, 0]);
      expect(await positions.counts(single)).toEqual([1, 0, 0, 0, 0, 0]);
    });

    it('a value matches exactly itself', async () => {
      const { positions, asset3, other } = await made();
      expect(await placesOf(positions, { externalReference: { in: ['x'] } })).toEqual([0]);
      expect(await placesOf(positions, { externalReference: { in: ['X'] } })).toEqual([3]);
      expect(await placesOf(positions, { externalReference: { in: ['null'] } })).toEqual([]);
      expect(await placesOf(positions, { holderReference: { in: ['Holder'] } })).toEqual([1]);
      expect(await placesOf(positions, { holderReference: { in: ['hold%'] } })).toEqual([]);
      expect(await placesOf(positions, { state: { in: ['FUNDED'] } })).toEqual([1, 3]);
      expect(await placesOf(positions, { currency: { in: [currency('JPY')] } })).toEqual([2]);
      expect(await placesOf(positions, { assetId: { in: [asset3.id] } })).toEqual([2, 3]);
      expect(await placesOf(positions, { templateId: { in: [other.id] } })).toEqual([2, 3]);
    });

    it('list values are combined with OR, and each row is returned once, also with unknown and repeated values', async () => {
      const { positions, asset, asset2, template, other } = await made();
      expect(await placesOf(positions, { state: { in: ['FUNDED', 'CREATED', 'FUNDED', 'EXPIRED'] } })).toEqual([
        0, 1, 2, 3,
      ]);
      expect(await placesOf(positions, { assetId: { in: [asset2.id, nextId('ast'), asset.id, asset2.id] } })).toEqual([
        0, 1,
      ]);
      expect(await placesOf(positions, { templateId: { in: [template.id, other.id] } })).toEqual([0, 1, 2, 3]);
      expect(await placesOf(positions, { currency: { in: [currency('EUR'), currency('USD')] } })).toEqual([0, 1, 3]);
    });

    it('fields are combined with AND, each with several values', async () => {
      const { positions, asset, asset2, asset3, template, other } = await made();
      const assetId = { in: [asset.id, asset3.id] };
      const state = { in: ['FUNDED', 'CANCELLED'] } as const;
      expect(await placesOf(positions, { assetId, state })).toEqual([3]);
      expect(await placesOf(positions, { state, assetId })).toEqual([3]);
      const templateId = { in: [template.id, other.id] };
      expect(await placesOf(positions, { templateId, state, assetId: { in: [asset.id, asset2.id] } })).toEqual([1]);
      expect(await placesOf(positions, { state, currency: { in: [currency('JPY')] } })).toEqual([]);
    });

    it.each(['with\0NUL', '\ud800', 'x\u0007'])('a text that cannot be stored matches nothing: %j', async (text) => {
      const { positions } = await made();
      expect(await placesOf(positions, { externalReference: { in: [text] } })).toEqual([]);
      expect(await placesOf(positions, { externalReference: { in: [text, 'x'] } })).toEqual([0]);
      expect(await placesOf(positions, { assetId: { in: [text] } })).toEqual([]);
      expect(await placesOf(positions, { institutionId: { in: [text] } })).toEqual([]);
    });

    it('a range includes its ends with gte and lte, excludes them with gt and lt, and matches nothing in reverse', async () => {
      const { positions } = await made();
      const by = (range: object) => placesOf(positions, { magnitude: { range } });
      const [one, two, four] = [100n, 200n, 400n];
      expect(await by({ gte: two })).toEqual([1, 2, 3]);
      expect(await by({ gt: two })).toEqual([2, 3]);
      expect(await by({ lte: four })).toEqual([0, 1, 3]);
      expect(await by({ lt: four })).toEqual([0, 1]);
      expect(await by({ gte: one, gt: one, lt: four, lte: two })).toEqual([1]);
      expect(await by({ gte: four, lte: one })).toEqual([]);
      expect(await by({ gt: one, lt: one })).toEqual([]);
      expect(await by({})).toEqual([0, 1, 2, 3]);
    });

    it('a range of times is exact to the millisecond', async () => {
      const { positions } = await made();
      expect(await placesOf(positions, { createdAt: { range: { gt: START, lte: START + 5 } } })).toEqual([2]);
      expect(await placesOf(positions, { updatedAt: { range: { gte: START + 9 } } })).toEqual([2, 3]);
      expect(await placesOf(positions, { updatedAt: { range: { gt: START + 9 } } })).toEqual([]);
    });

    it('null is in no range of expiries, not even one without bounds', async () => {
      const { positions } = await made();
      const by = (range: object) => placesOf(positions, { expiresAt: { range } });
      expect(await by({})).toEqual([0, 1]);
      expect(await by({ gt: START + 1 })).toEqual([1]);
      expect(await by({ lt: START + 2 })).toEqual([0]);
      expect(await by({ gte: Date.parse('0001-01-01T00:00:00.000Z') })).toEqual([0, 1]);
      expect(await by({ lte: Date.parse('9999-12-31T23:59:59.999Z') })).toEqual([0, 1]);
    });

    it('ranges work in every order and direction, with cursors', async () => {
      const { institution, positions } = await keepDeal(store(), ({ asset }) =>
        Array.from({ length: 20 }, (_row, index) =>
          aPosition(asset, {
            amount: BigInt(index + 1),
            createdAt: START + ((index * 7) % 20),
            expiresAt: index % 4 === 0 ? null : START + index,
          }),
        ),
      );
      const where: Where<Position> = {
        institutionId: { in: [institution.id] },
        magnitude: { range: { gte: 500n, lt: 1800n } },
        expiresAt: { range: { gt: START } },
      };
      const meant = positions.filter(
        ({ magnitude, expiresAt }) => magnitude >= 500n && magnitude < 1800n && expiresAt !== null,
      );
      for (const field of ['createdAt', 'magnitude', 'expiresAt'] as const) {
        const order = { by: [field], direction: 'DESC' } as const;
        const page = await pageOf(store().read('ALL').positions, { where, order, limit: 5, backward: true });
        const all = meant.toSorted((a, b) => Number(b[field] ?? 0n) - Number(a[field] ?? 0n)).map(({ id }) => id);
        expect(idsOf(page)).toEqual(all.slice(-5));
        expect(page.more).toBe(true);
      }
    });
  });

  it('a list field matches if any of its values does, and each row is returned once', async () => {
    const createdAt = START + 555_000;
    const rows: readonly Institution[] = [
      anInstitution({ createdAt, regions: ['US', 'SG'], verticals: ['CONSTRUCTION', 'TRADE_FINANCE'] }),
      anInstitution({ createdAt, regions: ['SG'], verticals: ['TRADE_FINANCE'] }),
      anInstitution({ createdAt, regions: ['UAE', 'EU_UK'], verticals: ['CONSTRUCTION'] }),
    ];
    await keep(store(), { institutions: rows });
    const placesOfWhere = async (where: Where<Institution>, limit = 100) => {
      const reader = store().read('ALL').institutions;
      const own = { createdAt: { range: { gte: createdAt, lte: createdAt } }, ...where };
      const page = await pageOf(reader, { where: own, limit });
      expect(await reader.counts([{ where: own }])).toEqual([page.rows.length + (page.more ? 1 : 0)]);
      return page.rows.map((row) => rows.findIndex(({ id }) => id === row.id));
    };
    expect(await placesOfWhere({ regions: { in: ['SG'] } })).toEqual([0, 1]);
    expect(await placesOfWhere({ regions: { in: ['SG', 'US'] } })).toEqual([0, 1]);
    expect(await placesOfWhere({ regions: { in: ['US', 'SG', 'UAE', 'EU_UK'] } })).toEqual([0, 1, 2]);
    expect(await placesOfWhere({ regions: { in: ['US', 'SG', 'UAE', 'EU_UK'] } }, 2)).toEqual([0, 1]);
    expect(await placesOfWhere({ regions: { in: ['EU_UK'] } })).toEqual([2]);
    expect(await placesOfWhere({ regions: { in: [] } })).toEqual([]);
    expect(await placesOfWhere({ verticals: { in: ['TRADE_FINANCE'] }, regions: { in: ['US', 'UAE'] } })).toEqual([0]);
  });

  it('templates and assets are found by each of their fields', async () => {
    const institution = anInstitution();
    const template = aTemplate(institution);
    const other = aTemplate(institution, { code: 'TF_LC', vertical: 'TRADE_FINANCE', region: 'SG' });
    const assets = [anAsset(template), anAsset(other, { label: 'Pier 10', createdAt: START + 1 })] as const;
    await keep(store(), { institutions: [institution], assetTemplates: [template, other], assets });
    const { assetTemplates, assets: assetReader } = store().read({ institutionId: institution.id });
    for (const where of [
      { code: { in: ['TF_LC'] } },
      { vertical: { in: ['TRADE_FINANCE'] } },
      { region: { in: ['SG', 'UAE'] } },
      {
        code: { in: ['TF_LC', 'TF_INVOICE'] },
        region: { in: ['SG', 'US'] },
        vertical: { in: ['TRADE_FINANCE', 'CONSTRUCTION'] },
      },
    ] as const) {
      expect(idsOf(await pageOf(assetTemplates, { where }))).toEqual([other.id]);
    }
    for (const where of [
      { label: { in: ['Pier 10'] } },
      { templateId: { in: [other.id] } },
      { createdAt: { range: { gt: START } } },
    ] as const) {
      expect(idsOf(await pageOf(assetReader, { where }))).toEqual([assets[1].id]);
    }
  });
}
