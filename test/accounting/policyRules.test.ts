import { beforeAll, describe, expect, it } from 'vitest';
import { call, countsOf, did, opening, type Reply, sceneOn } from '../support/accounting.ts';
import { type Deal, makeDeal } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

const region = 'US';
const limit = (currencyCode: string, minAmount?: string, maxAmount?: string) => ({
  currencyCode,
  minAmount,
  maxAmount,
});
const money = (amount: string) => ({ amount, currencyCode: 'USD' });

onBothStores((open) => {
  const scene = sceneOn(open);

  describe('the rules for a new position', () => {
    let deal: Deal;
    beforeAll(async () => {
      deal = await makeDeal(scene.server, { config: { currency: 'USD', region, minAmount: '10', maxAmount: '1000' } });
    });
    const opened = async (amount: string, rules: object | null, of = deal): Promise<Reply> => {
      const { server } = scene;
      const { id: institutionId } = of.institution;
      if (rules) await did(server, 'setPolicy', { institutionId, region, ...rules });
      const before = await countsOf(scene.store);
      const reply = await call(server, 'createPosition', opening(of, { amount: money(amount) }));
      const after = await countsOf(scene.store);
      expect(after.positions - before.positions).toBe(reply.code === undefined ? 1 : 0);
      if (rules) await did(server, 'deletePolicy', { institutionId, region });
      return reply;
    };
    const violated = (rule: string, limitAmount: string | null, message: RegExp) => ({
      __typename: 'PolicyViolationError',
      rule,
      limit: limitAmount && money(limitAmount),
      message: expect.stringMatching(message) as string,
      path: rule === 'CURRENCY' ? ['amount', 'currencyCode'] : ['amount'],
    });

    it.each<readonly [string, string, object | null, ReturnType<typeof violated> | null]>([
      ['the minimum of the template', '9.99', null, violated('MIN_AMOUNT', '10.00', /template/)],
      ['the maximum of the template', '1000.01', null, violated('MAX_AMOUNT', '1000.00', /template/)],
      ['an amount equal to the minimum of the template', '10', null, null],
      [
        'the minimum of the policy',
        '49.99',
        { limits: [limit('USD', '50', '60')] },
        violated('MIN_AMOUNT', '50.00', /policy/),
      ],
      [
        'the maximum of the policy',
        '60.01',
        { limits: [limit('USD', '50', '60')] },
        violated('MAX_AMOUNT', '60.00', /policy/),
      ],
      ['an amount equal to both limits of the policy', '60', { limits: [limit('USD', '60', '60')] }, null],
      [
        'the currencies of the policy',
        '50',
        { allowedCurrencies: ['EUR', 'JPY'] },
        violated('CURRENCY', null, /EUR, JPY/),
      ],
      ['an allowed currency', '50', { allowedCurrencies: ['EUR', 'USD'] }, null],
      ['limits of other currencies', '50', { limits: [limit('EUR', '900')] }, null],
      ['a policy without rules', '50', {}, null],
      [
        'the template before the policy',
        '5',
        { limits: [limit('USD', '7')] },
        violated('MIN_AMOUNT', '10.00', /template/),
      ],
      [
        'the currencies of the policy before its limits',
        '50',
        { allowedCurrencies: ['EUR'], limits: [] },
        violated('CURRENCY', null, /policy/),
      ],
    ])('a new position is checked against the rules: %s', async (_what, amount, rules, expected) => {
      expect(await opened(amount, rules)).toMatchObject(expected ?? { position: { state: 'CREATED' } });
    });

    it('a new position ignores policies of another region or another institution', async () => {
      const { server, other } = scene;
      const none = { allowedCurrencies: ['EUR'] };
      await did(server, 'setPolicy', { institutionId: deal.institution.id, region: 'SG', ...none });
      await did(server, 'setPolicy', { institutionId: other.institution.id, region, ...none });
      expect(await opened('50', null)).toMatchObject({ position: { state: 'CREATED' } });
    });
  });
});
