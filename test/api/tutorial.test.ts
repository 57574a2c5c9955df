import { expect, it } from 'vitest';
import { done, fundedPosition, makeDeal } from '../support/deal.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { PositionDocument, ReleasePositionDocument } from './documents/graphql.ts';

onBothStores((open) => {
  it('a position moves from a template to RELEASED, exact to the last cent', async () => {
    const server = serve(await open());
    const deal = await makeDeal(server);
    const { id } = await fundedPosition(server, deal, '1000000.00');

    const first = await server.run(ReleasePositionDocument, { input: { positionId: id, amount: '0.01' } });
    const part = done(first.releasePosition, 'ReleasePositionPayload');
    expect(part.position).toMatchObject({
      state: 'PARTIALLY_RELEASED',
      held: { amount: '999999.99' },
      released: { amount: '0.01' },
    });
    const second = await server.run(ReleasePositionDocument, { input: { positionId: id, all: true, reason: 'Done' } });
    expect(done(second.releasePosition, 'ReleasePositionPayload').event).toMatchObject({
      sequence: 4,
      moved: { amount: '999999.99', currencyCode: 'USD' },
      reason: 'Done',
      actor: { kind: 'ROOT' },
    });

    const { position } = await server.run(PositionDocument, { id, last: 10 });
    expect(position).toMatchObject({
      state: 'RELEASED',
      allowedTransitions: [],
      funded: { amount: '1000000.00' },
      held: { amount: '0.00' },
      released: { amount: '1000000.00' },
      refunded: { amount: '0.00' },
      version: 4,
    });
    expect(position?.events?.totalCount).toBe(4);
    expect(position?.events?.nodes.map(({ fromState, toState }) => [fromState, toState])).toEqual([
      [null, 'CREATED'],
      ['CREATED', 'FUNDED'],
      ['FUNDED', 'PARTIALLY_RELEASED'],
      ['PARTIALLY_RELEASED', 'RELEASED'],
    ]);
    expect(server.faults).toEqual([]);
  });
});
