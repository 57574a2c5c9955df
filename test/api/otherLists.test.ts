import { expect, it } from 'vitest';
import { done } from '../support/deal.ts';
import { type ListDocument, pageOf, walk } from '../support/lists.ts';
import { portfolioOn } from '../support/portfolio.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import {
  AssetIdsDocument,
  CreateAssetDocument,
  InstitutionIdsDocument,
  TemplateIdsDocument,
} from './documents/graphql.ts';

onBothStores((open) => {
  const { server, deals } = portfolioOn(open);

  it('lists of institutions, templates and assets return the objects that match their filters', async () => {
    const [dollars, yen, dinars] = deals();
    const { createAsset } = await server().run(CreateAssetDocument, {
      input: { templateId: yen.templateId, label: 'Dock' },
    });
    const dock = done(createAsset, 'CreateAssetPayload').asset.id;
    const cases: readonly (readonly [ListDocument, object, readonly string[]])[] = [
      [
        InstitutionIdsDocument,
        { name: 'Harbor Bank', regions: ['SG', 'US'] },
        [dinars, yen, dollars].map(({ institution }) => institution.id),
      ],
      [InstitutionIdsDocument, { name: 'harbor bank' }, []],
      [InstitutionIdsDocument, { regions: ['UAE'] }, []],
      [InstitutionIdsDocument, { verticals: [] }, []],
      [TemplateIdsDocument, { regions: ['SG'] }, [dinars.templateId]],
      [
        TemplateIdsDocument,
        { codes: ['CONSTR_ESCROW', 'TF_LC'], verticals: ['CONSTRUCTION'] },
        [dinars, yen, dollars].map((each) => each.templateId),
      ],
      [TemplateIdsDocument, { verticals: ['TRADE_FINANCE'] }, []],
      [TemplateIdsDocument, { institutionId: yen.institution.id }, [yen.templateId]],
      [AssetIdsDocument, { label: 'Dock' }, [dock]],
      [AssetIdsDocument, { templateIds: [yen.templateId, dollars.templateId] }, [dock, yen.assetId, dollars.assetId]],
      [
        AssetIdsDocument,
        { institutionId: yen.institution.id, createdAt: { lte: new Date(START).toISOString() } },
        [yen.assetId],
      ],
    ];
    for (const [document, filter, expected] of cases) {
      expect(await walk(server(), document, { filter }, 1, false)).toEqual(expected);
      expect(await walk(server(), document, { filter }, 2, true)).toEqual(expected);
      expect((await pageOf(server(), document, { filter })).totalCount).toBe(expected.length);
    }
  });
});
