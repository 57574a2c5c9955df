import { createAssetTemplate, updateAssetTemplate } from '../commands/assetTemplate.ts';
import type { AssetTemplate as AssetTemplateRow } from '../domain/assetTemplate.ts';
import { EVERYONE } from '../domain/rights.ts';
import { type TemplateKind as Kind, TEMPLATE_KINDS } from '../domain/templateKinds.ts';
import { builder } from './builder.ts';
import { versionedFields } from './entityFields.ts';
import { anyOf, equals, startsWith } from './filter.ts';
import { INSTITUTION_ID, Institution, ownerField, Region, Vertical } from './institution.ts';
import { BY_TIME, byText, listable } from './list.ts';
import { EXPECTED_VERSION, mutation, PATCH, UNCHANGED } from './mutation.ts';
import { Node } from './node.ts';

export const AssetTemplate = builder.objectRef<AssetTemplateRow>('AssetTemplate').implement({
  description:
    'The rules under which an institution creates assets and opens positions in one region: a kind and its config.',
  interfaces: [Node],
  fields: (t) => ({
    institution: ownerField(t, 'asset template'),
    code: t.exposeString('code', { description: 'The code of the kind, one of `templateKinds`.' }),
    name: t.exposeString('name', { description: 'The name. Not necessarily unique.' }),
    vertical: t.expose('vertical', { type: Vertical, description: 'The line of business, which the code determines.' }),
    region: t.expose('region', { type: Region, description: 'The region in which the asset template applies.' }),
    config: t.expose('config', {
      type: 'JSONObject',
      description: 'The rules, in the form of `TemplateKind.configSchema`.',
    }),
    ...versionedFields(t),
  }),
});

const TemplateKind = builder.objectRef<Kind>('TemplateKind').implement({
  description:
    'A kind of asset template. Retainage and countries are recorded in the config and have no effect on positions yet.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description: 'The code, unique among the kinds. `AssetTemplate.code` refers to it.',
    }),
    name: t.exposeString('name', { description: 'The display name.' }),
    vertical: t.expose('vertical', { type: Vertical, description: 'The line of business of the kind.' }),
    configSchema: t.expose('configSchema', {
      type: 'JSONObject',
      description:
        'The JSON Schema (2020-12) of the config of an asset template of this kind. The descriptions of its properties mark those that no rule uses yet.',
    }),
  }),
});

builder.queryField('templateKinds', (t) =>
  t.field({
    type: [TemplateKind],
    nullable: true,
    description:
      'Returns the kinds of asset templates. A config is enforced for the positions that are opened under it: the currency, the amounts, the tenor, and `retainagePercentage`, which becomes part of their terms. `country` and `issuingBankCountry` must be among the `allowedCountries` of the policy.',
    extensions: { roles: EVERYONE, cost: { items: TEMPLATE_KINDS.size } },
    resolve: () => [...TEMPLATE_KINDS.values()],
  }),
);

listable(AssetTemplate, {
  prefix: 'tmpl',
  table: 'assetTemplates',
  roles: EVERYONE,
  one: {},
  all: {},
  filter: {
    institutionId: equals('institutionId', 'ID', 'Only asset templates of this institution.'),
    codes: anyOf('code', 'String', 'Only asset templates whose kind has one of these codes.'),
    verticals: anyOf('vertical', Vertical, 'Only asset templates of these lines of business.'),
    regions: anyOf('region', Region, 'Only asset templates of these regions.'),
    nameStartsWith: startsWith('name', 'Only asset templates whose name starts with this text'),
  },
  orders: { ...BY_TIME, NAME: byText('name') },
  edges: [{ on: Institution, field: 'institutionId', description: 'The asset templates of the institution.' }],
});

mutation(createAssetTemplate, 'Creates an asset template of an institution.', {
  input: (t) => ({
    institutionId: t.id({ description: INSTITUTION_ID }),
    code: t.string({ required: true, description: 'The code of the kind, one of `templateKinds`.' }),
    name: t.string({ required: true, description: 'The name. 1 to 200 characters.' }),
    vertical: t.field({
      type: Vertical,
      required: true,
      description: 'The line of business. Must be that of the kind, and one of the institution.',
    }),
    region: t.field({ type: Region, required: true, description: 'The region. Must be one of the institution.' }),
    config: t.field({
      type: 'JSONObject',
      required: true,
      description: 'The rules. Must be valid against `configSchema` of the kind.',
    }),
  }),
  payload: (t) => ({
    assetTemplate: t.expose('assetTemplate', { type: AssetTemplate, description: 'The asset template.' }),
  }),
});

mutation(updateAssetTemplate, `Updates an asset template. Every version of its config is kept. ${UNCHANGED}`, {
  inputNote: `${PATCH} Code, vertical and region cannot change.`,
  input: (t) => ({
    templateId: t.id({ required: true, description: 'The asset template to update.' }),
    name: t.string({ description: 'The name. 1 to 200 characters.' }),
    config: t.field({
      type: 'JSONObject',
      description:
        'The rules, as a whole. Must be valid against `configSchema` of the kind. They apply to positions that are opened from now on; earlier positions keep the version under which they were opened.',
    }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
  }),
  payload: (t) => ({
    assetTemplate: t.expose('assetTemplate', { type: AssetTemplate, description: 'The asset template.' }),
  }),
});
