import { expect, it } from 'vitest';
import { done, fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { CreateTwoAssetsDocument, FundThenReleaseDocument, PositionDocument } from './documents/graphql.ts';

onBothStores((open) => {
  it('each mutation of a document reads what the mutations before it have written', async () => {
    const server = serve(await open());
    const deal = await makeDeal(server);
    const { id } = await openPosition(server, deal);
    const { fund, release } = await server.run(FundThenReleaseDocument, { id, amount: '30.01' });

    const funded = done(fund, 'FundPositionPayload');
    expect(funded.position).toMatchObject({ version: 2, events: { totalCount: 2 } });
    expect(funded.event.position).toMatchObject({
      state: 'FUNDED',
      version: 2,
      held: { amount: '100.00' },
      events: { totalCount: 2, nodes: [{ toState: 'FUNDED', position: { version: 2 } }] },
      asset: { positions: { totalCount: 0, nodes: [] }, positionTotals: [{ held: { amount: '100.00' } }] },
    });
    const released = done(release, 'ReleasePositionPayload');
    expect(released.position).toMatchObject({ version: 3, events: { totalCount: 3 } });
    expect(released.event.position).toMatchObject({
      state: 'PARTIALLY_RELEASED',
      version: 3,
      held: { amount: '69.99' },
      events: { totalCount: 3, nodes: [{ toState: 'PARTIALLY_RELEASED', position: { version: 3 } }] },
      asset: {
        positions: { totalCount: 1, nodes: [{ id, version: 3 }] },
        positionTotals: [{ held: { amount: '69.99' } }],
      },
    });
  });

  it('a list in the first payload omits objects that the second mutation creates', async () => {
    const server = serve(await open());
    const { templateId } = await makeDeal(server);
    const made = await server.run(CreateTwoAssetsDocument, {
      first: { templateId, label: 'Dock' },
      second: { templateId, label: 'Quay' },
    });
    const counts = [made.first, made.second].map(
      (each) => done(each, 'CreateAssetPayload').asset.template?.assets?.totalCount,
    );
    expect(counts).toEqual([2, 3]);
  });

  it('a user error between two mutations keeps the changes already made', async () => {
    const server = serve(await open());
    const { id } = await openPosition(server, await makeDeal(server));
    const { fund, release } = await server.run(FundThenReleaseDocument, { id, amount: '100.01' });
    expect(fund?.__typename).toBe('FundPositionPayload');
    expect(release).toMatchObject({ code: 'INSUFFICIENT_FUNDS', held: { amount: '100.00' } });
    expect((await server.run(PositionDocument, { id })).position).toMatchObject({ state: 'FUNDED', version: 2 });
  });

  it('the next request reads the written changes, and objects already read do not change', async () => {
    const server = serve(await open());
    const { id } = await fundedPosition(server, await makeDeal(server));
    const before = await server.run(PositionDocument, { id });
    const kept = structuredClone(before);
    await server.run(FundThenReleaseDocument, { id, amount: '1' });
    expect(before).toEqual(kept);
    expect((await server.run(PositionDocument, { id })).position).toMatchObject({ held: { amount: '99.00' } });
  });
});
