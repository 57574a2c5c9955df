import { beforeAll, describe, expect, it } from 'vitest';
import { UNBOUNDED_FAILED_ATTEMPTS } from '../../src/commands/failedAttempts.ts';
import { createStoredLedger } from '../../src/commands/ledger.ts';
import { recordsOf, writeMove } from '../../src/commands/positionChange.ts';
import { isFormerCurrency } from '../../src/domain/currencies.ts';
import type { Position } from '../../src/domain/position.ts';
import { createIds } from '../../src/ids.ts';
import { DEFAULTS } from '../../src/settings.ts';
import type { Store } from '../../src/store/store.ts';
import { verify } from '../../src/verify/verify.ts';
import { anAsset, anInstitution, aPosition, aTemplate, funded, insertAll, nextId } from '../store/rows.ts';
import { call, did } from '../support/accounting.ts';
import { errorOf } from '../support/answers.ts';
import { makeDeal } from '../support/deal.ts';
import { START, serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const DAY_MS = 86_400_000;
const SENTENCE = (code: string): string => `must be an active currency; ${code} was withdrawn from ISO 4217.`;

/** Withdrawn currencies with two decimals and with none. */
const FORMER = [
  ['HRK', '100.00', '0.01', '99.99'],
  ['BYR', '10000', '1', '9999'],
] as const;

/**
 * Stores a funded position of 10,000 minor units with its events, as a server wrote it while the currency was active.
 */
async function stored(store: Store, code: string, over: Partial<Position> = {}): Promise<Position> {
  if (!isFormerCurrency(code)) throw new Error(`${code} is no former currency.`);
  const institution = anInstitution();
  const template = aTemplate(institution, { config: { currency: code, region: 'US' } });
  const asset = anAsset(template);
  const position = aPosition(asset, { currency: code, amount: 10_000n, ...over });
  const after = funded(position);
  const newId = createIds(() => START);
  const ledger = createStoredLedger(newId);
  const own = { viewer: { role: 'ROOT' }, requestId: null, clock: () => START, newToken: () => '' } as const;
  const context = { ...DEFAULTS, ...own, store, ledger, newId, failedAttempts: UNBOUNDED_FAILED_ATTEMPTS };
  await store.transact('ALL', async (tx) => {
    insertAll(tx, { institutions: [institution], assetTemplates: [template], assets: [asset], positions: [after] });
    writeMove(tx, recordsOf(context, { effects: { move: 'CREATE' }, before: null, position }));
    writeMove(tx, recordsOf(context, { effects: { move: 'FUND', moved: 10_000n }, before: position, position: after }));
  });
  return after;
}

onBothStores((open) => {
  let store: Store;
  let server: TestServer;
  beforeAll(async () => {
    store = await open();
    server = serve(store);
  });

  describe.each(FORMER)('a stored position in the withdrawn currency %s', (code, whole, part, rest) => {
    const money = (amount: string) => ({ amount, currencyCode: code });

    it(`a position in ${code} is read, listed and totalled with the decimals of the currency`, async () => {
      const { id, institutionId } = await stored(store, code);
      const fields = 'id amount { amount currencyCode minorUnits formatted } held { amount }';
      const document = `query ($id: ID!, $filter: PositionFilter) {
        position(id: $id) { ${fields} events(first: 5) { nodes { moved { amount } } } ledgerEvents(first: 5) { nodes { postings { amount { amount } } } } }
        positions(filter: $filter) { totalCount nodes { ${fields} } }
        positionTotals(filter: $filter) { currencyCode count held { amount } } }`;
      const filter = { currencyCode: code, institutionId };
      const { data, errors } = await server.ask(document, { id, filter });
      expect(errors).toBeUndefined();
      const shown = { id, amount: { ...money(whole), minorUnits: '10000' }, held: { amount: whole } };
      expect(data).toMatchObject({
        position: { ...shown, events: { nodes: [{ moved: null }, { moved: { amount: whole } }] } },
        positions: { totalCount: 1, nodes: [shown] },
        positionTotals: [{ currencyCode: code, count: 1, held: { amount: whole } }],
      });
    });

    it(`a position in ${code} is released in parts and as a whole, exactly`, async () => {
      const { id: positionId } = await stored(store, code);
      const tooFine = { positionId, amount: `${part}${code === 'BYR' ? '.5' : '5'}` };
      expect(await call(server, 'releasePosition', tooFine)).toMatchObject({ code: 'VALIDATION_FAILED' });
      expect(await did(server, 'releasePosition', { positionId, amount: part })).toMatchObject({
        position: { held: money(rest), released: money(part) },
      });
      expect(await call(server, 'releasePosition', { positionId, amount: whole })).toMatchObject({
        code: 'INSUFFICIENT_FUNDS',
        held: money(rest),
      });
      const { position } = await did(server, 'releasePosition', { positionId, all: true });
      expect(position).toMatchObject({ state: 'RELEASED', released: money(whole) });
    });

    it(`a position in ${code} is refunded by a cancellation, and expires by a call and by the sweep`, async () => {
      for (const mutation of ['cancelPosition', 'expirePosition'] as const) {
        const { id: positionId } = await stored(store, code);
        expect(await did(server, mutation, { positionId })).toMatchObject({ position: { refunded: money(whole) } });
      }
      const { id } = await stored(store, code, { expiresAt: START + DAY_MS });
      server.now = START + DAY_MS;
      expect(await server.app.expireDue()).toBe(1);
      server.now = START;
      expect(await store.read('ALL').positions.byIds([id])).toMatchObject([{ state: 'EXPIRED', refunded: 10_000n }]);
    });

    it(`a new position, template config or policy in ${code} is rejected with a clear message`, async () => {
      const { assetId, institutionId } = await stored(store, code);
      const amount = money(whole);
      expect(await call(server, 'createPosition', { assetId, holderReference: 'h', amount })).toMatchObject({
        code: 'VALIDATION_FAILED',
        issues: [{ path: ['amount', 'currencyCode'], message: SENTENCE(code) }],
      });
      const template = { institutionId, code: 'CONSTR_ESCROW', name: 'E', vertical: 'CONSTRUCTION', region: 'US' };
      const config = { currency: code, region: 'US' };
      expect(await call(server, 'createAssetTemplate', { ...template, config })).toMatchObject({
        issues: [{ path: ['config', 'currency'], message: SENTENCE(code) }],
      });
      for (const [rules, path] of [
        [{ allowedCurrencies: ['USD', code] }, ['allowedCurrencies', '1']],
        [{ limits: [{ currencyCode: code }] }, ['limits', '0', 'currencyCode']],
      ] as const) {
        expect(await call(server, 'setPolicy', { institutionId, region: 'US', ...rules })).toMatchObject({
          issues: [{ path, message: SENTENCE(code) }],
        });
      }
    });

    it(`a stored policy in ${code} is read and still enforced`, async () => {
      const { id: positionId, institutionId, assetId } = await stored(store, code);
      const unfunded = nextId('pos');
      await store.transact('ALL', async (tx) => {
        const [position] = await tx.positions.byIds([positionId]);
        if (!position) throw new Error('The position is missing.');
        const { currency } = position;
        tx.policies.insert({
          id: `pol_${institutionId.slice(5)}`,
          institutionId,
          region: 'US',
          allowedCurrencies: [currency],
          allowedCountries: null,
          limits: [{ currency, minAmount: part, maxAmount: rest }],
          version: 1,
          createdAt: START,
          updatedAt: START,
        });
        const template = aTemplate(anInstitution({ id: institutionId }), { id: position.templateId });
        const asset = anAsset(template, { id: assetId });
        tx.positions.insert(aPosition(asset, { id: unfunded, currency, amount: 10_000n }));
      });
      const query =
        'query ($id: ID!) { institution(id: $id) { policies { allowedCurrencies limits { maxAmount { amount } } } } }';
      expect((await server.ask(query, { id: institutionId })).data).toEqual({
        institution: { policies: [{ allowedCurrencies: [code], limits: [{ maxAmount: { amount: rest } }] }] },
      });
      expect(await call(server, 'fundPosition', { positionId: unfunded })).toMatchObject({
        code: 'POLICY_VIOLATION',
        rule: 'MAX_AMOUNT',
        limit: money(rest),
      });
    });
  });

  it('a currency filter accepts active and withdrawn currencies, and rejects unknown ones', async () => {
    await makeDeal(server);
    const query = 'query ($code: CurrencyCode) { positions(filter: { currencyCode: $code }) { totalCount } }';
    for (const code of ['USD', 'DEM', 'BGN']) {
      expect((await server.ask(query, { code })).data).toEqual({ positions: { totalCount: 0 } });
    }
    for (const code of ['XXX', 'XAU', 'usd', 'hrk', '']) {
      expect(await errorOf(server, query, { code })).toMatchObject({
        code: 'BAD_USER_INPUT',
        message: '`filter.currencyCode` must be an ISO 4217 currency code such as "USD".',
      });
    }
  });

  it('postings of positions in withdrawn currencies balance', async () => {
    const balanced = await open();
    for (const [code] of FORMER) await stored(balanced, code);
    expect(await verify(balanced)).toMatchObject({ positions: FORMER.length, difference: null });
  });
});
