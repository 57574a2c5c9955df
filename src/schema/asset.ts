import { createAsset, updateAsset } from '../commands/asset.ts';
import type { Asset as AssetRow } from '../domain/asset.ts';
import type { Parent } from '../store/store.ts';
import { AssetTemplate } from './assetTemplate.ts';
import { builder } from './builder.ts';
import { connect, connectionType, type PageArgs, pageArgs } from './connection.ts';
import { anyOf, DateTimeRange, describeFilter, equals, textMatching, whereOf, withinTimes } from './filter.ts';
import { Institution, VERSIONED } from './institution.ts';
import { METADATA_FILTER, MetadataCondition, termsOf } from './metadataFilter.ts';
import {
  EXPECTED_VERSION,
  IDEMPOTENCY_KEY,
  mutation,
  payloadType,
  resultType,
  UNCHANGED,
  UPDATE_ERRORS,
} from './mutation.ts';
import { Node, node } from './node.ts';
import { type OrderBy, orderByName } from './order.ts';
import type { Loaders } from './loaders.ts';

export const Asset = builder.objectRef<AssetRow>('Asset').implement({
  description: 'The deal that money is held for, such as a building site, an invoice or a letter of credit.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'The institution that owns the asset.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    template: t.field({
      type: AssetTemplate,
      nullable: true,
      description: 'The asset template under which the asset was created.',
      resolve: ({ templateId }, _args, { read }) => read.assetTemplates.byId(templateId),
    }),
    label: t.exposeString('label', { description: 'The display name. Not necessarily unique.' }),
    metadata: t.expose('metadata', { type: 'JSONObject', description: 'Data of the client, returned as it was sent.' }),
    version: t.exposeInt('version', { description: VERSIONED.version }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: VERSIONED.createdAt }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: VERSIONED.updatedAt }),
  }),
});
node('ast', 'Asset', (read, id) => read.assets.byId(id));

const AssetConnection = connectionType(Asset);
const AssetFilter = builder.inputType('AssetFilter', {
  description: describeFilter('assets'),
  fields: (t) => ({
    institutionId: t.id({ description: 'Only assets of this institution.' }),
    templateIds: t.idList({ description: 'Only assets created under one of these asset templates.' }),
    label: t.string({ description: 'Only assets with exactly this label.' }),
    labelStartsWith: t.string({
      description: 'Only assets whose label starts with this text, compared by code point (case-sensitive).',
    }),
    metadata: t.field({ type: [MetadataCondition], description: METADATA_FILTER }),
    createdAt: t.field({ type: DateTimeRange, description: 'Only assets created within these bounds.' }),
  }),
});

const order = orderByName<AssetRow>('Asset', 'assets', 'LABEL', 'label');
const listArgs = builder.args((t) => ({
  filter: t.field({ type: AssetFilter, description: 'Filters the assets. Defaults to all.' }),
  ...order.args,
  ...pageArgs,
}));

type Filter = typeof AssetFilter.$inferInput;
const list = (
  read: Loaders,
  { filter, orderBy, ...page }: PageArgs & { readonly filter?: Filter | null | undefined; readonly orderBy?: OrderBy },
  parent?: Parent<AssetRow>,
) => {
  const where = whereOf<AssetRow>({
    institutionId: equals(filter?.institutionId),
    templateId: anyOf('templateIds', filter?.templateIds),
    label: textMatching(filter?.label, filter?.labelStartsWith),
    createdAt: withinTimes(filter?.createdAt),
  });
  const selection = { where, ...termsOf(filter?.metadata), ...(parent && { parent }) };
  return connect(read.assets, 'Asset', selection, order.orderOf(orderBy), page);
};

builder.queryFields((t) => ({
  asset: t.field({
    type: Asset,
    nullable: true,
    description: 'Returns the asset with this id, or null if it does not exist or is not visible to the viewer.',
    args: { id: t.arg.id({ required: true, description: 'The id of the asset: ast_...' }) },
    resolve: (_root, { id }, { read }) => read.assets.byId(id),
  }),
  assets: t.field({
    type: AssetConnection,
    nullable: true,
    description: 'Returns the assets that the viewer may see.',
    args: listArgs,
    resolve: (_root, args, { read }) => list(read, args),
  }),
}));

builder.objectField(Institution, 'assets', (t) =>
  t.field({
    type: AssetConnection,
    nullable: true,
    description: 'The assets of the institution.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'institutionId', id }),
  }),
);

builder.objectField(AssetTemplate, 'assets', (t) =>
  t.field({
    type: AssetConnection,
    nullable: true,
    description: 'The assets that were created under the asset template.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'templateId', id }),
  }),
);

const CreateAssetInput = builder.inputType('CreateAssetInput', {
  description: 'Input for createAsset.',
  fields: (t) => ({
    institutionId: t.id({ description: 'The institution of the asset template. Optional; if set, it must match.' }),
    templateId: t.id({ required: true, description: 'The asset template.' }),
    label: t.string({ required: true, description: 'The display name. 1 to 200 characters.' }),
    metadata: t.field({ type: 'JSONObject', description: 'Data of the client. Defaults to {}.' }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const UpdateAssetInput = builder.inputType('UpdateAssetInput', {
  description: 'Input for updateAsset. A field that is left out stays as it is.',
  fields: (t) => ({
    assetId: t.id({ required: true, description: 'The asset to update.' }),
    label: t.string({ description: 'The display name. 1 to 200 characters.' }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'Data of the client. Replaces the previous data as a whole.',
    }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const CreateAssetPayload = payloadType('createAsset', 'asset', Asset, 'The asset.');
const UpdateAssetPayload = payloadType('updateAsset', 'asset', Asset, 'The asset.');

mutation(
  'createAsset',
  'Creates an asset under an asset template.',
  CreateAssetInput,
  resultType(CreateAssetPayload, 'CreateAssetResult', [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'NOT_FOUND',
    'CAPACITY_EXCEEDED',
    'IDEMPOTENCY_CONFLICT',
  ]),
  createAsset,
);
mutation(
  'updateAsset',
  `Updates an asset. ${UNCHANGED}`,
  UpdateAssetInput,
  resultType(UpdateAssetPayload, 'UpdateAssetResult', UPDATE_ERRORS),
  updateAsset,
);
