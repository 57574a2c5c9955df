import { createHash } from 'node:crypto';
import { createAsset } from '../commands/asset.ts';
import { createAssetTemplate } from '../commands/assetTemplate.ts';
import type { CommandContext } from '../commands/context.ts';
import { createStoredLedger } from '../commands/ledger.ts';
import { createInstitution } from '../commands/institution.ts';
import { cancelPosition, createPosition, expirePosition, fundPosition, releasePosition } from '../commands/position.ts';
import { type Id, type IdPrefix, typeId } from '../domain/ids.ts';
import { type Clock, DAY_MS } from '../domain/time.ts';
import type { Store } from '../store/store.ts';

const EPOCH = Date.parse('2026-01-01T00:00:00.000Z');

/** The nth demo object of a type. Always the same, so that examples can name it; real ids cannot be guessed. */
export function demoId(prefix: IdPrefix, n: number): Id {
  const bytes = createHash('sha256').update(`EscrowGrid demo ${prefix} ${n}`).digest().subarray(0, 16);
  bytes.writeUIntBE(EPOCH + n, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return typeId(prefix, bytes);
}

/** Fills a store that has no institution yet with deals in every state, through the commands that clients use. */
export async function writeDemoData(store: Store, clock: Clock): Promise<void> {
  if (!(await isEmpty(store))) return;
  const made = new Map<IdPrefix, number>();
  const newId = (prefix: IdPrefix): Id => {
    const n = (made.get(prefix) ?? 0) + 1;
    made.set(prefix, n);
    return demoId(prefix, n);
  };
  const ledger = createStoredLedger(newId);
  const viewer = { role: 'ROOT' } as const;
  const chatLimits = { sessions: null, messagesPerSession: 1_000 };
  const context = { viewer, store, ledger, clock, newId, keepKeysMs: DAY_MS, chatLimits, requestId: null };
  try {
    await construction(context);
    await tradeFinance(context);
  } catch (error) {
    // Another server may have begun at the same time: its rows have the same ids.
    if (await isEmpty(store)) throw error;
  }
}

async function isEmpty(store: Store): Promise<boolean> {
  const [count] = await store.read('ALL').institutions.counts([{ where: {} }]);
  return count === 0;
}

async function construction(context: CommandContext): Promise<void> {
  const { institution } = await createInstitution(context, { name: 'Harbor Bank', regions: ['US', 'EU_UK'] });
  const { assetTemplate: escrow } = await createAssetTemplate(context, {
    institutionId: institution.id,
    code: 'CONSTR_ESCROW',
    name: 'Construction escrow, United States',
    vertical: 'CONSTRUCTION',
    region: 'US',
    config: { currency: 'USD', region: 'US', minAmount: '1.00', maxAmount: '50000000.00' },
  });
  const { assetTemplate: retainage } = await createAssetTemplate(context, {
    institutionId: institution.id,
    code: 'CONSTR_RETAINAGE',
    name: 'Retainage of 5 %, Europe',
    vertical: 'CONSTRUCTION',
    region: 'EU_UK',
    config: { currency: 'EUR', retainagePercentage: '5.0' },
  });
  const { asset: pier } = await createAsset(context, {
    templateId: escrow.id,
    label: 'Pier 9 Warehouse',
    metadata: { city: 'Oakland', permit: 'B-2026-0117' },
  });
  const { asset: tower } = await createAsset(context, { templateId: retainage.id, label: 'Tower Quay, lot 4' });

  const open = (assetId: Id, holderReference: string, amount: string, currencyCode: string) =>
    createPosition(context, { assetId, holderReference, amount: { amount, currencyCode } });
  await open(pier.id, 'contractor-001', '250000.00', 'USD');
  const { position: groundwork } = await open(pier.id, 'contractor-001', '1250000.00', 'USD');
  await fundPosition(context, { positionId: groundwork.id, reason: 'Wire received' });
  await releasePosition(context, { positionId: groundwork.id, amount: '312500.50', reason: 'Milestone 1 accepted' });
  const { position: survey } = await open(pier.id, 'surveyor-007', '18000.00', 'USD');
  await fundPosition(context, { positionId: survey.id });
  await releasePosition(context, { positionId: survey.id, reason: 'Report delivered' });
  const { position: facade } = await open(tower.id, 'contractor-014', '93500.00', 'EUR');
  await fundPosition(context, { positionId: facade.id });
  const { position: crane } = await open(tower.id, 'contractor-020', '40000.00', 'EUR');
  await cancelPosition(context, { positionId: crane.id, reason: 'Contract not signed' });
}

async function tradeFinance(context: CommandContext): Promise<void> {
  const { institution } = await createInstitution(context, {
    name: 'Meridian Trade Fund',
    regions: ['SG', 'UAE'],
    verticals: ['TRADE_FINANCE'],
  });
  const { assetTemplate: invoices } = await createAssetTemplate(context, {
    institutionId: institution.id,
    code: 'TF_INVOICE',
    name: 'Invoices, 90 days',
    vertical: 'TRADE_FINANCE',
    region: 'SG',
    config: { currency: 'JPY', maxTenorDays: 90, country: 'SG' },
  });
  const { assetTemplate: letters } = await createAssetTemplate(context, {
    institutionId: institution.id,
    code: 'TF_LC',
    name: 'Letters of credit, 180 days',
    vertical: 'TRADE_FINANCE',
    region: 'UAE',
    config: { currency: 'KWD', issuingBankCountry: 'KW', maxTenorDays: 180 },
  });
  const { asset: invoice } = await createAsset(context, { templateId: invoices.id, label: 'Invoice 4711' });
  const { asset: letter } = await createAsset(context, { templateId: letters.id, label: 'LC 2026/88' });
  const expiresAt = context.clock() + 60 * DAY_MS;
  const { position: shipment } = await createPosition(context, {
    assetId: invoice.id,
    holderReference: 'exporter-31',
    amount: { amount: '125000000', currencyCode: 'JPY' },
    expiresAt,
  });
  await fundPosition(context, { positionId: shipment.id });
  const { position: oil } = await createPosition(context, {
    assetId: letter.id,
    holderReference: 'supplier-5',
    amount: { amount: '75000.125', currencyCode: 'KWD' },
    expiresAt,
  });
  await fundPosition(context, { positionId: oil.id });
  await expirePosition(context, { positionId: oil.id, reason: 'Documents never arrived' });
}
