import { beforeAll } from 'vitest';
import { did, type MutationName, opening, type Scene } from '../support/accounting.ts';
import { fundedPosition, openPosition, TERMS, withTerms } from '../support/deal.ts';

/** A valid input of a mutation, changes that keep it equivalent, and changes that make it different. */
export interface Equivalents {
  readonly input: object;
  readonly same: readonly object[];
  readonly other: readonly object[];
}
const metadata = { b: { y: 1, x: [1, 2] }, a: 'ä' };
const reordered = { a: 'ä', b: { x: [1, 2], y: 1 } };
const MONEY = { amount: '100.00', currencyCode: 'USD' };
const FAR = { expiresAt: '2027-01-01T00:00:00Z' };
export type EquivalentInputs = { readonly [M in MutationName]: Equivalents };

/** Returns an input of each mutation in the scene, with equivalent and different inputs. */
export function equivalentInputsOn(scene: Scene): EquivalentInputs {
  const equivalentInputs = {} as { -readonly [M in MutationName]: Equivalents };

  beforeAll(async () => {
    const { server, deal } = scene;
    const { id: institutionId } = deal.institution;
    const bank = { name: 'Bank', regions: ['US'], verticals: ['CONSTRUCTION', 'TRADE_FINANCE'] };
    const template = {
      institutionId,
      code: 'CONSTR_ESCROW',
      name: 'Escrow',
      vertical: 'CONSTRUCTION',
      region: 'US',
      config: { currency: 'USD', region: 'US', minAmount: '1' },
    };
    const asset = { templateId: deal.templateId, label: 'Pier', metadata };
    const created = opening(deal, { metadata, ...FAR });
    const move = async (funded: boolean, more: object = {}): Promise<Equivalents> => {
      const { id: positionId } = funded ? await fundedPosition(server, deal) : await openPosition(server, deal);
      const input = { positionId, metadata, ...more };
      return {
        input,
        same: [{ metadata: reordered }, { expectedVersion: null }, { reason: null }],
        other: [{ metadata: {} }, { reason: 'why' }, { expectedVersion: funded ? 2 : 1 }],
      };
    };
    const paying = async (more: object, ...same: readonly object[]): Promise<Equivalents> => {
      const said = await move(true, { amount: '10.00', ...more });
      return {
        ...said,
        same: [...said.same, { amount: '10.0' }, { amount: '10' }, ...same],
        other: [...said.other, { amount: '10.01' }],
      };
    };
    const limits = [{ currencyCode: 'USD', minAmount: '1.00', maxAmount: '500' }];
    const policy = { institutionId, region: 'US', limits };
    const { id: batched } = await fundedPosition(server, deal);
    const operations = [
      { create: opening(deal, { metadata }) },
      { transition: { positionId: batched, toState: 'PARTIALLY_RELEASED', amount: '10.0', metadata } },
    ] as const;
    await did(server, 'setPolicy', { institutionId, region: 'SG' });
    Object.assign(equivalentInputs, {
      createInstitution: {
        input: bank,
        same: [{ verticals: null }],
        other: [{ name: 'Bank 2' }, { regions: ['SG'] }, { verticals: ['CONSTRUCTION'] }],
      },
      createAssetTemplate: {
        input: template,
        same: [{ config: { minAmount: '1', region: 'US', currency: 'USD' } }],
        other: [{ name: 'x' }, { config: { currency: 'USD', region: 'US' } }],
      },
      createAsset: {
        input: asset,
        same: [{ metadata: reordered }, { institutionId }],
        other: [{ label: 'x' }, { metadata: null }],
      },
      createPosition: {
        input: created,
        same: [
          { metadata: reordered, institutionId },
          { amount: { ...MONEY, amount: '100.0' } },
          { amount: { ...MONEY, amount: '100' }, externalReference: null },
          { uniqueReference: false },
          { uniqueReference: null },
          { expiresAt: '2027-01-01T01:00:00.000+01:00' },
        ],
        other: [
          { amount: { ...MONEY, amount: '100.01' } },
          { holderReference: 'x' },
          { externalReference: 'x' },
          { expiresAt: null },
          { metadata: { ...metadata, b: {} } },
        ],
      },
      updateInstitution: {
        input: { institutionId, name: 'Bank', regions: ['US', 'SG', 'UAE'] },
        same: [{ expectedVersion: null }],
        other: [{ name: 'Bank 2' }, { regions: ['US', 'SG'] }, { verticals: ['CONSTRUCTION'] }, { expectedVersion: 1 }],
      },
      updateAssetTemplate: {
        input: { templateId: deal.templateId, config: template.config },
        same: [{ config: { minAmount: '1', region: 'US', currency: 'USD' } }, { expectedVersion: null }],
        other: [{ name: 'x' }, { config: { currency: 'USD', region: 'US' } }, { expectedVersion: 1 }],
      },
      updateAsset: {
        input: { assetId: deal.assetId, metadata },
        same: [{ metadata: reordered }, { expectedVersion: null }],
        other: [{ label: 'x' }, { metadata: {} }, { expectedVersion: 1 }],
      },
      updatePosition: {
        input: { positionId: (await openPosition(server, deal)).id, externalReference: 'INV-1', metadata },
        same: [{ metadata: reordered }, { expectedVersion: null }],
        other: [{ externalReference: null }, { metadata: {} }, { expectedVersion: 1 }],
      },
      transitionPosition: await paying({ toState: 'PARTIALLY_RELEASED' }),
      fundPosition: await move(false),
      releasePosition: await paying({}, { all: false }, { all: null }),
      refundPosition: await paying(
        {},
        { all: false },
        { all: null },
        { milestoneId: null },
        { paymentReference: null },
      ),
      amendPosition: {
        input: { ...(await withTerms(server, deal)), terms: TERMS, metadata },
        same: [
          { metadata: reordered },
          { reason: null },
          { terms: { ...TERMS, agreementRequired: false, fees: [], retainagePercentage: null } },
          { terms: { ...TERMS, milestones: [{ ...TERMS.milestones[0], amount: '100', payeeReference: 'seller' }] } },
        ],
        other: [
          { terms: { ...TERMS, agreementRequired: true } },
          { terms: { ...TERMS, milestones: [] } },
          { expiresAt: null },
          { reason: 'why' },
        ],
      },
      agreeToPosition: {
        input: { ...(await withTerms(server, deal)), partyReference: 'seller', termsVersion: 1, metadata },
        same: [{ metadata: reordered }, { reason: null }],
        other: [{ partyReference: 'buyer' }, { termsVersion: 2 }, { reason: 'why' }],
      },
      cancelPosition: await move(true),
      expirePosition: await move(false),
      applyPositions: {
        input: { operations, dryRun: false },
        same: [
          { atomic: true },
          {
            operations: [
              { create: opening(deal, { metadata: reordered, amount: { ...MONEY, amount: '100' } }) },
              { transition: { ...operations[1].transition, amount: '10' } },
            ],
          },
        ],
        other: [{ atomic: false }, { operations: operations.toReversed() }, { operations: [operations[0]] }],
      },
      setPolicy: {
        input: policy,
        same: [
          { limits: [{ ...limits[0], minAmount: '1', maxAmount: '500.00' }] },
          { allowedCurrencies: null, expectedVersion: null },
        ],
        other: [{ limits: [] }, { region: 'SG' }, { allowedCurrencies: ['USD'] }, { expectedVersion: 0 }],
      },
      deletePolicy: {
        input: { institutionId, region: 'SG' },
        same: [{ expectedVersion: null }],
        other: [{ region: 'US' }, { expectedVersion: 1 }],
      },
    } satisfies { readonly [M in MutationName]: Equivalents });
  });
  return equivalentInputs;
}
