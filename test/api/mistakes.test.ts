import { describe, expect, it } from 'vitest';
import { ConfigurationError, readConfig } from '../../src/config.ts';
import { send } from '../support/answers.ts';
import { done, fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { day } from '../support/refusing.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import {
  CreateAssetTemplateDocument,
  CreateInstitutionDocument,
  CreatePositionDocument,
  FundPositionDocument,
  PositionDocument,
  ReleasePositionDocument,
} from './documents/graphql.ts';

const usd = (amount: string) => ({ amount, currencyCode: 'USD' });

describe('predecessor mistakes', () => {
  onBothStores((open) => {
    it('predecessor mistake 1: amounts were floats, so 90071992547409.93 came back as 90071992547409.94 and transitions rewrote digits', async () => {
      const server = serve(await open());
      const dollars = await makeDeal(server);
      const weights = await makeDeal(server, { config: { currency: 'UYW', region: 'US' } });
      const cases = [
        [dollars, '90071992547409.93', 'USD'],
        [dollars, '999999999999999999999999.99', 'USD'],
        [weights, '123456789012345678.1234', 'UYW'],
      ] as const;
      for (const [deal, amount, currencyCode] of cases) {
        const { id } = await openPosition(server, deal, { amount: { amount, currencyCode } });
        await server.run(FundPositionDocument, { input: { positionId: id } });
        const part = await server.run(ReleasePositionDocument, { input: { positionId: id, amount: '0.01' } });
        expect(part.releasePosition?.__typename).toBe('ReleasePositionPayload');
        const { position } = await server.run(PositionDocument, { id });
        const minorUnits = ({ amount: text }: { readonly amount: string }) => BigInt(text.replace('.', ''));
        expect([position?.amount, position?.funded]).toMatchObject([
          { amount, currencyCode },
          { amount, currencyCode },
        ]);
        if (!position) continue;
        expect(minorUnits(position.held) + minorUnits(position.released)).toBe(minorUnits({ amount }));
      }
      const tooFine = { amount: '123456789012345678.12345678', currencyCode: 'USD' };
      const input = { assetId: dollars.assetId, holderReference: 'h', amount: tooFine };
      const { createPosition } = await server.run(CreatePositionDocument, { input });
      expect(createPosition).toMatchObject({ code: 'VALIDATION_FAILED', path: ['amount', 'amount'] });
    });

    it('predecessor mistake 2: a second partial release was ignored, and the ledger event was written twice or failed with a duplicate key', async () => {
      const server = serve(await open());
      const { id: positionId } = await fundedPosition(server, await makeDeal(server));
      for (const [index, amount] of ['10.00', '10.00', '0.01'].entries()) {
        const { releasePosition } = await server.run(ReleasePositionDocument, { input: { positionId, amount } });
        const { event, position } = done(releasePosition, 'ReleasePositionPayload');
        expect(event).toMatchObject({ sequence: index + 3, toState: 'PARTIALLY_RELEASED', moved: usd(amount) });
        expect(position).toMatchObject({ state: 'PARTIALLY_RELEASED', version: index + 3 });
      }
      const { position } = await server.run(PositionDocument, { id: positionId });
      expect(position).toMatchObject({ held: usd('79.99'), released: usd('20.01') });
      const events = position?.events?.nodes ?? [];
      expect(new Set(events.map(({ id }) => id)).size).toBe(5);
      expect(events.map(({ moved }) => moved?.amount)).toEqual([undefined, '100.00', '10.00', '10.00', '0.01']);
    });

    it('predecessor mistake 3: releases had no amounts, the held amount was unknown, and template limits were stored but not enforced', async () => {
      const server = serve(await open());
      const config = { currency: 'USD', region: 'US', minAmount: '50', maxAmount: '100' };
      const deal = await makeDeal(server, { config });
      const { id: positionId } = await fundedPosition(server, deal);
      const part = await server.run(ReleasePositionDocument, { input: { positionId, amount: '33.33' } });
      const payload = done(part.releasePosition, 'ReleasePositionPayload');
      expect(payload).toMatchObject({ event: { moved: usd('33.33') }, position: { held: usd('66.67') } });
      const over = await server.run(ReleasePositionDocument, { input: { positionId, amount: '66.68' } });
      expect(over.releasePosition).toMatchObject({ code: 'INSUFFICIENT_FUNDS', held: usd('66.67') });

      const rules = [
        [usd('49.99'), 'MIN_AMOUNT'],
        [usd('100.01'), 'MAX_AMOUNT'],
        [{ amount: '75', currencyCode: 'EUR' }, 'CURRENCY'],
      ] as const;
      for (const [amount, rule] of rules) {
        const input = { assetId: deal.assetId, holderReference: 'h', amount };
        const { createPosition } = await server.run(CreatePositionDocument, { input });
        expect(createPosition).toMatchObject({ __typename: 'PolicyViolationError', rule });
      }
      const letter = { currency: 'USD', maxTenorDays: 2, issuingBankCountry: 'SG' };
      const tenor = await makeDeal(server, { code: 'TF_LC', vertical: 'TRADE_FINANCE', config: letter });
      for (const expiresAt of [null, day(3)]) {
        const input = { assetId: tenor.assetId, holderReference: 'h', amount: usd('1'), expiresAt };
        const { createPosition } = await server.run(CreatePositionDocument, { input });
        expect(createPosition).toMatchObject({ __typename: 'PolicyViolationError', rule: 'TENOR' });
      }
    });

    it('predecessor mistake 9: validation errors were HTML 500 responses, and driver messages and stacks reached the client', async () => {
      const server = serve(await open());
      const deal = await makeDeal(server);
      const bodies = [
        { query: '{ nothing }' },
        { query: '{' },
        { query: 'query ($id: ID!) { position(id: $id) { id } }', variables: { id: "'; drop table positions; --" } },
        { query: 'query ($id: ID!) { position(id: $id) { id } }', variables: { id: 'pos_\u0000' } },
        {
          query: 'query ($f: PositionFilter) { positions(filter: $f) { totalCount } }',
          variables: { f: { holderReference: '\u0000', assetIds: ['\ud800'] } },
        },
        {
          query: 'mutation ($i: CreateAssetInput!) { createAsset(input: $i) { ... on UserError { code message } } }',
          variables: { i: { templateId: deal.templateId, label: '\u0000', metadata: { '\u0000': '\ud800' } } },
        },
      ];
      for (const body of bodies) {
        const init = {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'text/html, */*',
            authorization: 'Bearer \u00e9 nonsense',
          },
        };
        // `send` itself rejects a 5xx, an internal error, a stack trace and driver messages.
        const { status } = await send(server, { ...init, body: JSON.stringify(body) });
        expect(status).toBeLessThan(500);
        const response = await server.app.fetch(
          new Request('http://localhost/graphql', { ...init, body: JSON.stringify(body) }),
        );
        expect(response.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json/);
      }
    });

    it('predecessor mistake 14: a mismatch of code and vertical skipped validation, and regions outside the institution were accepted', async () => {
      const server = serve(await open());
      const made = await server.run(CreateInstitutionDocument, {
        input: { name: 'B', regions: ['US'], verticals: ['CONSTRUCTION'] },
      });
      const { id: institutionId } = done(made.createInstitution, 'CreateInstitutionPayload').institution;
      const escrow = {
        institutionId,
        code: 'CONSTR_ESCROW',
        name: 'E',
        vertical: 'CONSTRUCTION',
        region: 'US',
        config: { currency: 'USD', region: 'US' },
      } as const;
      const invoice = {
        ...escrow,
        code: 'TF_INVOICE',
        vertical: 'TRADE_FINANCE',
        config: { currency: 'USD', maxTenorDays: 3, country: 'US' },
      } as const;
      const cases = [
        [
          { ...escrow, vertical: 'TRADE_FINANCE', config: { anything: true } },
          ['vertical', 'config.currency', 'config.region', 'config'],
        ],
        [{ ...escrow, code: 'CONSTR_OTHER' }, ['code']],
        [{ ...escrow, region: 'SG', config: { currency: 'USD', region: 'SG' } }, ['region']],
        [{ ...escrow, config: { currency: 'USD', region: 'SG' } }, ['config.region']],
        [invoice, ['vertical']],
        [{ ...invoice, region: 'UAE' }, ['region', 'vertical']],
      ] as const;
      for (const [input, paths] of cases) {
        const { createAssetTemplate } = await server.run(CreateAssetTemplateDocument, { input });
        const issues = createAssetTemplate?.__typename === 'ValidationError' ? createAssetTemplate.issues : [];
        expect(issues.map(({ path }) => path.join('.'))).toEqual(paths);
      }
      expect((await server.run(CreateAssetTemplateDocument, { input: escrow })).createAssetTemplate?.__typename).toBe(
        'CreateAssetTemplatePayload',
      );
    });
  });

  it('predecessor mistake 11: `STORE_BACKEND=postgresql` silently selected memory', () => {
    const read = (STORE_BACKEND: string) => () =>
      readConfig({ STORE_BACKEND, DATABASE_URL: 'postgres://localhost/escrowgrid' });
    for (const backend of ['postgresql', 'Postgres', 'POSTGRES', 'pg', 'mem', 'postgres,memory']) {
      expect(read(backend)).toThrow(ConfigurationError);
      expect(read(backend)).toThrow(`STORE_BACKEND must be one of memory, postgres, embedded; it is "${backend}".`);
    }
    expect(read('postgres')().store.backend).toBe('postgres');
    expect(() => readConfig({ STORE_BACKEND: 'postgres' })).toThrow(/DATABASE_URL/);
  });
});
