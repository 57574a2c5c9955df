import { describe, expect, it } from 'vitest';
import { call, did, grownBy, sceneOn } from '../support/accounting.ts';
import { fundedPosition, openPosition } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

const SENTENCE = 'is required, or set `all: true` to release everything that is held; set exactly one of them.';
const PAYLOAD = '... on ReleasePositionPayload { position { state held { amount } released { amount } } }';
const RELEASE = `mutation ($id: ID!, $amount: Decimal, $all: Boolean) {
  releasePosition(input: { positionId: $id, amount: $amount, all: $all }) {
    __typename ... on ValidationError { path issues { path message } } ${PAYLOAD} } }`;

onBothStores((open) => {
  const scene = sceneOn(open);

  describe('releasePosition takes exactly one of `amount` and `all: true`', () => {
    const refused = {
      releasePosition: {
        __typename: 'ValidationError',
        path: ['amount'],
        issues: [{ path: ['amount'], message: SENTENCE }],
      },
    };

    it.each([
      ['a misspelt variable', { amuont: '1.00' }],
      ['a null amount', { amount: null }],
      ['no variable at all', {}],
      ['`all: false`', { all: false }],
      ['`all: null` and a null amount', { all: null, amount: null }],
      ['both `all: true` and an amount', { amount: '1.00', all: true }],
    ])('a release with %s releases nothing, and the message names both ways', async (_what, variables) => {
      const { server, store, deal } = scene;
      const { id } = await fundedPosition(server, deal, '1000.00');
      const grown = await grownBy(store, async () => {
        const { data } = await server.ask(RELEASE, { id, ...variables });
        expect(data).toEqual(refused);
      });
      expect(grown).toEqual({ auditEvents: 1 });
      const [position] = await store.read('ALL').positions.byIds([id]);
      expect(position).toMatchObject({ state: 'FUNDED', held: 100_000n, version: 2 });
    });

    it.each([
      ['`all: true`', { all: true }, 'RELEASED', '0.00'],
      ['`all: true` and a null amount', { all: true, amount: null }, 'RELEASED', '0.00'],
      ['an amount', { amount: '1.00' }, 'PARTIALLY_RELEASED', '999.00'],
      ['an amount and `all: false`', { amount: '1.00', all: false }, 'PARTIALLY_RELEASED', '999.00'],
      ['the whole held amount', { amount: '1000' }, 'RELEASED', '0.00'],
    ])('a release with %s releases the requested amount', async (_what, variables, state, held) => {
      const { server, deal } = scene;
      const { id } = await fundedPosition(server, deal, '1000.00');
      const { data } = await server.ask(RELEASE, { id, ...variables });
      expect(data).toMatchObject({ releasePosition: { position: { state, held: { amount: held } } } });
    });

    it('a release with `all: true` after a partial release releases the rest', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await fundedPosition(server, deal, '1000.00');
      await did(server, 'releasePosition', { positionId, amount: '0.01' });
      const { event, position } = await did(server, 'releasePosition', { positionId, all: true });
      expect(event).toMatchObject({ moved: { amount: '999.99' } });
      expect(position).toMatchObject({ state: 'RELEASED', held: { amount: '0.00' } });
    });

    it('a malformed amount with `all: true` returns both issues, and the input is checked before the position', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await openPosition(server, deal);
      expect(await call(server, 'releasePosition', { positionId, amount: '-1', all: true })).toMatchObject({
        code: 'VALIDATION_FAILED',
        issues: [{ message: SENTENCE }, { path: ['amount'] }],
      });
      for (const id of [positionId, 'pos_x', 'pos_00000000000000000000000000']) {
        expect(await call(server, 'releasePosition', { positionId: id })).toMatchObject({ code: 'VALIDATION_FAILED' });
      }
    });

    it('an invalid input stores no idempotency key, so a corrected call with the same key is executed', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await fundedPosition(server, deal);
      const keyed = { positionId, idempotencyKey: 'corrected' };
      expect(await call(server, 'releasePosition', keyed)).toMatchObject({ code: 'VALIDATION_FAILED' });
      const first = await did(server, 'releasePosition', { ...keyed, all: true });
      expect(first).toMatchObject({ replayed: false, position: { state: 'RELEASED' } });
      expect(await call(server, 'releasePosition', { ...keyed, all: true })).toEqual({ ...first, replayed: true });
      expect(await call(server, 'releasePosition', { ...keyed, amount: '100.00' })).toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      });
    });
  });

  describe('null or missing amounts of transitions', () => {
    it.each([{}, { amount: null }])(
      'transitionPosition to PARTIALLY_RELEASED with %j is a ValidationError',
      async (more) => {
        const { server, deal } = scene;
        const { id: positionId } = await fundedPosition(server, deal);
        const input = { positionId, toState: 'PARTIALLY_RELEASED', ...more };
        expect(await call(server, 'transitionPosition', input)).toMatchObject({
          code: 'VALIDATION_FAILED',
          path: ['amount'],
        });
        const { results } = await call(server, 'applyPositions', { operations: [{ transition: input }] });
        expect(results).toMatchObject([
          { status: 'REFUSED', error: { path: ['operations', '0', 'transition', 'amount'] } },
        ]);
      },
    );

    it('transitionPosition to RELEASED releases the whole held amount without an amount', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await fundedPosition(server, deal);
      const { position } = await did(server, 'transitionPosition', { positionId, toState: 'RELEASED', amount: null });
      expect(position).toMatchObject({ state: 'RELEASED', released: { amount: '100.00' } });
    });
  });
});
