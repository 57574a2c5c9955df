import { describe, expect, test } from 'vitest';
import { checkAsset, newAsset } from '../../src/domain/asset.ts';
import { type AssetTemplateInput, checkAssetTemplate, newAssetTemplate } from '../../src/domain/assetTemplate.ts';
import { checkInstitution, newInstitution } from '../../src/domain/institution.ts';
import { faultsOf, NOW, refusalOf } from './fixtures.ts';

const escrow: AssetTemplateInput = {
  code: 'CONSTR_ESCROW',
  name: 'Escrow',
  vertical: 'CONSTRUCTION',
  region: 'SG',
  config: { currency: 'SGD', region: 'SG' },
};
const bank = newInstitution(
  checkInstitution({ name: 'Bank', regions: ['SG', 'US'], verticals: ['CONSTRUCTION'] }),
  'inst_1',
  NOW,
);

describe('an institution', () => {
  test('an institution has all verticals by default, each region once, and version 1', () => {
    const regions = ['US', 'SG', 'US'] as const;
    const both = newInstitution(checkInstitution({ name: 'Bank', regions }), 'inst_1', NOW);
    expect(both).toEqual({
      id: 'inst_1',
      name: 'Bank',
      regions: ['US', 'SG'],
      verticals: ['CONSTRUCTION', 'TRADE_FINANCE'],
      version: 1,
      createdAt: NOW,
      updatedAt: NOW,
    });
    expect(newInstitution(checkInstitution({ name: 'Bank', regions, verticals: null }), 'inst_1', NOW)).toEqual(both);
    expect([both, both.regions, both.verticals].every(Object.isFrozen)).toBe(true);
  });

  test('an institution with an empty list of regions or verticals is rejected with all validation issues', () => {
    expect(
      faultsOf(() => newInstitution(checkInstitution({ name: '', regions: [], verticals: [] }), 'inst_1', NOW)),
    ).toEqual([
      'name: must not be blank.',
      'regions: must have at least one value.',
      'verticals: must have at least one value.',
    ]);
  });
});

describe('an asset template', () => {
  test('a valid asset template is created for its institution, and frozen with its config', () => {
    const made = newAssetTemplate(checkAssetTemplate(structuredClone(escrow)), bank, 'tmpl_1', NOW);
    const own = { id: 'tmpl_1', institutionId: 'inst_1', version: 1, createdAt: NOW, updatedAt: NOW };
    expect(made).toEqual({ ...escrow, ...own });
    expect([made, made.config].every(Object.isFrozen)).toBe(true);
  });

  test.each(['NOPE', '', 'constr_escrow', 'constructor', '__proto__'])(
    'an asset template with the code %j is rejected',
    (code) => {
      expect(faultsOf(() => checkAssetTemplate({ ...escrow, code }))).toEqual([
        'code: must be one of CONSTR_ESCROW, CONSTR_RETAINAGE, TF_INVOICE, TF_LC.',
      ]);
    },
  );

  test('validation issues of name, code and JSON are returned at once', () => {
    const faulty = { ...escrow, code: 'NOPE', name: 'a'.repeat(201), config: { a: '\u0007' } };
    expect(faultsOf(() => checkAssetTemplate(faulty))).toEqual([
      'name: must be at most 200 characters long.',
      'config: must not contain control characters except tabs and line breaks.',
      'code: must be one of CONSTR_ESCROW, CONSTR_RETAINAGE, TF_INVOICE, TF_LC.',
    ]);
  });

  test('validation issues of the config have their path', () => {
    const config = { currency: 'usd', region: 'SG', minAmount: 'x', colour: 'red' };
    const faults = faultsOf(() => checkAssetTemplate({ ...escrow, config }));
    expect(faults.toSorted()).toEqual([
      'config.currency: must be an ISO 4217 currency code such as "USD".',
      'config.minAmount: must be a plain decimal number such as "1250.00".',
      'config: must not have unknown keys: colour.',
    ]);
  });

  test('the region in the config of an escrow must be the region of the template', () => {
    const config = { currency: 'SGD', region: 'US' };
    expect(faultsOf(() => checkAssetTemplate({ ...escrow, config }))).toEqual([
      'config.region: must be SG, the region of the asset template.',
    ]);
  });
});

describe('predecessor mistakes', () => {
  test('predecessor mistake 14: a mismatch of code and vertical skipped validation', () => {
    const faults = faultsOf(() =>
      checkAssetTemplate({ ...escrow, vertical: 'TRADE_FINANCE', config: { nonsense: 1 } }),
    );
    expect(faults[0]).toBe('vertical: must be CONSTRUCTION, the line of business of CONSTR_ESCROW.');
    expect(faults).toContain('config: must not have unknown keys: nonsense.');
    const invoice = { currency: 'SGD', maxTenorDays: 30, country: 'SG' };
    expect(faultsOf(() => checkAssetTemplate({ ...escrow, code: 'TF_INVOICE', config: invoice }))).toEqual([
      'vertical: must be TRADE_FINANCE, the line of business of TF_INVOICE.',
    ]);
  });

  test('predecessor mistake 14: regions outside those of the institution were accepted', () => {
    const outside = checkAssetTemplate({ ...escrow, region: 'UAE', config: { currency: 'AED', region: 'UAE' } });
    expect(refusalOf(() => newAssetTemplate(outside, bank, 'tmpl_1', NOW))).toMatchObject({
      code: 'VALIDATION_FAILED',
      issues: [{ path: ['region'], message: 'must be one of the regions of the institution: SG, US.' }],
    });
  });

  test('predecessor mistake 14: a vertical outside those of the institution is rejected as well', () => {
    const config = { currency: 'SGD', maxTenorDays: 30, country: 'SG' };
    const invoice = checkAssetTemplate({ ...escrow, code: 'TF_INVOICE', vertical: 'TRADE_FINANCE', config });
    expect(faultsOf(() => newAssetTemplate(invoice, bank, 'tmpl_1', NOW))).toEqual([
      'vertical: must be one of the lines of business of the institution: CONSTRUCTION.',
    ]);
  });
});

test('an asset takes its institution from its template, and {} as default metadata', () => {
  const template = newAssetTemplate(checkAssetTemplate(escrow), bank, 'tmpl_1', NOW);
  const asset = newAsset(checkAsset({ label: 'Tower' }), template, 'ast_1', NOW + 1);
  const at = { version: 1, createdAt: NOW + 1, updatedAt: NOW + 1 };
  const own = { id: 'ast_1', institutionId: 'inst_1', templateId: 'tmpl_1', label: 'Tower', metadata: {} };
  expect(asset).toEqual({ ...own, ...at });
  expect(Object.isFrozen(asset)).toBe(true);
  expect(faultsOf(() => checkAsset({ label: '\u00a0', metadata: { x: Number.NaN } }))).toEqual([
    'label: must not be blank.',
    'metadata: must not contain numbers that lose digits or are out of range; send them as strings.',
  ]);
});
