import type {
  CreateAssetTemplateInput,
  CreatePositionInput,
  InstitutionPartsFragment,
  PositionPartsFragment,
  PositionTermsInput,
} from '../api/documents/graphql.ts';
import {
  CreateAssetDocument,
  CreateAssetTemplateDocument,
  CreateInstitutionDocument,
  CreatePositionDocument,
  FundPositionDocument,
} from '../api/documents/graphql.ts';
import type { TestServer } from './server.ts';

/** Returns the payload of a mutation that must succeed. */
export function done<R extends { readonly __typename: string }, N extends R['__typename']>(
  result: R | null | undefined,
  name: N,
): Extract<R, { readonly __typename: N }> {
  if (result?.__typename !== name) throw new Error(`Expected a ${name}: ${JSON.stringify(result)}`);
  return result as Extract<R, { readonly __typename: N }>;
}

export interface Deal {
  readonly institution: InstitutionPartsFragment;
  readonly templateId: string;
  readonly assetId: string;
}

/** Creates an institution with a template and an asset, to open positions for. */
export async function makeDeal(server: TestServer, template: Partial<CreateAssetTemplateInput> = {}): Promise<Deal> {
  const made = await server.run(CreateInstitutionDocument, { input: { name: 'Harbor Bank', regions: ['US', 'SG'] } });
  const { institution } = done(made.createInstitution, 'CreateInstitutionPayload');
  const { createAssetTemplate } = await server.run(CreateAssetTemplateDocument, {
    input: {
      institutionId: institution.id,
      code: 'CONSTR_ESCROW',
      name: 'Escrow',
      vertical: 'CONSTRUCTION',
      region: 'US',
      config: { currency: 'USD', region: 'US' },
      ...template,
    },
  });
  const templateId = done(createAssetTemplate, 'CreateAssetTemplatePayload').assetTemplate.id;
  const { createAsset } = await server.run(CreateAssetDocument, { input: { templateId, label: 'Pier 9' } });
  return { institution, templateId, assetId: done(createAsset, 'CreateAssetPayload').asset.id };
}

export async function openPosition(
  server: TestServer,
  deal: Deal,
  input: Partial<CreatePositionInput> = {},
): Promise<PositionPartsFragment> {
  const { createPosition } = await server.run(CreatePositionDocument, {
    input: {
      assetId: deal.assetId,
      holderReference: 'holder',
      amount: { amount: '100.00', currencyCode: 'USD' },
      ...input,
    },
  });
  return done(createPosition, 'CreatePositionPayload').position;
}

export async function fundedPosition(
  server: TestServer,
  deal: Deal,
  amount = '100.00',
  input: Partial<CreatePositionInput> = {},
): Promise<PositionPartsFragment> {
  const position = await openPosition(server, deal, { amount: { amount, currencyCode: 'USD' }, ...input });
  const { fundPosition } = await server.run(FundPositionDocument, { input: { positionId: position.id } });
  return done(fundPosition, 'FundPositionPayload').position;
}

/** Terms between a buyer and a seller, with one milestone that is the whole amount. */
export const TERMS = {
  parties: [
    { role: 'PAYER', reference: 'buyer' },
    { role: 'PAYEE', reference: 'seller' },
  ],
  milestones: [{ title: 'Delivery', amount: '100.00', dueAt: '2026-06-01T00:00:00.000Z' }],
} satisfies PositionTermsInput;

/** Opens a position of 100.00 with terms. Returns its id as an input names it. */
export async function withTerms(server: TestServer, deal: Deal): Promise<{ readonly positionId: string }> {
  return { positionId: (await openPosition(server, deal, { terms: TERMS })).id };
}
