import { describe, expect, it } from 'vitest';
import type { Deal } from '../support/deal.ts';
import { type ListDocument, pageOf, walk } from '../support/lists.ts';
import { FAR, FIELDS, inOrder, magnitude, type Position, portfolioOn } from '../support/portfolio.ts';
import { afterDays, day } from '../support/refusing.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import {
  AssetPositionIdsDocument,
  InstitutionPositionIdsDocument,
  type PositionFilter,
  PositionIdsDocument,
  TotalsDocument,
} from './documents/graphql.ts';

type Filtered = readonly [
  filter: (deals: readonly Deal[]) => PositionFilter,
  keeps: (position: Position, deals: readonly Deal[]) => boolean,
];
const on = (position: Position, deal: Deal | undefined): boolean => position.asset?.id === deal?.assetId;
const FILTERS: readonly Filtered[] = [
  [() => ({}), () => true],
  [([, yen]) => ({ institutionId: yen?.institution.id ?? '' }), (each, [, yen]) => on(each, yen)],
  [([a, b]) => ({ assetIds: [a?.assetId ?? '', b?.assetId ?? '', 'x'] }), (each, [a, b]) => on(each, a) || on(each, b)],
  [([, , c]) => ({ templateIds: [c?.templateId ?? ''] }), (each, [, , c]) => on(each, c)],
  [() => ({ assetIds: [] }), () => false],
  [() => ({ states: [] }), () => false],
  [() => ({ states: ['CREATED', 'RELEASED', 'CREATED'] }), ({ state }) => state === 'CREATED' || state === 'RELEASED'],
  [() => ({ states: ['CANCELLED'] }), ({ state }) => state === 'CANCELLED'],
  [() => ({ holderReference: 'a' }), ({ holderReference }) => holderReference === 'a'],
  [() => ({ holderReference: 'é' }), ({ holderReference }) => holderReference === 'é'],
  [() => ({ holderReference: 'e\u0301' }), () => false],
  [() => ({ holderReference: 'A' }), () => false],
  [() => ({ externalReference: 'order 0' }), ({ externalReference }) => externalReference === 'order 0'],
  [() => ({ currencyCode: 'KWD' }), ({ amount }) => amount.currencyCode === 'KWD'],
  [() => ({ currencyCode: 'EUR' }), () => false],
  [
    () => ({ amount: { gte: '99.99', lt: '101' } }),
    (each) => magnitude(each) >= 999_900n && magnitude(each) < 1_010_000n,
  ],
  [() => ({ amount: { gt: '100.00', lte: '9'.repeat(24) } }), (each) => magnitude(each) > 1_000_000n],
  [() => ({ amount: { gte: '100', lte: '100' } }), (each) => magnitude(each) === 1_000_000n],
  [() => ({ amount: { gt: '5', lt: '4' } }), () => false],
  [() => ({ amount: {} }), () => true],
  [() => ({ createdAt: { gt: new Date(START).toISOString() } }), ({ createdAt }) => Date.parse(createdAt) > START],
  [
    () => ({ createdAt: { lte: '2026-03-01T13:00:00.000999999+01:00' } }),
    ({ createdAt }) => Date.parse(createdAt) <= START,
  ],
  [
    () => ({ updatedAt: { gte: new Date(START + 20).toISOString() } }),
    ({ updatedAt }) => Date.parse(updatedAt) >= START + 20,
  ],
  [
    () => ({ expiresAt: { gte: day(2) } }),
    ({ expiresAt }) => expiresAt !== null && Date.parse(expiresAt) >= afterDays(2),
  ],
  [
    () => ({ expiresAt: { lt: day(2) } }),
    ({ expiresAt }) => expiresAt !== null && Date.parse(expiresAt) < afterDays(2),
  ],
  [() => ({ expiresAt: { lte: FAR, gt: day(3) } }), ({ expiresAt }) => expiresAt === FAR],
  [
    () => ({ states: ['CREATED', 'FUNDED'], currencyCode: 'USD', holderReference: 'a', amount: { gte: '1' } }),
    ({ state, holderReference, amount, ...rest }) =>
      (state === 'CREATED' || state === 'FUNDED') &&
      holderReference === 'a' &&
      amount.currencyCode === 'USD' &&
      magnitude({ ...rest, state, holderReference, amount }) >= 10_000n,
  ],
];

