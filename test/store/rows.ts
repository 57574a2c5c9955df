import type { Asset } from '../../src/domain/asset.ts';
import { type AssetTemplate, templateConfigOf } from '../../src/domain/assetTemplate.ts';
import { type CurrencyCode, isCurrency } from '../../src/domain/currencies.ts';
import { type Id, type IdPrefix, typeId } from '../../src/domain/ids.ts';
import type { Institution } from '../../src/domain/institution.ts';
import type { LifecycleEvent } from '../../src/domain/lifecycleEvent.ts';
import { magnitudeOf } from '../../src/domain/money.ts';
import type { Position } from '../../src/domain/position.ts';
import type { Field, Key, Page, Reader, Store, TableName, Tables, Window, Writers } from '../../src/store/store.ts';

/** The store of a test suite, which is open only while tests run. */
export type GetStore = () => Store;

export const START = Date.parse('2026-03-01T12:00:00.000Z');

let ids = 0;
/** Returns a new id that sorts after all earlier ones. */
export function nextId(prefix: IdPrefix): Id {
  ids += 1;
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(12, ids);
  return typeId(prefix, bytes);
}

export const currency = (code: string): CurrencyCode => {
  if (isCurrency(code)) return code;
  throw new RangeError(code);
};

export const anInstitution = (over: Partial<Institution> = {}): Institution => ({
  id: nextId('inst'),
  name: 'Harbor Bank',
  regions: ['US'],
  verticals: ['CONSTRUCTION'],
  version: 1,
  createdAt: START,
  updatedAt: START,
  ...over,
});

export const aTemplate = (of: Institution, over: Partial<AssetTemplate> = {}): AssetTemplate => ({
  id: nextId('tmpl'),
  institutionId: of.id,
  code: 'CONSTR_ESCROW',
  name: 'Escrow',
  vertical: 'CONSTRUCTION',
  region: 'US',
  config: { currency: 'USD', region: 'US' },
  version: 1,
  createdAt: START,
  updatedAt: START,
  ...over,
});

export const anAsset = (of: AssetTemplate, over: Partial<Asset> = {}): Asset => ({
  id: nextId('ast'),
  institutionId: of.institutionId,
  templateId: of.id,
  label: 'Pier 9',
  metadata: {},
  version: 1,
  createdAt: START,
  updatedAt: START,
  ...over,
});

/** Returns a position that is created and unfunded by default. */
export function aPosition(of: Asset, over: Partial<Position> = {}): Position {
  const { amount = 100n, currency: code = currency('USD') } = over;
  return {
    id: nextId('pos'),
    institutionId: of.institutionId,
    assetId: of.id,
    templateId: of.templateId,
    templateVersion: 1,
    holderReference: 'holder',
    externalReference: null,
    uniqueReference: null,
    metadata: {},
    currency: code,
    amount,
    magnitude: over.magnitude ?? magnitudeOf({ minorUnits: amount, currency: code }),
    expiresAt: null,
    createdAt: START,
    state: 'CREATED',
    termsVersion: null,
    principal: 0n,
    held: 0n,
    retained: 0n,
    released: 0n,
    refunded: 0n,
    fees: 0n,
    fundedAt: null,
    closedAt: null,
    sequence: 1,
    version: 1,
    updatedAt: START,
    ...over,
  };
}

export const anEvent = (of: Position, over: Partial<LifecycleEvent> = {}): LifecycleEvent => ({
  id: nextId('evt'),
  institutionId: of.institutionId,
  positionId: of.id,
  sequence: of.sequence,
  fromState: of.sequence === 1 ? null : 'CREATED',
  toState: of.state,
  move: null,
  moved: null,
  fee: null,
  retained: null,
  milestoneId: null,
  paymentReference: null,
  partyReference: null,
  currency: of.currency,
  reason: null,
  metadata: {},
  actorKind: 'ROOT',
  apiKeyId: null,
  createdAt: of.updatedAt,
  ...over,
});

