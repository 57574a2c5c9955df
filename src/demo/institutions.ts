import type { CreateAssetTemplate } from '../commands/assetTemplate.ts';
import type { CreateInstitution } from '../commands/institution.ts';
import type { SetPolicy } from '../commands/policy.ts';
import type { Id } from '../domain/ids.ts';
import type { PositionState } from '../domain/lifecycle.ts';
import { demoId } from './timeline.ts';

// A bridge is being built. Larkfield Escrow Bank holds the money for its construction, and Meridian Trade Fund the money
// for the steel and the cables that are imported for it.

/** An institution with its templates, the kinds of assets that it holds money for. */
export interface DemoInstitution {
  readonly key: 'bank' | 'fund';
  readonly input: CreateInstitution;
  readonly templates: readonly DemoTemplate[];
  readonly policies: readonly Omit<SetPolicy, 'institutionId'>[];
  /** The reasons of the moves of its positions, by state. */
  readonly reasons: Readonly<Record<Exclude<PositionState, 'CREATED'>, string>>;
}

/** A template, and the assets under it. */
export interface DemoTemplate {
  readonly input: Omit<CreateAssetTemplate, 'institutionId'>;
  readonly currency: string;
  /** The decimals of amounts that are not whole: "" for a currency without any. */
  readonly decimals: string;
  /** Whether positions must have an expiry, because the template limits the tenor. */
  readonly isLimited: boolean;
  readonly assets: readonly DemoAsset[];
}

/** An asset. Its positions have external references that start with its code: DECK-01, DECK-02, ... */
export interface DemoAsset {
  readonly code: string;
  readonly label: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The parties that the positions are held for. */
  readonly holders: readonly [string, string, string];
  /** The smallest part of an amount that is released, in the unit of the currency. */
  readonly part: number;
}

/** The name of the institution whose API keys the demo offers. */
export const DEMO_BANK_NAME = 'Larkfield Escrow Bank';

/** The reference of the construction contract, in the metadata of everything that is paid under it. */
const CONTRACT = 'KESTREL-2026';
const site = (code: string, subject: string, part: number, ...holders: DemoAsset['holders']): DemoAsset => ({
  code,
  label: `Kestrel Bridge: ${subject}`,
  metadata: { contract: CONTRACT, section: code.toLowerCase() },
  holders,
  part,
});
const shipment = (code: string, label: string, port: string, part: number, ...holders: DemoAsset['holders']) => ({
  code,
  label,
  metadata: { contract: CONTRACT, port },
  holders,
  part,
});

const bank: DemoInstitution = {
  key: 'bank',
  input: { name: DEMO_BANK_NAME, regions: ['US', 'EU_UK'], verticals: ['CONSTRUCTION'] },
  policies: [
    {
      region: 'US',
      allowedCurrencies: ['USD'],
      limits: [{ currencyCode: 'USD', minAmount: '1.00', maxAmount: '20000000.00' }],
    },
  ],
  reasons: {
    PARTIALLY_FUNDED: 'First instalment of the county',
    FUNDED: 'Wire received from the county',
    PARTIALLY_RELEASED: 'Milestone accepted in part',
    RELEASED: 'Work accepted by the engineer',
    CANCELLED: 'Subcontract withdrawn',
    EXPIRED: 'The permit was not issued in time',
  },
  templates: [
    {
      input: {
        code: 'CONSTR_ESCROW',
        name: 'Construction escrow, US dollars',
        vertical: 'CONSTRUCTION',
        region: 'US',
        config: { currency: 'USD', region: 'US', minAmount: '1.00', maxAmount: '50000000.00' },
      },
      currency: 'USD',
      decimals: '.50',
      isLimited: false,
      assets: [
        site('SURVEY', 'survey and design', 4_500, 'surveyor-adebayo', 'studio-lindqvist', 'geologist-park'),
        site('FOUND', 'foundations', 62_500, 'builder-ironwood', 'piling-delgado', 'diver-novak'),
        site('NPYLON', 'north pylon', 81_250, 'builder-ironwood', 'crane-osei', 'scaffold-murray'),
        site('SPYLON', 'south pylon', 78_500, 'builder-ironwood', 'crane-osei', 'scaffold-murray'),
        site('DECK', 'deck', 96_000, 'builder-ironwood', 'welder-fontaine', 'paving-kowalski'),
        site('ROADS', 'approach roads', 21_750, 'paving-kowalski', 'signs-haddad', 'survey-team-2'),
        site('LIGHTS', 'lighting and power', 8_200, 'electric-yamada', 'cabling-brandt', 'signs-haddad'),
        site('DRAIN', 'drainage', 6_100, 'plumber-castillo', 'diver-novak', 'survey-team-2'),
        site('HANDOVER', 'inspection and handover', 3_300, 'inspector-mbeki', 'load-test-lab', 'notary-ellis'),
      ],
    },
    {
      input: {
        code: 'CONSTR_RETAINAGE',
        name: 'Construction with 10 % retainage, euro',
        vertical: 'CONSTRUCTION',
        region: 'EU_UK',
        config: { currency: 'EUR', retainagePercentage: '10.0' },
      },
      currency: 'EUR',
      decimals: '.25',
      isLimited: false,
      assets: [
        site('R-STEEL', 'steelwork', 12_400, 'steelworks-vogel', 'rolling-mill-rossi', 'welder-fontaine'),
        site('R-CABLE', 'cables', 9_750, 'cable-maker-berg', 'anchor-forge-silva', 'crane-osei'),
        site('R-BEAR', 'bearings', 2_850, 'bearings-keller', 'machining-novotny', 'load-test-lab'),
        site('BRIDGE', 'main contract', 25_000, 'builder-ironwood', 'coating-dubois', 'scaffold-murray'),
      ],
    },
  ],
};

