import { createAsset } from '../commands/asset.ts';
import { createAssetTemplate } from '../commands/assetTemplate.ts';
import { postChatMessage } from '../commands/chatMessage.ts';
import { createChatSession } from '../commands/chatSession.ts';
import type { CommandContext } from '../commands/context.ts';
import { createInstitution } from '../commands/institution.ts';
import { createPosition } from '../commands/position.ts';
import { cancelPosition, expirePosition, fundPosition, releasePosition } from '../commands/positionMoves.ts';
import { CHAT_PRIORITIES } from '../domain/chatSession.ts';
import type { Id, IdPrefix } from '../domain/ids.ts';
import { type Clock, DAY_MS } from '../domain/time.ts';
import type { Store } from '../store/store.ts';
import { derivedId } from './derivedId.ts';
import { sampleContext } from './sampleContext.ts';

/** Returns the id of the object of a type that the nth step creates. */
const demoId = (prefix: IdPrefix, n: number): Id => derivedId('EscrowGrid demo', prefix, n);

/**
 * Fills a store without institutions with positions in every state, through the commands that clients use. The
 * idempotency key and the ids of each step are derived from its number, so that servers that start together write the
 * data once.
 */
export async function writeDemoData(store: Store, clock: Clock): Promise<void> {
  const [institutions] = await store.read('ALL').institutions.counts([{ where: {} }]);
  if (institutions !== 0) return;
  let steps = 0;
  const step: Step = (input) => {
    steps += 1;
    const n = steps;
    const newId = (prefix: IdPrefix): Id => demoId(prefix, n);
    return [sampleContext({ store, clock, newId }), { ...input, idempotencyKey: `demo ${n}` }];
  };
  await construction(step);
  await tradeFinance(step, clock());
}

/** Returns the arguments of a command for the next step. */
type Step = <const I extends object>(input: I) => [CommandContext, I & { readonly idempotencyKey: string }];

/** The objects that examples use. */
export const DEMO = {
  pier: demoId('ast', 4),
  /** Partly released. */
  groundwork: demoId('pos', 7),
  /** Funded. */
  facade: demoId('pos', 13),
} as const;

async function construction(step: Step): Promise<void> {
  const { institution } = await createInstitution(...step({ name: 'Harbor Bank', regions: ['US', 'EU_UK'] }));
  const { assetTemplate: escrow } = await createAssetTemplate(
    ...step({
      institutionId: institution.id,
      code: 'CONSTR_ESCROW',
      name: 'Construction escrow, United States',
      vertical: 'CONSTRUCTION',
      region: 'US',
      config: { currency: 'USD', region: 'US', minAmount: '1.00', maxAmount: '50000000.00' },
    }),
  );
  const { assetTemplate: retainage } = await createAssetTemplate(
    ...step({
      institutionId: institution.id,
      code: 'CONSTR_RETAINAGE',
      name: 'Retainage of 5 %, Europe',
      vertical: 'CONSTRUCTION',
      region: 'EU_UK',
      config: { currency: 'EUR', retainagePercentage: '5.0' },
    }),
  );
  const { asset: pier } = await createAsset(
    ...step({
      templateId: escrow.id,
      label: 'Pier 9 Warehouse',
      metadata: { city: 'Oakland', permit: 'B-2026-0117' },
    }),
  );
  const { asset: tower } = await createAsset(...step({ templateId: retainage.id, label: 'Tower Quay, lot 4' }));

  const open = (assetId: Id, holderReference: string, amount: string, currencyCode: string) =>
    createPosition(...step({ assetId, holderReference, amount: { amount, currencyCode } }));
  await open(pier.id, 'contractor-001', '250000.00', 'USD');
  const { position: groundwork } = await open(pier.id, 'contractor-001', '1250000.00', 'USD');
  await fundPosition(...step({ positionId: groundwork.id, reason: 'Wire received' }));
  await releasePosition(...step({ positionId: groundwork.id, amount: '312500.50', reason: 'Milestone 1 accepted' }));
  const { position: survey } = await open(pier.id, 'surveyor-007', '18000.00', 'USD');
  await fundPosition(...step({ positionId: survey.id }));
  await releasePosition(...step({ positionId: survey.id, all: true, reason: 'Report delivered' }));
  const { position: facade } = await open(tower.id, 'contractor-014', '93500.00', 'EUR');
  await fundPosition(...step({ positionId: facade.id }));
  const { position: crane } = await open(tower.id, 'contractor-020', '40000.00', 'EUR');
  await cancelPosition(...step({ positionId: crane.id, reason: 'Contract not signed' }));

  const { chatSession } = await createChatSession(
    ...step({
      positionId: groundwork.id,
      ownerReference: 'clerk-12',
      title: 'Milestone 1: what is still missing?',
      description: 'The survey of the north wall, and the invoice for the piles.',
      priority: CHAT_PRIORITIES.HIGH,
    }),
  );
  const say = (authorReference: string, body: string) =>
    postChatMessage(...step({ chatSessionId: chatSession.id, authorReference, body }));
  await say('clerk-12', 'The survey of the north wall has not arrived yet.');
  await say('contractor-001', 'You will receive it on Friday.');
}

async function tradeFinance(step: Step, now: number): Promise<void> {
  const { institution } = await createInstitution(
    ...step({
      name: 'Meridian Trade Fund',
      regions: ['SG', 'UAE'],
      verticals: ['TRADE_FINANCE'],
    }),
  );
  const { assetTemplate: invoices } = await createAssetTemplate(
    ...step({
      institutionId: institution.id,
      code: 'TF_INVOICE',
      name: 'Invoices, 90 days',
      vertical: 'TRADE_FINANCE',
      region: 'SG',
      config: { currency: 'JPY', maxTenorDays: 90, country: 'SG' },
    }),
  );
  const { assetTemplate: letters } = await createAssetTemplate(
    ...step({
      institutionId: institution.id,
      code: 'TF_LC',
      name: 'Letters of credit, 180 days',
      vertical: 'TRADE_FINANCE',
      region: 'UAE',
      config: { currency: 'KWD', issuingBankCountry: 'KW', maxTenorDays: 180 },
    }),
  );
  const { asset: invoice } = await createAsset(...step({ templateId: invoices.id, label: 'Invoice 4711' }));
  const { asset: letter } = await createAsset(...step({ templateId: letters.id, label: 'LC 2026/88' }));
  // Midnight, so that servers that start together use the same time.
  const expiresAt = (Math.floor(now / DAY_MS) + 60) * DAY_MS;
  const { position: shipment } = await createPosition(
    ...step({
      assetId: invoice.id,
      holderReference: 'exporter-31',
      amount: { amount: '125000000', currencyCode: 'JPY' },
      expiresAt,
    }),
  );
  await fundPosition(...step({ positionId: shipment.id }));
  const { position: oil } = await createPosition(
    ...step({
      assetId: letter.id,
      holderReference: 'supplier-5',
      amount: { amount: '75000.125', currencyCode: 'KWD' },
      expiresAt,
    }),
  );
  await fundPosition(...step({ positionId: oil.id }));
  await expirePosition(...step({ positionId: oil.id, reason: 'Documents never arrived' }));
}
