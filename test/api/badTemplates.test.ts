import { expect, it } from 'vitest';
import { type Case, institution, long, refusesAll, template, tryOn } from '../support/badInput.ts';
import { onBothStores } from '../support/stores.ts';
import { CreateAssetTemplateDocument, CreateInstitutionDocument } from './documents/graphql.ts';

const CASES: readonly Case[] = [
  ['no region', CreateInstitutionDocument, institution({ regions: [] }), 'regions', /at least one/],
  ['no vertical', CreateInstitutionDocument, institution({ verticals: [] }), 'verticals', /at least one/],
  ...(
    [
      [
        'a missing institution with the root key',
        { institutionId: null },
        'institutionId',
        /is required with the root key/,
      ],
      ['an unknown code', { code: 'constr_escrow' }, 'code', /one of CONSTR_ESCROW/],
      ['a code of 1 MB', { code: long(1_000_000) }, 'code', /one of CONSTR_ESCROW/],
      ['the code __proto__', { code: '__proto__' }, 'code', /one of CONSTR_ESCROW/],
      ['the vertical of another code', { vertical: 'TRADE_FINANCE' }, 'vertical', /must be CONSTRUCTION/],
      [
        'a region outside those of the institution',
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
  ['no values', { config: {} }, 'config.currency', /ISO 4217/],
  ['an unknown key', escrow({ colour: 'red' }), 'config', /unknown keys: colour/],
  ['a key that every object inherits', escrow({ constructor: 1 }), 'config', /unknown keys: constructor/],
  ['long unknown keys', escrow({ [long(30_000)]: 1, [long(31_000)]: 2 }), 'config', /keys: a{40}, a{40}\.$/],
  ['a key of another kind of template', escrow({ maxTenorDays: 1 }), 'config', /unknown keys/],
  ['an unknown currency', escrow({ currency: 'XXX' }), 'config.currency', /ISO 4217/],
  ['a currency of 60 KB', escrow({ currency: long(60_000) }), 'config.currency', /ISO 4217/],
  ['a number as the currency', escrow({ currency: 840 }), 'config.currency', /ISO 4217/],
  ['an amount as a number', escrow({ minAmount: 1 }), 'config.minAmount', /decimal string/],
  ['an amount of null', escrow({ maxAmount: null }), 'config.maxAmount', /decimal string/],
  ['a negative amount', escrow({ minAmount: '-1' }), 'config.minAmount', /plain decimal/],
  [
    'an amount with too many decimals',
    escrow({ currency: 'JPY', minAmount: '1.5' }),
    'config.minAmount',
    /at most 0 decimals/,
  ],
  ['an amount of 25 digits', escrow({ maxAmount: long(25, '1') }), 'config.maxAmount', /plain decimal/],
  [
    'a minimum above the maximum',
    escrow({ minAmount: '2', maxAmount: '1.99' }),
    'config.minAmount',
    /greater than `max/,
  ],
  ['another region', escrow({ region: 'SG' }), 'config.region', /must be US, the region of the asset template/],
  ['an unknown region', escrow({ region: 'MARS' }), 'config.region', /one of US, EU_UK, SG, UAE/],
  ['no percentage', retainage(), 'config.retainagePercentage', /decimal string/],
  ['a number as the percentage', retainage(5), 'config.retainagePercentage', /decimal string/],
  ['a percentage above 100', retainage('100.1'), 'config.retainagePercentage', /"0" to "100"/],
  ['a negative percentage', retainage('-1'), 'config.retainagePercentage', /"0" to "100"/],
  ['a tenor of zero', invoice({ maxTenorDays: 0 }), 'config.maxTenorDays', /at least 1 day/],
  ['a fractional tenor', invoice({ maxTenorDays: 0.5 }), 'config.maxTenorDays', /integer number/],
  ['a tenor as a string', letter({ maxTenorDays: '30' }), 'config.maxTenorDays', /integer number/],
  ['a tenor beyond the maximum', letter({ maxTenorDays: 1e15 }), 'config.maxTenorDays', /at most/],
  ['an unknown country', letter({ issuingBankCountry: 'XX' }), 'config.issuingBankCountry', /ISO 3166-1/],
  ['a country in lower case', invoice({ country: 'sg' }), 'config.country', /ISO 3166-1/],
];

onBothStores((open) => {
  refusesAll(open, CASES);

  const { refused, world } = tryOn(open);
  it.each(CONFIGS)('a config with %s is rejected with the path of the value', async (_what, patch, path, sentence) => {
    const outcome = await refused(CreateAssetTemplateDocument, template(patch)(world()));
    expect(outcome).toMatchObject({ code: 'VALIDATION_FAILED', path: path.split('.') });
    expect(outcome.message).toMatch(sentence);
  });
});