const fund: DemoInstitution = {
  key: 'fund',
  input: { name: 'Meridian Trade Fund', regions: ['SG', 'UAE'], verticals: ['TRADE_FINANCE'] },
  policies: [{ region: 'SG', allowedCurrencies: ['JPY'] }],
  reasons: {
    PARTIALLY_FUNDED: 'Deposit of the buyer received',
    FUNDED: 'Payment of the buyer received',
    PARTIALLY_RELEASED: 'Part shipment accepted',
    RELEASED: 'Documents presented without discrepancies',
    CANCELLED: 'Order withdrawn by the buyer',
    EXPIRED: 'The documents were never presented',
  },
  templates: [
    {
      input: {
        code: 'TF_INVOICE',
        name: 'Invoices, 90 days',
        vertical: 'TRADE_FINANCE',
        region: 'SG',
        config: { currency: 'JPY', maxTenorDays: 90, country: 'SG' },
      },
      currency: 'JPY',
      decimals: '',
      isLimited: true,
      assets: [
        shipment('INV-4711', 'Invoice 4711: steel plate', 'Kobe', 3_450_000, 'mill-takeda', 'broker-lim', 'line-astra'),
        shipment('INV-4718', 'Invoice 4718: cable strand', 'Osaka', 2_100_000, 'wire-mori', 'broker-lim', 'line-astra'),
        shipment('INV-4725', 'Invoice 4725: bearings', 'Nagoya', 640_000, 'forge-sato', 'broker-lim', 'line-borealis'),
        shipment('INV-4732', 'Invoice 4732: bolts', 'Kobe', 185_000, 'bolts-ito', 'broker-lim', 'line-borealis'),
      ],
    },
    {
      input: {
        code: 'TF_LC',
        name: 'Letters of credit, 180 days',
        vertical: 'TRADE_FINANCE',
        region: 'UAE',
        config: { currency: 'KWD', issuingBankCountry: 'KW', maxTenorDays: 180 },
      },
      currency: 'KWD',
      decimals: '.125',
      isLimited: true,
      assets: [
        shipment(
          'LC-88',
          'LC 2026/88: steel plate by sea',
          'Shuwaikh',
          18_750,
          'mill-takeda',
          'line-astra',
          'bank-gulf',
        ),
        shipment('LC-91', 'LC 2026/91: cable strand', 'Shuaiba', 11_200, 'wire-mori', 'line-astra', 'bank-gulf'),
        shipment('LC-97', 'LC 2026/97: bitumen', 'Jebel Ali', 4_300, 'refinery-najjar', 'line-borealis', 'bank-gulf'),
      ],
    },
  ],
};

/** The institutions of the demo data, with everything that they hold money for. */
export const INSTITUTIONS: readonly DemoInstitution[] = [bank, fund];

/** The codes of all assets, whose order numbers their positions. */
export const ASSET_CODES: readonly string[] = INSTITUTIONS.flatMap(({ templates }) =>
  templates.flatMap(({ assets }) => assets.map(({ code }) => code)),
);

/** Returns the id of the institution. */
export const institutionId = (key: DemoInstitution['key']): Id => demoId('inst', `institution ${key}`);

/** Returns the id of the asset with this code. */
export const assetId = (code: string): Id => demoId('ast', `asset ${code}`, ASSET_CODES.indexOf(code));