onBothStores((open) => {
  const { server, deals, all } = portfolioOn(open);

  const orders = FIELDS.flatMap((field) => (['ASC', 'DESC'] as const).map((direction) => [field, direction] as const));
  it.each(orders)(
    'positions are ordered by %s %s, ties by id, in pages of any size, forward and backward',
    async (field, direction) => {
      const orderBy = { field, direction };
      const expected = inOrder(all(), field, direction === 'DESC');
      for (const size of [1, 2, 3, 100]) {
        for (const backward of [false, true]) {
          expect(await walk(server(), PositionIdsDocument, { orderBy }, size, backward)).toEqual(expected);
        }
      }
    },
  );

  it('positions are newest first if the order is omitted or null', async () => {
    const expected = inOrder(all(), 'CREATED_AT', true);
    expect(await walk(server(), PositionIdsDocument, {}, 4, false)).toEqual(expected);
    expect(await walk(server(), PositionIdsDocument, { orderBy: null, filter: null }, 4, false)).toEqual(expected);
  });

  describe.each(FILTERS.map(([filter, keeps]) => [JSON.stringify(filter([])), filter, keeps] as const))(
    'the position filter %s',
    (_name, filterOf, keeps) => {
      it('the filter keeps the matching positions in every order and in the list of every parent', async () => {
        const filter = filterOf(deals());
        const kept = all().filter((position) => keeps(position, deals()));
        for (const field of FIELDS) {
          const [orderBy, expected] = [{ field, direction: 'DESC' as const }, inOrder(kept, field, true)];
          expect(await walk(server(), PositionIdsDocument, { filter, orderBy }, 2, false)).toEqual(expected);
          expect(await walk(server(), PositionIdsDocument, { filter, orderBy }, 3, true)).toEqual(expected);
          for (const deal of deals()) {
            const own = inOrder(
              kept.filter((each) => on(each, deal)),
              field,
              true,
            );
            const parents: readonly (readonly [ListDocument, string])[] = [
              [InstitutionPositionIdsDocument, deal.institution.id],
              [AssetPositionIdsDocument, deal.assetId],
            ];
            for (const [document, id] of parents) {
              expect(await walk(server(), document, { id, filter, orderBy }, 2, false)).toEqual(own);
            }
          }
        }
        expect((await pageOf(server(), PositionIdsDocument, { filter, first: 1 })).totalCount).toBe(kept.length);
      });

      it('the filter applies to the position totals', async () => {
        const filter = filterOf(deals());
        const [deal] = deals();
        const totals = await server().run(TotalsDocument, {
          filter,
          institutionId: deal.institution.id,
          assetId: deal.assetId,
        });
        const minorUnits = (money: { readonly amount: string }) => BigInt(money.amount.replace('.', ''));
        const shown = (sums: typeof totals.all | undefined) =>
          sums?.map(({ currencyCode, count, amount, held, byState }) => {
            expect(byState.reduce((sum, state) => sum + state.count, 0)).toBe(count);
            return [currencyCode, count, minorUnits(amount), minorUnits(held)];
          });
        const kept = all().filter((position) => keeps(position, deals()));
        const expected = (positions: readonly Position[]) =>
          ['JPY', 'KWD', 'USD'].flatMap((code) => {
            const own = positions.filter(({ amount }) => amount.currencyCode === code);
            const sum = (of: 'amount' | 'held') => own.reduce((before, each) => before + minorUnits(each[of]), 0n);
            return own.length === 0 ? [] : [[code, own.length, sum('amount'), sum('held')]];
          });
        expect(shown(totals.all)).toEqual(expected(kept));
        const own = expected(kept.filter((each) => on(each, deal)));
        expect(shown(totals.institution?.positionTotals)).toEqual(own);
        expect(shown(totals.asset?.positionTotals)).toEqual(own);
      });
    },
  );
});
