import { describe, expect, it } from 'vitest';
import { call, did, grownBy, type Reply, sceneOn, times } from '../support/accounting.ts';
import { fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { serve } from '../support/server.ts';
import { onBothStores, openPostgres } from '../support/stores.ts';

const DAY_MS = 86_400_000;
const USD = (amount: string) => ({ amount, currencyCode: 'USD' });
const region = 'US';
const limited = (maxAmount: string) => ({ limits: [{ currencyCode: 'USD', maxAmount }] });

onBothStores((open) => {
  const scene = sceneOn(open);

  /** Returns a new institution with a position of 400.00 that is not funded. */
  const opened = async (): Promise<{ readonly institutionId: string; readonly positionId: string }> => {
    const deal = await makeDeal(scene.server);
    const { id: positionId } = await openPosition(scene.server, deal, { amount: USD('400.00') });
    return { institutionId: deal.institution.id, positionId };
  };
  const tighten = (institutionId: string, rules: object): Promise<Reply> =>
    did(scene.server, 'setPolicy', { institutionId, region, ...rules });
  const TOO_MUCH = {
    __typename: 'PolicyViolationError',
    code: 'POLICY_VIOLATION',
    rule: 'MAX_AMOUNT',
    limit: USD('100.00'),
    path: null,
  };

  describe('funding checks the current policy', () => {
    it.each([
      ['fundPosition', {}],
      ['transitionPosition', { toState: 'FUNDED' }],
    ] as const)('%s of 400.00 under a policy tightened to 100.00 is a PolicyViolationError', async (mutation, more) => {
      const { server, store } = scene;
      const { institutionId, positionId } = await opened();
      await tighten(institutionId, limited('100.00'));
      const grown = await grownBy(store, async () => {
        expect(await call(server, mutation, { positionId, ...more })).toMatchObject(TOO_MUCH);
      });
      expect(grown).toEqual({ auditEvents: 1 });
      expect(await store.read('ALL').positions.byIds([positionId])).toMatchObject([{ state: 'CREATED', version: 1 }]);
      await tighten(institutionId, limited('400.00'));
      expect(await did(server, mutation, { positionId, ...more })).toMatchObject({ position: { state: 'FUNDED' } });
    });

    it.each([
      ['the minimum', { limits: [{ currencyCode: 'USD', minAmount: '400.01' }] }, 'MIN_AMOUNT', USD('400.01')],
      ['the maximum', limited('399.99'), 'MAX_AMOUNT', USD('399.99')],
      ['the allowed currencies', { allowedCurrencies: ['EUR'] }, 'CURRENCY', null],
    ])('funding enforces %s of the current policy', async (_what, rules, rule, limit) => {
      const { institutionId, positionId } = await opened();
      await tighten(institutionId, rules);
      expect(await call(scene.server, 'fundPosition', { positionId })).toMatchObject({ ...TOO_MUCH, rule, limit });
    });

    it.each([
      ['for another region', { region: 'SG', ...limited('100.00') }],
      ['for another currency', { limits: [{ currencyCode: 'EUR', maxAmount: '100.00' }] }],
      ['whose limit equals the amount', limited('400.00')],
    ])('funding ignores a policy %s', async (_what, rules) => {
      const { institutionId, positionId } = await opened();
      await tighten(institutionId, rules);
      expect(await did(scene.server, 'fundPosition', { positionId })).toMatchObject({ position: { state: 'FUNDED' } });
    });

    it('funding ignores policies of another institution and deleted policies', async () => {
      const { institutionId, positionId } = await opened();
      const { institutionId: otherId } = await opened();
      await tighten(otherId, limited('100.00'));
      await tighten(institutionId, limited('100.00'));
      await did(scene.server, 'deletePolicy', { institutionId, region });
      expect(await did(scene.server, 'fundPosition', { positionId })).toMatchObject({ position: { state: 'FUNDED' } });
    });

    it('funding in a batch enforces the current policy, whether atomic, not atomic or a dry run', async () => {
      const { server, store } = scene;
      const { institutionId, positionId } = await opened();
      await tighten(institutionId, limited('100.00'));
      const operations = [{ transition: { positionId, toState: 'FUNDED' } }];
      for (const mode of [{}, { atomic: false }, { dryRun: true }]) {
        expect(await call(server, 'applyPositions', { operations, ...mode })).toMatchObject({
          committed: false,
          results: [{ status: 'REFUSED', error: { ...TOO_MUCH, path: ['operations', '0', 'transition'] } }],
        });
      }
      expect(await store.read('ALL').positions.byIds([positionId])).toMatchObject([{ state: 'CREATED' }]);
    });
  });

  it('funding checks the config that the position was opened under, with the tenor counted from creation', async () => {
    const { server } = scene;
    const config = { currency: 'USD', maxTenorDays: 2, country: 'SG' };
    const deal = await makeDeal(server, { code: 'TF_INVOICE', vertical: 'TRADE_FINANCE', config });
    const { id: positionId } = await openPosition(server, deal, {
      expiresAt: new Date(server.now + 2 * DAY_MS).toISOString(),
    });
    // With the clock set back, the expiry is further away than the tenor, but the position was opened within it.
    server.now -= 1_000;
    expect(await did(server, 'fundPosition', { positionId })).toMatchObject({ position: { state: 'FUNDED' } });
    server.now += 1_000;
  });

  it('funding ignores later configs of the template, and enforces the current policy', async () => {
    const { server } = scene;
    const deal = await makeDeal(server);
    const open400 = async () => (await openPosition(server, deal, { amount: USD('400.00') })).id;
    const [single, batched, refused] = [await open400(), await open400(), await open400()];
    const config = { currency: 'USD', region, maxAmount: '100.00' };
    await did(server, 'updateAssetTemplate', { templateId: deal.templateId, config });
    const { id: later } = await openPosition(server, deal, { amount: USD('100.00') });
    expect(await did(server, 'fundPosition', { positionId: single })).toMatchObject({ position: { state: 'FUNDED' } });
    const operations = [batched, later].map((positionId) => ({ transition: { positionId, toState: 'FUNDED' } }));
    expect(await did(server, 'applyPositions', { operations })).toMatchObject({ committed: true });
    await tighten(deal.institution.id, limited('100.00'));
    expect(await call(server, 'fundPosition', { positionId: refused })).toMatchObject(TOO_MUCH);
  });

  it('a policy violation is checked after version, state and amount, and stored under the idempotency key', async () => {
    const { server } = scene;
    const { institutionId, positionId } = await opened();
    await tighten(institutionId, limited('100.00'));
    expect(await call(server, 'fundPosition', { positionId, expectedVersion: 2 })).toMatchObject({
      code: 'STALE_VERSION',
    });
    expect(await call(server, 'transitionPosition', { positionId, toState: 'FUNDED', amount: '1' })).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: ['amount'],
    });
    const keyed = { positionId, idempotencyKey: 'violated' };
    const first = await call(server, 'fundPosition', keyed);
    expect(first).toMatchObject(TOO_MUCH);
    await tighten(institutionId, {});
    expect(await call(server, 'fundPosition', keyed)).toEqual(first);
    await did(server, 'fundPosition', { positionId });
    await tighten(institutionId, limited('100.00'));
    expect(await call(server, 'fundPosition', { positionId })).toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });

  it.each([
    ['a release', 'releasePosition', { amount: '1.00' }],
    ['a release of everything', 'releasePosition', { all: true }],
    ['a cancellation with a refund', 'cancelPosition', {}],
    ['an expiry', 'expirePosition', {}],
    ['a transition to EXPIRED', 'transitionPosition', { toState: 'EXPIRED' }],
  ] as const)('%s is never rejected by a policy', async (_what, mutation, more) => {
    const { server } = scene;
    const deal = await makeDeal(server);
    const { id: positionId } = await fundedPosition(server, deal, '400.00');
    await tighten(deal.institution.id, { allowedCurrencies: ['EUR'] });
    expect(await did(server, mutation, { positionId, ...more })).toMatchObject({ position: { version: 3 } });
  });

  it('the expiry by the sweep and the cancellation of an unfunded position are never rejected by a policy', async () => {
    const { server, store } = scene;
    const deal = await makeDeal(server);
    const expiresAt = new Date(server.now + DAY_MS).toISOString();
    const { id } = await fundedPosition(server, deal, '400.00', { expiresAt });
    const { id: positionId } = await openPosition(server, deal);
    await tighten(deal.institution.id, { allowedCurrencies: ['EUR'] });
    await did(server, 'cancelPosition', { positionId });
    server.now += DAY_MS;
    expect(await server.app.expireDue()).toBe(1);
    expect(await store.read('ALL').positions.byIds([id])).toMatchObject([{ state: 'EXPIRED', refunded: 40_000n }]);
  });
});

it('rule checks of a funding send two statements for any number of positions, and other moves send none', async () => {
  const texts: string[] = [];
  const server = serve(await openPostgres(({ text }) => texts.push(text)));
  const deal = await makeDeal(server);
  const positions = await Promise.all(times(20, () => openPosition(server, deal)));
  const sent = async (mutation: Parameters<typeof did>[1], input: object): Promise<number> => {
    texts.length = 0;
    await did(server, mutation, input);
    // The objects of the payload are read after the commit.
    return texts.findIndex((text) => text.startsWith('with ')) + 1;
  };
  const [first, ...others] = positions.map(({ id: positionId }) => ({ positionId, toState: 'FUNDED' }));
  const counted = {
    fundPosition: await sent('fundPosition', { positionId: first?.positionId }),
    releasePosition: await sent('releasePosition', { positionId: first?.positionId, amount: '1' }),
    applyPositions: await sent('applyPositions', { operations: others.map((transition) => ({ transition })) }),
  };
  expect(counted).toEqual({ fundPosition: 4, releasePosition: 2, applyPositions: 4 });
});
