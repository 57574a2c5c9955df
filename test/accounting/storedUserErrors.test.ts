import { describe, expect, it } from 'vitest';
import { as, call, did, grownBy, type MutationName, opening, sceneOn, UNKNOWN } from '../support/accounting.ts';
import { fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

const USD = (amount: string) => ({ amount, currencyCode: 'USD' });

onBothStores((open) => {
  const scene = sceneOn(open);
  const region = 'US';

  describe('user errors that depend on state', () => {
    /** A rejected call, its expected error, and a change of state after which the call would succeed. */
    interface Case {
      readonly mutation: MutationName;
      readonly input: object;
      readonly refused: object;
      readonly change: () => Promise<unknown>;
    }
    const cases: { readonly [name: string]: () => Promise<Case> } = {
      IllegalTransition: async () => {
        const { server, deal } = scene;
        const { id: positionId } = await openPosition(server, deal);
        return {
          mutation: 'releasePosition',
          input: { positionId, amount: '1.00' },
          refused: {
            __typename: 'IllegalTransitionError',
            from: 'CREATED',
            to: 'PARTIALLY_RELEASED',
            allowedTransitions: ['FUNDED', 'CANCELLED', 'EXPIRED'],
          },
          change: () => did(server, 'fundPosition', { positionId }),
        };
      },
      InsufficientFunds: async () => {
        const { server, deal } = scene;
        const { id: positionId } = await fundedPosition(server, deal, '90071992547409.93');
        return {
          mutation: 'transitionPosition',
          input: { positionId, toState: 'PARTIALLY_RELEASED', amount: '90071992547409.94' },
          refused: {
            __typename: 'InsufficientFundsError',
            path: ['amount'],
            held: USD('90071992547409.93'),
            requested: USD('90071992547409.94'),
          },
          change: () => did(server, 'releasePosition', { positionId, amount: '1' }),
        };
      },
      PolicyViolation: async () => {
        const { server, deal } = scene;
        const { id: institutionId } = deal.institution;
        const limits = [{ currencyCode: 'USD', maxAmount: '99.99' }];
        await did(server, 'setPolicy', { institutionId, region, limits });
        return {
          mutation: 'createPosition',
          input: opening(deal),
          refused: { __typename: 'PolicyViolationError', rule: 'MAX_AMOUNT', path: ['amount'], limit: USD('99.99') },
          change: () => did(server, 'deletePolicy', { institutionId, region }),
        };
      },
      StaleVersion: async () => {
        const { server, deal } = scene;
        const { id: positionId } = await openPosition(server, deal);
        return {
          mutation: 'cancelPosition',
          input: { positionId, expectedVersion: 2 },
          refused: { __typename: 'StaleVersionError', expectedVersion: 2, currentVersion: 1 },
          change: () => did(server, 'fundPosition', { positionId }),
        };
      },
      'StaleVersion of a policy': async () => {
        const { server } = scene;
        const { id: institutionId } = (await makeDeal(server)).institution;
        return {
          mutation: 'setPolicy',
          input: { institutionId, region, expectedVersion: 1 },
          refused: { __typename: 'StaleVersionError', expectedVersion: 1, currentVersion: 0 },
          change: () => did(server, 'setPolicy', { institutionId, region }),
        };
      },
      'StaleVersion of a deletion of a policy': async () => {
        const { server } = scene;
        const { id: institutionId } = (await makeDeal(server)).institution;
        await did(server, 'setPolicy', { institutionId, region });
        return {
          mutation: 'deletePolicy',
          input: { institutionId, region, expectedVersion: 2 },
          refused: { __typename: 'StaleVersionError', expectedVersion: 2, currentVersion: 1 },
          change: () => did(server, 'setPolicy', { institutionId, region }),
        };
      },
    };

    it.each(Object.keys(cases))('%s is replayed even after the state has changed', async (name) => {
      const { server, store } = scene;
      const { mutation, input, refused, change } = await (cases[name] as () => Promise<Case>)();
      const idempotencyKey = `remembered ${name}`;
      const first = await call(server, mutation, { ...input, idempotencyKey });
      expect(first).toMatchObject(refused);
      await change();
      const grown = await grownBy(store, async () => {
        for (const _again of [1, 2]) expect(await call(server, mutation, { ...input, idempotencyKey })).toEqual(first);
      });
      expect(grown).toEqual({});
      // With another idempotency key the call is executed with the current state.
      expect(await call(server, mutation, { ...input, idempotencyKey: `${idempotencyKey} anew` })).not.toEqual(first);
    });
  });

  describe('user errors that are not stored', () => {
    it('a ValidationError of the input is not stored, so a corrected call with the same idempotency key runs', async () => {
      const { server, deal } = scene;
      const said = { templateId: deal.templateId, idempotencyKey: 'v' };
      expect(await call(server, 'createAsset', { ...said, label: '' })).toMatchObject({ code: 'VALIDATION_FAILED' });
      expect(await call(server, 'createAsset', { ...said, label: 'a' })).toMatchObject({ replayed: false });
      expect(await call(server, 'createAsset', { ...said, label: 'a' })).toMatchObject({ replayed: true });
    });

    it('a ValidationError that depends on the object is not stored, so the same idempotency key runs again', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await fundedPosition(server, deal);
      const said = { positionId, toState: 'PARTIALLY_RELEASED', amount: '100.00', idempotencyKey: 'o' };
      const { id: institutionId } = deal.institution;
      for (const _again of [1, 2]) {
        expect(await call(server, 'transitionPosition', said)).toMatchObject({ code: 'VALIDATION_FAILED' });
        const reply = await call(server, 'setPolicy', { institutionId, region: 'UAE', idempotencyKey: 'o' });
        expect(reply).toMatchObject({ code: 'VALIDATION_FAILED', path: ['region'] });
      }
      expect(await call(server, 'transitionPosition', { ...said, amount: '99' })).toMatchObject({ replayed: false });
    });

    it('a ForbiddenError is not stored, so the same idempotency key runs again', async () => {
      const { server, deal } = scene;
      const { id: institutionId } = deal.institution;
      const said = { templateId: deal.templateId, label: 'a', idempotencyKey: 'f' };
      const forbidden = await as(server, { role: 'READ_ONLY', institutionId }, () => call(server, 'createAsset', said));
      expect(forbidden).toMatchObject({ code: 'FORBIDDEN' });
      const done = await as(server, { role: 'ADMIN', institutionId }, () => call(server, 'createAsset', said));
      expect(done).toMatchObject({ replayed: false });
      // The role is checked before the idempotency key.
      const after = await as(server, { role: 'READ_ONLY', institutionId }, () => call(server, 'createAsset', said));
      expect(after).toMatchObject({ code: 'FORBIDDEN' });
    });

    it('a NotFoundError is not stored, so the same idempotency key runs again', async () => {
      const { server, deal, store } = scene;
      const { id: institutionId } = deal.institution;
      const said = { positionId: UNKNOWN, idempotencyKey: 'n' };
      const policy = { institutionId, region: 'SG', idempotencyKey: 'n' };
      const grown = await grownBy(store, async () => {
        for (const viewer of [{ role: 'ROOT' }, { role: 'ADMIN', institutionId }] as const) {
          const reply = await as(server, viewer, () => call(server, 'fundPosition', said));
          expect(reply).toMatchObject({ code: 'NOT_FOUND' });
        }
        expect(await call(server, 'deletePolicy', policy)).toMatchObject({
          code: 'NOT_FOUND',
          path: ['region'],
          id: null,
        });
      });
      expect(grown).toEqual({ auditEvents: 3 });
      await did(server, 'setPolicy', { institutionId, region: 'SG' });
      expect(await call(server, 'deletePolicy', policy)).toMatchObject({ replayed: false });
      expect(await call(server, 'deletePolicy', policy)).toMatchObject({ replayed: true });
    });
  });
});
