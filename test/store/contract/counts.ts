import { expect, it } from 'vitest';
import type { Position } from '../../../src/domain/position.ts';
import type { GetStore } from '../rows.ts';
import { anInstitution, aPosition, currency, funded, keep, keepDeal, nextId, START } from '../rows.ts';

const held = (position: Position): Position => ({ ...funded(position), sequence: 1, version: 1 });

export function countsAndSums(store: GetStore): void {
  it('counts are in request order, and none without requests', async () => {
    const { institution, positions } = await keepDeal(store(), ({ asset }) => [
      aPosition(asset),
      held(aPosition(asset)),
      aPosition(asset),
    ]);
    const { positions: reader } = store().read('ALL');
    const institutionId = { in: [institution.id] };
    expect(
      await reader.counts([
        { where: { institutionId, state: { in: ['FUNDED'] } } },
        { where: { institutionId } },
        { where: { institutionId: { in: [nextId('inst')] } } },
        {
          where: {
            institutionId,
            state: { in: ['FUNDED', 'CREATED'] },
            assetId: { in: [positions[0]?.assetId ?? ''] },
          },
        },
        { where: { institutionId, magnitude: { range: { gt: 1n } } } },
      ]),
    ).toEqual([1, 3, 0, 3, 3]);
    expect(await reader.counts([])).toEqual([]);
  });

  it('a count without conditions counts all rows', async () => {
    const before =
      (
        await store()
          .read('ALL')
          .institutions.counts([{ where: {} }])
      )[0] ?? NaN;
    await keep(store(), { institutions: [anInstitution(), anInstitution()] });
    expect(
      await store()
        .read('ALL')
        .institutions.counts([{ where: {} }]),
    ).toEqual([before + 2]);
  });

  it('totals are grouped by currency and state, in the order of currency codes and of the lifecycle', async () => {
    const { institution } = await keepDeal(store(), ({ asset }) => [
      aPosition(asset, { currency: currency('USD'), amount: 5n, state: 'EXPIRED' }),
      held(aPosition(asset, { currency: currency('USD'), amount: 7n })),
      aPosition(asset, { currency: currency('USD'), amount: 11n }),
      aPosition(asset, { currency: currency('EUR'), amount: 13n, state: 'RELEASED', released: 13n }),
      aPosition(asset, { currency: currency('EUR'), amount: 17n, state: 'CANCELLED', released: 7n, refunded: 10n }),
      aPosition(asset, {
        currency: currency('EUR'),
        amount: 19n,
        state: 'PARTIALLY_RELEASED',
        held: 9n,
        released: 10n,
      }),
      aPosition(asset, { currency: currency('USD'), amount: 23n }),
    ]);
    const nothing = { held: 0n, retained: 0n, released: 0n, refunded: 0n, fees: 0n };
    const eur = { currency: 'EUR', count: 1, ...nothing };
    const usd = { currency: 'USD', count: 1, ...nothing };
    expect(
      await store()
        .read('ALL')
        .positionTotals([{ where: { institutionId: { in: [institution.id] } } }]),
    ).toEqual([
      [
        { ...eur, state: 'PARTIALLY_RELEASED', amount: 19n, held: 9n, released: 10n },
        { ...eur, state: 'RELEASED', amount: 13n, released: 13n },
        { ...eur, state: 'CANCELLED', amount: 17n, released: 7n, refunded: 10n },
        { ...usd, state: 'CREATED', count: 2, amount: 34n },
        { ...usd, state: 'FUNDED', amount: 7n, held: 7n },
        { ...usd, state: 'EXPIRED', amount: 5n },
      ],
    ]);
  });

  it('totals are exact beyond 2^63 and beyond the 28 digits of one amount', async () => {
    const most = 10n ** 28n - 1n;
    const { institution } = await keepDeal(store(), ({ asset }) =>
      Array.from({ length: 11 }, () => held(aPosition(asset, { currency: currency('CLF'), amount: most }))),
    );
    const [totals] = await store()
      .read('ALL')
      .positionTotals([{ where: { institutionId: { in: [institution.id] } } }]);
    expect(totals).toEqual([
      {
        currency: 'CLF',
        state: 'FUNDED',
        count: 11,
        amount: 11n * most,
        held: 11n * most,
        retained: 0n,
        released: 0n,
        refunded: 0n,
        fees: 0n,
      },
    ]);
  });

  it('totals apply filters, and are empty without rows', async () => {
    const { institution, asset } = await keepDeal(store(), ({ asset: of }) => [
      aPosition(of, { amount: 1n, expiresAt: START + 1 }),
      aPosition(of, { amount: 2n, expiresAt: null, holderReference: 'other' }),
    ]);
    const institutionId = { in: [institution.id] };
    const totals = await store()
      .read('ALL')
      .positionTotals([
        { where: { institutionId, expiresAt: { range: {} } } },
        { where: { institutionId, state: { in: [] } } },
        { where: { assetId: { in: [asset.id, nextId('ast')] }, holderReference: { in: ['other'] } } },
      ]);
    expect(totals.map((each) => each.map(({ amount }) => amount))).toEqual([[1n], [], [2n]]);
    expect(await store().read('ALL').positionTotals([])).toEqual([]);
  });
}