/** Returns the next version of a position, funded by default. */
export const funded = (position: Position, over: Partial<Position> = {}): Position => ({
  ...position,
  state: 'FUNDED',
  held: position.amount,
  released: 0n,
  refunded: 0n,
  sequence: position.sequence + 1,
  version: position.version + 1,
  updatedAt: position.updatedAt + 1,
  fundedAt: position.updatedAt + 1,
  ...over,
});

export interface Deal {
  readonly institution: Institution;
  readonly template: AssetTemplate;
  readonly asset: Asset;
}

export function aDeal(over: Partial<Institution> = {}): Deal {
  const institution = anInstitution(over);
  const template = aTemplate(institution);
  return { institution, template, asset: anAsset(template) };
}

/** Inserts rows of any types in one transaction as root. */
export async function keep(store: Store, rows: { readonly [T in TableName]?: readonly Tables[T][] }): Promise<void> {
  await store.transact('ALL', async (tx) => {
    insertAll(tx, rows);
  });
}

export function insertAll(tx: Writers, rows: { readonly [T in TableName]?: readonly Tables[T][] }): void {
  for (const row of rows.institutions ?? []) tx.institutions.insert(row);
  for (const row of rows.assetTemplates ?? []) {
    tx.assetTemplates.insert(row);
    // Templates have a stored config, as in createAssetTemplate.
    tx.templateConfigs.insert(templateConfigOf(row));
  }
  for (const row of rows.templateConfigs ?? []) tx.templateConfigs.insert(row);
  for (const row of rows.assets ?? []) tx.assets.insert(row);
  for (const row of rows.positions ?? []) tx.positions.insert(row);
  for (const row of rows.positionTerms ?? []) tx.positionTerms.insert(row);
  for (const row of rows.parties ?? []) tx.parties.insert(row);
  for (const row of rows.milestones ?? []) tx.milestones.insert(row);
  for (const row of rows.lifecycleEvents ?? []) tx.lifecycleEvents.insert(row);
  for (const row of rows.chatSessions ?? []) tx.chatSessions.insert(row);
  for (const row of rows.chatMessages ?? []) tx.chatMessages.insert(row);
  for (const row of rows.chatRevisions ?? []) tx.chatRevisions.insert(row);
  for (const row of rows.readMarks ?? []) tx.readMarks.insert(row);
  for (const row of rows.webhookEndpoints ?? []) tx.webhookEndpoints.insert(row);
  for (const row of rows.webhookDeliveries ?? []) tx.webhookDeliveries.insert(row);
}

/** Inserts a new deal with the positions made for it. */
export async function keepDeal<P extends readonly Position[]>(
  store: Store,
  positionsOf: (deal: Deal) => P,
): Promise<Deal & { readonly positions: P }> {
  const deal = aDeal();
  const positions = positionsOf(deal);
  await keep(store, {
    institutions: [deal.institution],
    assetTemplates: [deal.template],
    assets: [deal.asset],
    positions,
  });
  return { ...deal, positions };
}

export const only = (institution: Institution): { readonly institutionId: Id } => ({ institutionId: institution.id });

export const OLDEST = { by: ['createdAt'], direction: 'ASC' } as const;

/** Returns a complete window, on the oldest rows by default. */
type Dated = { readonly createdAt: number };
export const windowOn = <E extends Dated>(over: Partial<Window<E>> = {}): Window<E> => ({
  where: {},
  order: OLDEST,
  limit: 100,
  backward: false,
  after: null,
  before: null,
  ...over,
});

/** Returns the key of a row in an order. */
export const keyOf = <E extends { readonly id: Id }>(row: E, by: readonly Field<E>[]): Key =>
  [...by.map((field) => row[field]), row.id] as Key;

export const idsOf = (page: Page<{ readonly id: Id }> | undefined): readonly Id[] | undefined =>
  page?.rows.map(({ id }) => id);

/** Reads a single page. */
export async function pageOf<E extends Dated>(reader: Reader<E>, over: Partial<Window<E>> = {}): Promise<Page<E>> {
  const [page] = await reader.pages([windowOn<E>(over)]);
  if (page === undefined) throw new Error('A window was not answered.');
  return page;
}
