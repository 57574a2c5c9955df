import { describe, expect, it } from 'vitest';
import { sceneOn } from '../support/accounting.ts';
import { type Deal, makeDeal } from '../support/deal.ts';
import type { TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import {
  contractInput,
  fundContract,
  milestonesOf,
  openContract,
  PARTIES,
  pathsOf,
  postingsOf,
  send,
  sent,
} from './terms.ts';

const retaining = (server: TestServer, retainagePercentage = '10.50'): Promise<Deal> =>
  makeDeal(server, { code: 'CONSTR_RETAINAGE', config: { currency: 'USD', retainagePercentage } });

async function setPolicy(server: TestServer, { institution }: Deal, rules: object): Promise<void> {
  const MUTATION = `mutation ($input: SetPolicyInput!) { setPolicy(input: $input) { __typename
    ... on SetPolicyPayload { policy { allowedCountries } } ... on UserError { message } } }`;
  const { data } = await server.ask(MUTATION, { input: { institutionId: institution.id, region: 'SG', ...rules } });
  expect(data).toMatchObject({ setPolicy: { __typename: 'SetPolicyPayload' } });
}

onBothStores((open) => {
  const scene = sceneOn(open);

  describe('a CONSTR_RETAINAGE template', () => {
    it('gives its percentage to positions without terms, which then withhold it', async () => {
      const { server } = scene;
      const deal = await retaining(server);
      const { positionId, position } = await fundContract(server, deal, undefined);
      expect(position.terms).toMatchObject({
        version: 1,
        retainagePercentage: '10.5',
        parties: [],
        fees: [],
        agreed: true,
        agreementRequired: false,
        milestones: { totalCount: 0 },
      });
      const { event } = await sent(server, 'releasePosition', { positionId, amount: '250.00' });
      expect(postingsOf(event)).toEqual(['ESCROW -250.00', 'RETAINAGE 26.25', 'PAYEE 223.75']);
      const last = await sent(server, 'releasePosition', { positionId, all: true });
      expect(postingsOf(last.event)).toEqual(['ESCROW -750.00', 'RETAINAGE -26.25', 'PAYEE 776.25']);
    });

    it('is the default and the minimum of the terms, also when they are amended', async () => {
      const { server } = scene;
      const deal = await retaining(server);
      const terms = { parties: PARTIES };
      const { positionId, position } = await openContract(server, deal, terms);
      expect(position.terms?.retainagePercentage).toBe('10.5');
      const lower = { ...terms, retainagePercentage: '10.4999' };
      const refusal = { code: 'POLICY_VIOLATION', rule: 'RETAINAGE', path: ['terms', 'retainagePercentage'] };
      expect(await send(server, 'createPosition', contractInput(deal, lower))).toMatchObject(refusal);
      expect(await send(server, 'amendPosition', { positionId, terms: lower })).toMatchObject(refusal);
      const amended = await sent(server, 'amendPosition', {
        positionId,
        terms: { ...terms, retainagePercentage: '20' },
      });
      expect(amended.position.terms?.retainagePercentage).toBe('20');
      const again = await sent(server, 'amendPosition', { positionId, terms });
      expect(again.position.terms?.retainagePercentage).toBe('10.5');
    });

    it('does not allow several payees, unless its percentage is zero', async () => {
      const { server } = scene;
      const parties = [...PARTIES, { role: 'PAYEE', reference: 'steel-mill' }];
      const milestones = [{ title: 'Steel', amount: '1000', payeeReference: 'steel-mill' }];
      const terms = { parties, milestones };
      const refused = await send(server, 'createPosition', contractInput(await retaining(server), terms));
      expect(pathsOf(refused)).toEqual(['terms.retainagePercentage']);
      await openContract(server, await retaining(server, '0'), terms);
    });

    it('keeps the percentage under which the position was opened when the template changes', async () => {
      const { server } = scene;
      const deal = await retaining(server);
      const { positionId } = await openContract(server, deal, undefined);
      const UPDATE = `mutation ($input: UpdateAssetTemplateInput!) { updateAssetTemplate(input: $input) { __typename } }`;
      const config = { currency: 'USD', retainagePercentage: '30' };
      const { data } = await server.ask(UPDATE, { input: { templateId: deal.templateId, config } });
      expect(data).toEqual({ updateAssetTemplate: { __typename: 'UpdateAssetTemplatePayload' } });
      const { position } = await sent(server, 'amendPosition', { positionId, terms: { parties: PARTIES } });
      expect(position.terms?.retainagePercentage).toBe('10.5');
      expect((await openContract(server, deal, undefined)).position.terms?.retainagePercentage).toBe('30');
    });

    it('changes nothing for a position that was opened before terms existed', async () => {
      const { server, store } = scene;
      const deal = await retaining(server);
      const { positionId } = await openContract(server, deal, { parties: PARTIES, milestones: milestonesOf('1000') });
      // As an earlier version left it: a position without terms, under the same template.
      const [row] = await store.read('ALL').positions.byIds([positionId]);
      const earlier = { ...row, id: `${positionId.slice(0, -4)}0000`, termsVersion: null } as NonNullable<typeof row>;
      await store.transact('ALL', async (tx) => tx.positions.insert(earlier));
      await sent(server, 'amendPosition', { positionId: earlier.id, expiresAt: null });
      await sent(server, 'fundPosition', { positionId: earlier.id });
      const { position, event } = await sent(server, 'releasePosition', { positionId: earlier.id, amount: '250.00' });
      expect(postingsOf(event)).toEqual(['ESCROW -250.00', 'PAYEE 250.00']);
      expect(position).toMatchObject({ terms: null, retained: { amount: '0.00' }, released: { amount: '250.00' } });
    });
  });

  describe('the country of a template', () => {
    const invoices = (server: TestServer, deal?: Deal): Promise<Deal> =>
      makeDeal(server, {
        code: 'TF_INVOICE',
        vertical: 'TRADE_FINANCE',
        region: 'SG',
        config: { currency: 'USD', maxTenorDays: 30, country: 'SG' },
        ...(deal && { institutionId: deal.institution.id }),
      });
    const dated = (server: TestServer, deal: Deal): object => ({
      ...contractInput(deal, undefined),
      expiresAt: new Date(server.now + 86_400_000).toISOString(),
    });

    it('must be among the allowed countries of the policy at creation, amendment and funding', async () => {
      const { server } = scene;
      const deal = await invoices(server);
      await setPolicy(server, deal, { allowedCountries: ['SG', 'DE'] });
      const { position } = await sent(server, 'createPosition', dated(server, deal));
      await setPolicy(server, deal, { allowedCountries: ['DE'] });
      const refusal = { code: 'POLICY_VIOLATION', rule: 'COUNTRY', path: null };
      const positionId = position.id;
      expect(await send(server, 'createPosition', dated(server, deal))).toMatchObject(refusal);
      expect(await send(server, 'fundPosition', { positionId })).toMatchObject(refusal);
      expect(await send(server, 'fundPosition', { positionId, amount: '1' })).toMatchObject(refusal);
      expect(await send(server, 'transitionPosition', { positionId, toState: 'FUNDED' })).toMatchObject(refusal);
      expect(await send(server, 'amendPosition', { positionId, terms: { parties: PARTIES } })).toMatchObject(refusal);
      await setPolicy(server, deal, {});
      await sent(server, 'fundPosition', { positionId });
    });

    it('does not matter for templates without one, and amendments name no field that they lack', async () => {
      const { server } = scene;
      const deal = await makeDeal(server, { region: 'SG', config: { currency: 'USD', region: 'SG' } });
      await setPolicy(server, deal, { allowedCountries: ['DE'] });
      const { positionId } = await openContract(server, deal, undefined);
      await setPolicy(server, deal, { limits: [{ currencyCode: 'USD', minAmount: '2000' }] });
      const terms = { parties: PARTIES };
      expect(await send(server, 'amendPosition', { positionId, terms })).toMatchObject({
        code: 'POLICY_VIOLATION',
        rule: 'MIN_AMOUNT',
        path: null,
      });
      await setPolicy(server, deal, {});
      await sent(server, 'fundPosition', { positionId });
    });

    it('the tenor of an amended expiry counts from the creation', async () => {
      const { server } = scene;
      const deal = await invoices(server);
      const { position } = await sent(server, 'createPosition', dated(server, deal));
      const positionId = position.id;
      const day = 86_400_000;
      const created = server.now;
      server.now += 1_000;
      const late = new Date(created + 30 * day + 1).toISOString();
      const refusal = { code: 'POLICY_VIOLATION', rule: 'TENOR', path: ['expiresAt'] };
      expect(await send(server, 'amendPosition', { positionId, expiresAt: late })).toMatchObject(refusal);
      expect(await send(server, 'amendPosition', { positionId, expiresAt: null })).toMatchObject(refusal);
      await sent(server, 'amendPosition', { positionId, expiresAt: new Date(created + 30 * day).toISOString() });
    });

    it.each([
      [['Singapore'], 'allowedCountries.0'],
      [['sg'], 'allowedCountries.0'],
      [['SG', 'XX'], 'allowedCountries.1'],
      [[], 'allowedCountries'],
    ])('setPolicy rejects the countries %j', async (allowedCountries, path) => {
      const { server } = scene;
      const deal = await invoices(server);
      const MUTATION =
        'mutation ($input: SetPolicyInput!) { setPolicy(input: $input) { ... on ValidationError { issues { path } } } }';
      const { data } = await server.ask(MUTATION, {
        input: { institutionId: deal.institution.id, region: 'SG', allowedCountries },
      });
      expect(data).toEqual({ setPolicy: { issues: [{ path: path.split('.') }] } });
    });
  });
});
