import { beforeAll, describe, expect, it } from 'vitest';
import { mustBeClean } from '../support/answers.ts';
import type { Mutation } from '../support/badInput.ts';
import { pageIn } from '../support/lists.ts';
import { onBothStores } from '../support/stores.ts';
import { idsOf, ROOT, tenantsOn, unknownOf } from '../support/tenants.ts';
import {
  AssetIdsDocument,
  EverythingDocument,
  InstitutionIdsDocument,
  NodesDocument,
  PositionIdsDocument,
  TemplateIdsDocument,
  TotalsDocument,
} from './documents/graphql.ts';

onBothStores((open) => {
  const { server, own, theirs, as } = tenantsOn(open);

  describe.each(['ADMIN', 'READ_ONLY'] as const)('%s of one institution', (role) => {
    beforeAll(() => as(role));

    it(`${role} reads its own objects, and objects of others exactly like ids that never existed`, async () => {
      for (const id of idsOf(theirs())) {
        const theirAnswer = await server().ask(EverythingDocument, { id });
        const unknownAnswer = await server().ask(EverythingDocument, { id: unknownOf(id) });
        mustBeClean(server(), theirAnswer);
        expect(theirAnswer.text).toBe(unknownAnswer.text);
        for (const foreign of idsOf(theirs())) expect(theirAnswer.text).not.toContain(foreign);
        for (const mine of idsOf(own())) expect(theirAnswer.text).toContain(mine);
      }
      for (const id of idsOf(own())) expect((await server().run(EverythingDocument, { id })).node?.id).toBe(id);
    });

    it(`${role} gets null from nodes for objects of others`, async () => {
      const { nodes } = await server().run(NodesDocument, {
        ids: idsOf(own()).flatMap((id, index) => [idsOf(theirs())[index] ?? '', id]),
      });
      expect(nodes.map((node) => node?.id ?? null)).toEqual(idsOf(own()).flatMap((id) => [null, id]));
    });

    it(`${role} gets counts and sums of its own objects only`, async () => {
      const all = await server().run(EverythingDocument, { id: 'x' });
      expect([all.institutions, all.assetTemplates, all.assets, all.positions].map((list) => list?.totalCount)).toEqual(
        [1, 1, 1, 2],
      );
      expect(all.positionTotals).toMatchObject([{ currencyCode: 'USD', count: 2, amount: { amount: '200.00' } }]);
      const [institutionId, assetId] = [theirs().deal.institution.id, theirs().deal.assetId];
      const totals = await server().run(TotalsDocument, { filter: { institutionId }, institutionId, assetId });
      expect(totals).toEqual({ all: [], institution: null, asset: null });
    });

    it(`${role} finds no object of others by any filter`, async () => {
      const { deal } = theirs();
      const both = (mine: string, foreign: string) => [mine, foreign];
      const filters: readonly (readonly [Mutation, object, number])[] = [
        [TemplateIdsDocument, { institutionId: deal.institution.id }, 0],
        [AssetIdsDocument, { institutionId: deal.institution.id }, 0],
        [PositionIdsDocument, { institutionId: deal.institution.id }, 0],
        [AssetIdsDocument, { templateIds: [deal.templateId] }, 0],
        [PositionIdsDocument, { assetIds: [deal.assetId] }, 0],
        [PositionIdsDocument, { templateIds: [deal.templateId] }, 0],
        [InstitutionIdsDocument, { name: 'Harbor Bank' }, 1],
        [TemplateIdsDocument, { codes: ['CONSTR_ESCROW'] }, 1],
        [AssetIdsDocument, { label: 'Pier 9' }, 1],
        [AssetIdsDocument, { templateIds: both(own().deal.templateId, deal.templateId) }, 1],
        [PositionIdsDocument, { assetIds: both(own().deal.assetId, deal.assetId) }, 2],
        [PositionIdsDocument, { holderReference: 'holder' }, 2],
        [PositionIdsDocument, { states: ['CREATED', 'FUNDED'] }, 2],
        [PositionIdsDocument, { amount: { gte: '0' } }, 2],
      ];
      for (const [document, filter, count] of filters) {
        const page = pageIn(await server().ask(document, { filter }));
        expect([filter, page?.totalCount, page?.nodes.length]).toEqual([filter, count, count]);
      }
    });

    it(`${role} sees no object of others by using a cursor of root`, async () => {
      server().viewer = ROOT;
      const everything = await server().run(PositionIdsDocument, { first: 100 });
      as(role);
      for (const { cursor } of everything.list?.edges ?? []) {
        const { list } = await server().run(PositionIdsDocument, { after: cursor });
        expect(idsOf(own())).toEqual(expect.arrayContaining(list?.nodes.map(({ id }) => id) ?? []));
      }
    });
  });
});
