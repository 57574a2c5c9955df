import { describe, expect, it } from 'vitest';
import { afterDays, day, sceneOn } from '../support/refusing.ts';
import { onBothStores } from '../support/stores.ts';

describe('the order of errors about money', () => {
  onBothStores((open) => {
    const { scene, ask, refused } = sceneOn(open);
    const about = (assetId: string, amount: string, currencyCode = 'USD') => ({
      assetId,
      holderReference: 'h',
      amount: { amount, currencyCode },
    });

    it('the decimals of an amount are checked before the funds, and the error has the held and the requested amount', async () => {
      const { funded: positionId } = scene();
      const held = { amount: '100.00', currencyCode: 'USD' };
      const requested = { amount: '100.01', currencyCode: 'USD' };
      const no = {
        __typename: 'InsufficientFundsError',
        code: 'INSUFFICIENT_FUNDS',
        path: ['amount'],
        held,
        requested,
      };
      for (const more of [{}, { toState: 'RELEASED' }, { toState: 'PARTIALLY_RELEASED' }]) {
        const mutation = 'toState' in more ? 'transitionPosition' : 'releasePosition';
        const tooFine = { positionId, amount: '1000000.001', ...more };
        expect(await refused(mutation, tooFine)).toMatchObject({
          code: 'VALIDATION_FAILED',
          path: ['amount'],
          issues: [{ path: ['amount'] }],
        });
        expect(await refused(mutation, { positionId, amount: '100.01', ...more })).toMatchObject(no);
      }
    });

    it('the rules of the template are checked last, in the order currency, minimum, maximum, tenor, each with its limit', async () => {
      const { limited, timed } = scene();
      const usd = (amount: string) => ({ amount, currencyCode: 'USD' });
      const rules: readonly (readonly [object, object])[] = [
        [about(limited.assetId, '1', 'EUR'), { rule: 'CURRENCY', limit: null, path: ['amount', 'currencyCode'] }],
        [about(limited.assetId, '9.99'), { rule: 'MIN_AMOUNT', limit: usd('10.00'), path: ['amount'] }],
        [about(limited.assetId, '1000.01'), { rule: 'MAX_AMOUNT', limit: usd('1000.00'), path: ['amount'] }],
        [about(timed.assetId, '1'), { rule: 'TENOR', limit: null, path: ['expiresAt'] }],
        [
          { ...about(timed.assetId, '1'), expiresAt: new Date(afterDays(30) + 1).toISOString() },
          { rule: 'TENOR', limit: null, path: ['expiresAt'] },
        ],
      ];
      const no = { __typename: 'PolicyViolationError', code: 'POLICY_VIOLATION' };
      for (const [input, expected] of rules)
        expect(await refused('createPosition', input)).toMatchObject({ ...no, ...expected });
      for (const input of [
        about(limited.assetId, '10'),
        about(limited.assetId, '1000'),
        { ...about(timed.assetId, '1'), expiresAt: day(30) },
      ]) {
        expect(await ask('createPosition', input)).toMatchObject({ __typename: 'CreatePositionPayload' });
      }
    });
  });
});
