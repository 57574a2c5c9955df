import { createAsset, updateAsset } from '../commands/asset.ts';
import type { Asset as AssetRow } from '../domain/asset.ts';
import { EVERYONE } from '../domain/rights.ts';
import { AssetTemplate } from './assetTemplate.ts';
import { builder } from './builder.ts';
import { metadataField, reference, versionedFields } from './entityFields.ts';
import { anyOf, equals, startsWith, withinTimes } from './filter.ts';
import { Institution, ownerField } from './institution.ts';
import { BY_TIME, byText, listable } from './list.ts';
import { metadata } from './metadataFilter.ts';
import { EXPECTED_VERSION, mutation, PATCH, UNCHANGED } from './mutation.ts';
import { Node } from './node.ts';

export const Asset = builder.objectRef<AssetRow>('Asset').implement({
  description: 'The deal that money is held for, such as a building site, an invoice or a letter of credit.',
  interfaces: [Node],
  fields: (t) => ({
    institution: ownerField(t, 'asset'),
    template: reference(t, AssetTemplate, 'templateId', 'The asset template under which the asset was created.'),
    label: t.exposeString('label', { description: 'The display name. Not necessarily unique.' }),
    metadata: metadataField(t),
    ...versionedFields(t),
  }),
});

listable(Asset, {
  prefix: 'ast',
  table: 'assets',
  roles: EVERYONE,
  one: {},
  all: {},
  filter: {
    institutionId: equals('institutionId', 'ID', 'Only assets of this institution.'),
    templateIds: anyOf('templateId', 'ID', 'Only assets created under one of these asset templates.'),
    label: equals('label', 'String', 'Only assets with exactly this label.'),
    labelStartsWith: startsWith('label', 'Only assets whose label starts with this text'),
    metadata,
    createdAt: withinTimes('createdAt', 'Only assets created within these bounds.'),
  },
  orders: { ...BY_TIME, LABEL: byText('label') },
  edges: [
    { on: Institution, field: 'institutionId', description: 'The assets of the institution.' },
    {
      on: AssetTemplate,
      field: 'templateId',
      description: 'The assets that were created under the asset template.',
    },
  ],
});

mutation(createAsset, 'Creates an asset under an asset template.', {
  input: (t) => ({
    institutionId: t.id({ description: 'The institution of the asset template. Optional; if set, it must match.' }),
    templateId: t.id({ required: true, description: 'The asset template.' }),
    label: t.string({ required: true, description: 'The display name. 1 to 200 characters.' }),
    metadata: t.field({ type: 'JSONObject', description: 'Data of the client. Defaults to {}.' }),
  }),
  payload: (t) => ({ asset: t.expose('asset', { type: Asset, description: 'The asset.' }) }),
});

mutation(updateAsset, `Updates an asset. ${UNCHANGED}`, {
  inputNote: PATCH,
  input: (t) => ({
    assetId: t.id({ required: true, description: 'The asset to update.' }),
    label: t.string({ description: 'The display name. 1 to 200 characters.' }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'Data of the client. Replaces the previous data as a whole.',
    }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
  }),
  payload: (t) => ({ asset: t.expose('asset', { type: Asset, description: 'The asset.' }) }),
});
