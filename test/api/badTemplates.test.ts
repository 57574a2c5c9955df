import { expect, it } from 'vitest';
import { type Case, institution, long, refusesAll, template, tryOn } from '../support/badInput.ts';
import { onBothStores } from '../support/stores.ts';
import { CreateAssetTemplateDocument, CreateInstitutionDocument } from './documents/graphql.ts';

const CASES: readonly Case[] = [
  ['no region', CreateInstitutionDocument, institution({ regions: [] }), 'regions', /at least one/],
  ['no vertical', CreateInstitutionDocument, institution({ verticals: [] }), 'verticals', /at least one/],
  ...(
    [
      ['root names no institution', { institutionId: null }, 'institutionId', /is required with the root key/],
      ['an unknown code', { code: 'constr_escrow' }, 'code', /one of CONSTR_ESCROW/],
      ['a code of 1 MB', { code: long(1_000_000) }, 'code', /one of CONSTR_ESCROW/],
      ['a code like a member', { code: '__proto__' }, 'code', /one of CONSTR_ESCROW/],
      ["another code's vertical", { vertical: 'TRADE_FINANCE' }, 'vertical', /must be CONSTRUCTION/],
      [
        "a region not the institution's",
        { region: 'UAE', config: { currency: 'AED', region: 'UAE' } },
        'region',
        /regions of the institution: US, SG/,
      ],
    ] as const
  ).map(([what, patch, path, sentence]): Case => [what, CreateAssetTemplateDocument, template(patch), path, sentence]),
];

const escrow = (patch: object) => ({ config: { currency: 'USD', region: 'US', ...patch } });
const retainage = (retainagePercentage?: unknown) => ({
  code: 'CONSTR_RETAINAGE',
  config: { currency: 'USD', retainagePercentage },
});
const invoice = (patch: object) => ({
  code: 'TF_INVOICE',
  vertical: 'TRADE_FINANCE',
  config: { currency: 'USD', maxTenorDays: 30, country: 'SG', ...patch },
});
const letter = (patch: object) => ({
  code: 'TF_LC',
  vertical: 'TRADE_FINANCE',
  config: { currency: 'USD', maxTenorDays: 30, issuingBankCountry: 'SG', ...patch },
});

const CONFIGS: readonly (readonly [what: string, patch: object, path: string, sentence: RegExp])[] = [
  ['nothing', { config: {} }, 'config.currency', /ISO 4217/],
  ['an unknown key', escrow({ colour: 'red' }), 'config', /unknown keys: colour/],
  ['a key of every object', escrow({ constructor: 1 }), 'config', /unknown keys: constructor/],
  ['long unknown keys', escrow({ [long(30_000)]: 1, [long(31_000)]: 2 }), 'config', /keys: a{40}, a{40}\.$/],
  ["another kind's key", escrow({ maxTenorDays: 1 }), 'config', /unknown keys/],
  ['a currency that is none', escrow({ currency: 'XXX' }), 'config.currency', /ISO 4217/],
  ['a currency of 60 KB', escrow({ currency: long(60_000) }), 'config.currency', /ISO 4217/],
  ['a number for a currency', escrow({ currency: 840 }), 'config.currency', /ISO 4217/],
  ['an amount as a number', escrow({ minAmount: 1 }), 'config.minAmount', /decimal string/],
  ['an amount of null', escrow({ maxAmount: null }), 'config.maxAmount', /decimal string/],
  ['a negative amount', escrow({ minAmount: '-1' }), 'config.minAmount', /plain decimal/],
  ['too many digits', escrow({ currency: 'JPY', minAmount: '1.5' }), 'config.minAmount', /at most 0 decimals/],
  ['25 digits', escrow({ maxAmount: long(25, '1') }), 'config.maxAmount', /plain decimal/],
  [
    'a minimum above the maximum',
    escrow({ minAmount: '2', maxAmount: '1.99' }),
    'config.minAmount',
    /greater than `max/,
  ],
  ['another region', escrow({ region: 'SG' }), 'config.region', /must be US, the region of the asset template/],
  ['a region that is none', escrow({ region: 'MARS' }), 'config.region', /one of US, EU_UK, SG, UAE/],
  ['no percentage', retainage(), 'config.retainagePercentage', /decimal string/],
  ['a number for a percentage', retainage(5), 'config.retainagePercentage', /decimal string/],
  ['101 percent', retainage('100.1'), 'config.retainagePercentage', /"0" to "100"/],
  ['less than none', retainage('-1'), 'config.retainagePercentage', /"0" to "100"/],
  ['no tenor', invoice({ maxTenorDays: 0 }), 'config.maxTenorDays', /at least 1 day/],
  ['half a day', invoice({ maxTenorDays: 0.5 }), 'config.maxTenorDays', /integer number/],
  ['a tenor as text', letter({ maxTenorDays: '30' }), 'config.maxTenorDays', /integer number/],
  ['an endless tenor', letter({ maxTenorDays: 1e15 }), 'config.maxTenorDays', /at most/],
  ['a country that is none', letter({ issuingBankCountry: 'XX' }), 'config.issuingBankCountry', /ISO 3166-1/],
  ['a country in small letters', invoice({ country: 'sg' }), 'config.country', /ISO 3166-1/],
];

onBothStores((open) => {
  refusesAll(open, CASES);

  const { refused, world } = tryOn(open);
  it.each(CONFIGS)('a config with %s is refused', async (_what, patch, path, sentence) => {
    const outcome = await refused(CreateAssetTemplateDocument, template(patch)(world()));
    expect(outcome).toMatchObject({ code: 'VALIDATION_FAILED', path: path.split('.') });
    expect(outcome.message).toMatch(sentence);
  });
});
