import { describe, expect, it } from 'vitest';
import { PoliciesDocument } from '../api/documents/graphql.ts';
import { COUNTS } from '../counts.ts';
import { as, call, did, grownBy, LONG_LISTS, type Reply, sceneOn, times } from '../support/accounting.ts';
import { makeDeal } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

const region = 'US';
const limit = (currencyCode: string, minAmount?: string | null, maxAmount?: string | null) => ({
  currencyCode,
  minAmount,
  maxAmount,
});
const money = (amount: string, currencyCode = 'USD') => ({ amount, currencyCode });

onBothStores((open) => {
  const scene = sceneOn(open, LONG_LISTS);
  const policiesOf = async (id: string) => (await scene.server.run(PoliciesDocument, { id })).institution?.policies;
  const anInstitution = async (): Promise<string> => (await makeDeal(scene.server)).institution.id;

  it('a policy is set, read, replaced as a whole and deleted', async () => {
    const { server, deal } = scene;
    const { id: institutionId } = deal.institution;
    expect(await policiesOf(institutionId)).toEqual([]);
    const limits = [
      limit('JPY', '1', '500000'),
      limit('USD', '0.5', null),
      limit('KWD', null, '999999999999999999999999.999'),
      limit('EUR'),
    ];
    const allowedCurrencies = ['USD', 'JPY', 'EUR', 'KWD', 'USD'];
    const first = await did(server, 'setPolicy', { institutionId, region, allowedCurrencies, limits });
    expect(first.policy).toMatchObject({
      institution: { id: institutionId },
      region,
      allowedCurrencies: ['USD', 'JPY', 'EUR', 'KWD'],
      limits: [
        { currencyCode: 'JPY', minAmount: money('1', 'JPY'), maxAmount: money('500000', 'JPY') },
        { currencyCode: 'USD', minAmount: money('0.50'), maxAmount: null },
        { currencyCode: 'KWD', minAmount: null, maxAmount: money('999999999999999999999999.999', 'KWD') },
        { currencyCode: 'EUR', minAmount: null, maxAmount: null },
      ],
      version: 1,
    });
    expect(await policiesOf(institutionId)).toEqual([first.policy]);
    server.now += 1_000;
    const second = await did(server, 'setPolicy', { institutionId, region });
    expect(second.policy).toMatchObject({ id: first.policy?.id, allowedCurrencies: null, limits: [], version: 2 });
    const other = await did(server, 'setPolicy', { institutionId, region: 'SG', limits: [] });
    expect(await policiesOf(institutionId)).toEqual([other.policy, second.policy]);
    const { data } = await server.ask('query ($id: ID!) { node(id: $id) { __typename id } }', {
      id: second.policy?.id,
    });
    expect(data?.['node']).toEqual({ __typename: 'Policy', id: second.policy?.id });
    const gone = await did(server, 'deletePolicy', { institutionId, region });
    expect(gone).toMatchObject({ deletedPolicyId: second.policy?.id, institution: { id: institutionId } });
    expect(await policiesOf(institutionId)).toEqual([other.policy]);
    const anew = await did(server, 'setPolicy', { institutionId, region });
    expect([anew.policy?.version, anew.policy?.id === first.policy?.id]).toEqual([1, false]);
  });

  it('a policy is visible only to its institution', async () => {
    const { server, other } = scene;
    const institutionId = await anInstitution();
    await did(server, 'setPolicy', { institutionId, region });
    await as(server, { role: 'ADMIN', institutionId: other.institution.id }, async () => {
      expect(await policiesOf(institutionId)).toBeUndefined();
      for (const mutation of ['setPolicy', 'deletePolicy'] as const) {
        expect(await call(server, mutation, { institutionId, region })).toMatchObject({
          code: 'NOT_FOUND',
          path: ['institutionId'],
        });
      }
      // An API key of the institution may omit the institution.
      expect(await did(server, 'setPolicy', { region })).toMatchObject({
        policy: { institution: { id: other.institution.id } },
      });
      expect(await did(server, 'deletePolicy', { region })).toMatchObject({ replayed: false });
    });
    expect(await call(server, 'setPolicy', { region })).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: ['institutionId'],
    });
    expect(await call(server, 'deletePolicy', { region })).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: ['institutionId'],
    });
  });

  it('a policy is set and deleted only at the expected version, which is 0 before the first one', async () => {
    const { server } = scene;
    const institutionId = await anInstitution();
    const at = (expectedVersion: number) => ({ institutionId, region, expectedVersion });
    const stale = (expectedVersion: number, currentVersion: number) => ({
      __typename: 'StaleVersionError',
      expectedVersion,
      currentVersion,
    });
    expect(await call(server, 'setPolicy', at(1))).toMatchObject(stale(1, 0));
    expect(await call(server, 'deletePolicy', at(1))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await call(server, 'setPolicy', at(0))).toMatchObject({ policy: { version: 1 } });
    expect(await call(server, 'setPolicy', at(0))).toMatchObject(stale(0, 1));
    expect(await call(server, 'setPolicy', at(1))).toMatchObject({ policy: { version: 2 } });
    expect(await call(server, 'deletePolicy', at(1))).toMatchObject(stale(1, 2));
    expect(await call(server, 'deletePolicy', at(2))).toMatchObject({ replayed: false });
    expect(await call(server, 'setPolicy', at(2))).toMatchObject(stale(2, 0));
  });

  describe('a policy with an invalid value', () => {
    it.each<readonly [string, object, string, RegExp]>([
      ['a minimum above the maximum', { limits: [limit('USD', '1.01', '1')] }, 'limits.0.minAmount', /maxAmount/],
      ['a region that the institution lacks', { region: 'UAE' }, 'region', /US, SG/],
      [
        'a limit in a currency that is not allowed',
        { allowedCurrencies: ['USD'], limits: [limit('USD'), limit('EUR')] },
        'limits.1.currencyCode',
        /allowedCurrencies/,
      ],
      [
        'the same currency twice',
        { limits: [limit('USD'), limit('EUR'), limit('USD', '5')] },
        'limits.2.currencyCode',
        /one entry only/,
      ],
      ['an unknown currency', { allowedCurrencies: ['USD', 'XYZ'] }, 'allowedCurrencies.1', /ISO 4217/],
      ['an unknown currency of a limit', { limits: [limit('usd')] }, 'limits.0.currencyCode', /ISO 4217/],
      ['too many digits', { limits: [limit('JPY', '1.0')] }, 'limits.0.minAmount', /0 decimals/],
      ['too many digits', { limits: [limit('USD', null, '0.001')] }, 'limits.0.maxAmount', /2 decimals/],
      [
        'too large an amount',
        { limits: [limit('USD', null, `1${'0'.repeat(24)}`)] },
        'limits.0.maxAmount',
        /24 digits/,
      ],
      ['a sign', { limits: [limit('USD', '-1')] }, 'limits.0.minAmount', /decimal/],
      ['an exponent', { limits: [limit('USD', '1e3')] }, 'limits.0.minAmount', /decimal/],
      ['no allowed currency', { allowedCurrencies: [] }, 'allowedCurrencies', /at least one/],
      ['1,001 allowed currencies', { allowedCurrencies: times(1_001, () => 'USD') }, 'allowedCurrencies', /1000/],
      ['1,001 limits', { limits: times(1_001, () => limit('USD')) }, 'limits', /1000/],
    ])('a policy with %s is rejected with the path of the value', async (_what, patch, path, sentence) => {
      const { server, store, deal } = scene;
      let reply: Reply | undefined;
      const grown = await grownBy(store, async () => {
        reply = await call(server, 'setPolicy', { institutionId: deal.institution.id, region, ...patch });
      });
      expect(grown).toEqual({ auditEvents: 1 });
      expect(reply?.code).toBe('VALIDATION_FAILED');
      expect(reply?.issues?.find((issue) => issue.path.join('.') === path)?.message).toMatch(sentence);
    });
  });

  it(`${COUNTS.concurrentPolicyCalls} concurrent calls that set the first policy create one version each, without errors`, async () => {
    const { server, store } = scene;
    const institutionId = await anInstitution();
    const replies = await Promise.all(
      times(COUNTS.concurrentPolicyCalls, (index) =>
        call(server, 'setPolicy', { institutionId, region, limits: [limit('USD', `${index}`)] }),
      ),
    );
    expect(replies.map(({ policy }) => policy?.version).toSorted((a = 0, b = 0) => a - b)).toEqual(
      times(COUNTS.concurrentPolicyCalls, (index) => index + 1),
    );
    expect(new Set(replies.map(({ policy }) => policy?.id)).size).toBe(1);
    expect(await policiesOf(institutionId)).toMatchObject([{ version: COUNTS.concurrentPolicyCalls }]);
    const updates = await Promise.all(
      times(COUNTS.concurrentPolicyCalls, () =>
        call(server, 'setPolicy', { institutionId, region, expectedVersion: COUNTS.concurrentPolicyCalls }),
      ),
    );
    expect(updates.filter(({ code }) => code === 'STALE_VERSION')).toHaveLength(COUNTS.concurrentPolicyCalls - 1);
    const grown = await grownBy(store, () =>
      Promise.all(times(COUNTS.concurrentPolicyCalls, () => call(server, 'deletePolicy', { institutionId, region }))),
    );
    expect(grown).toEqual({ policies: -1, auditEvents: COUNTS.concurrentPolicyCalls });
  });
});
