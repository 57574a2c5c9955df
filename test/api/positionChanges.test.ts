import { GraphQLObjectType, isInterfaceType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { as, call, did, sceneOn } from '../support/accounting.ts';
import { errorOf } from '../support/answers.ts';
import { fundedPosition, openPosition } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

const CHANGES = ['Transition', 'Fund', 'Release', 'Refund', 'Cancel', 'Expire', 'Amend'].map(
  (move) => `${move}PositionPayload`,
);
const HOUR_MS = 3_600_000;

it('each mutation that changes a position has its own payload type, and all implement one interface', () => {
  const shared = schema.getType('PositionChangePayload');
  if (!isInterfaceType(shared)) throw new Error('PositionChangePayload is no interface.');
  expect(
    schema
      .getPossibleTypes(shared)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(CHANGES.toSorted());
  for (const name of CHANGES) {
    const type = schema.getType(name) as GraphQLObjectType;
    expect(Object.keys(type.getFields())).toEqual(['position', 'event', 'ledgerEvent', 'replayed']);
    const union = schema.getType(name.replace('Payload', 'Result'));
    expect(schema.isSubType(union as never, type)).toBe(true);
  }
});

onBothStores((open) => {
  const scene = sceneOn(open);

  it('each mutation that changes a position returns its own payload type', async () => {
    const { server, deal } = scene;
    const [first, second, third, fourth] = await Promise.all([1, 2, 3, 4].map(() => openPosition(server, deal)));
    const moves = [
      ['fundPosition', { positionId: first?.id }, 'FundPositionPayload'],
      ['releasePosition', { positionId: first?.id, amount: '1' }, 'ReleasePositionPayload'],
      ['refundPosition', { positionId: first?.id, amount: '1' }, 'RefundPositionPayload'],
      ['amendPosition', { positionId: second?.id, expiresAt: null }, 'AmendPositionPayload'],
      ['cancelPosition', { positionId: second?.id }, 'CancelPositionPayload'],
      ['expirePosition', { positionId: third?.id }, 'ExpirePositionPayload'],
      ['transitionPosition', { positionId: fourth?.id, toState: 'FUNDED' }, 'TransitionPositionPayload'],
    ] as const;
    for (const [mutation, input, type] of moves) {
      const keyed = { ...input, idempotencyKey: type };
      expect(await did(server, mutation, keyed)).toMatchObject({ __typename: type, replayed: false });
      expect(await did(server, mutation, keyed)).toMatchObject({ __typename: type, replayed: true });
    }
  });

  it('a document that selects TransitionPositionPayload of another mutation is rejected before execution', async () => {
    const { server, store, deal } = scene;
    const { id } = await openPosition(server, deal);
    for (const move of ['fund', 'cancel', 'expire', 'release']) {
      const document = `mutation { ${move}Position(input: { positionId: "${id}" }) { ... on TransitionPositionPayload { replayed } } }`;
      expect(await errorOf(server, document)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
    }
    expect(await store.read('ALL').positions.byIds([id])).toMatchObject([{ version: 1 }]);
  });

  describe('viewerAllowedTransitions', () => {
    const query = 'query ($id: ID!) { position(id: $id) { state allowedTransitions viewerAllowedTransitions } }';
    const read = async (id: string | undefined) =>
      (await scene.server.ask<{ readonly position: object }>(query, { id })).data?.position;

    it('viewerAllowedTransitions equals the allowed transitions for root and ADMIN, and is empty for READ_ONLY, in every state', async () => {
      const { server, deal } = scene;
      const { id: institutionId } = deal.institution;
      const states: { readonly [state: string]: () => Promise<string | undefined> } = {
        CREATED: async () => (await openPosition(server, deal)).id,
        FUNDED: async () => (await fundedPosition(server, deal)).id,
        PARTIALLY_RELEASED: async () => {
          const { id: positionId } = await fundedPosition(server, deal);
          return (await did(server, 'releasePosition', { positionId, amount: '1' })).position?.id;
        },
        CANCELLED: async () =>
          (await did(server, 'cancelPosition', { positionId: (await fundedPosition(server, deal)).id })).position?.id,
      };
      const rules = await server.ask<{ readonly lifecycle: { state: string; allowedTransitions: string[] }[] }>(
        '{ lifecycle { state allowedTransitions } }',
      );
      for (const [state, make] of Object.entries(states)) {
        const id = await make();
        const allowed = rules.data?.lifecycle.find((rule) => rule.state === state)?.allowedTransitions;
        const all = { state, allowedTransitions: allowed, viewerAllowedTransitions: allowed };
        expect(await read(id)).toEqual(all);
        await as(server, { role: 'ADMIN', institutionId }, async () => expect(await read(id)).toEqual(all));
        await as(server, { role: 'READ_ONLY', institutionId }, async () => {
          expect(await read(id)).toEqual({ ...all, viewerAllowedTransitions: [] });
        });
      }
    });

    it('viewerAllowedTransitions is only EXPIRED from `expiresAt` on, and the viewer can make each transition it lists', async () => {
      const { server, deal } = scene;
      const expiresAt = new Date(server.now + HOUR_MS).toISOString();
      const { id } = await openPosition(server, deal, { expiresAt });
      server.now += HOUR_MS - 1;
      expect(await read(id)).toMatchObject({ viewerAllowedTransitions: ['FUNDED', 'CANCELLED', 'EXPIRED'] });
      server.now += 1;
      expect(await read(id)).toEqual({
        state: 'CREATED',
        allowedTransitions: ['EXPIRED'],
        viewerAllowedTransitions: ['EXPIRED'],
      });
      for (const toState of ['FUNDED', 'CANCELLED']) {
        expect(await call(server, 'transitionPosition', { positionId: id, toState })).toMatchObject({
          code: 'ILLEGAL_TRANSITION',
        });
      }
      await did(server, 'transitionPosition', { positionId: id, toState: 'EXPIRED' });
      expect(await read(id)).toMatchObject({ viewerAllowedTransitions: [] });
    });
  });
});
