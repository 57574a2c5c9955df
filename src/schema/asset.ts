import { type AssetCreated, createAsset, updateAsset } from '../commands/asset.ts';
import type { Replayable } from '../commands/perform.ts';
import type { Asset as AssetRow } from '../domain/asset.ts';
import type { Parent } from '../store/store.ts';
import { AssetTemplate } from './assetTemplate.ts';
import { builder } from './builder.ts';
import { connect, connectionType, type PageArgs, pageArgs } from './connection.ts';
import { anyOf, DateTimeRange, equals, textMatching, whereOf, withinTimes } from './filter.ts';
import { Institution, VERSIONED } from './institution.ts';
import { METADATA_FILTER, MetadataCondition, termsOf } from './metadataFilter.ts';
import { EXPECTED_VERSION, IDEMPOTENCY_KEY, mutation, REPLAYED, resultType, UPDATE_ERRORS } from './mutation.ts';
import { Node, node } from './node.ts';
import { type OrderBy, orderByName } from './order.ts';
import type { Readings } from './readings.ts';

export const Asset = builder.objectRef<AssetRow>('Asset').implement({
  description: 'The deal that money is held for: a building site, an invoice, a letter of credit.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'Whose it is.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    template: t.field({
      type: AssetTemplate,
      nullable: true,
      description: 'What it was made under.',
      resolve: ({ templateId }, _args, { read }) => read.assetTemplates.byId(templateId),
    }),
    label: t.exposeString('label', { description: 'What people call it.' }),
    metadata: t.expose('metadata', { type: 'JSONObject', description: "The client's own data." }),
    version: t.exposeInt('version', { description: VERSIONED.version }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: VERSIONED.createdAt }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: VERSIONED.updatedAt }),
  }),
});
node('ast', 'Asset', (read, id) => read.assets.byId(id));

const AssetConnection = connectionType(Asset);
const AssetFilter = builder.inputType('AssetFilter', {
  description: 'Which assets. Members are and-ed, the values of a list or-ed; an empty list matches nothing.',
  fields: (t) => ({
    institutionId: t.id({ description: 'Of this institution.' }),
    templateIds: t.idList({ description: 'Made under one of these templates.' }),
    label: t.string({ description: 'Called exactly this.' }),
    labelStartsWith: t.string({ description: 'With a label that begins with this text, by code point.' }),
    metadata: t.field({ type: [MetadataCondition], description: METADATA_FILTER }),
    createdAt: t.field({ type: DateTimeRange, description: 'Created then.' }),
  }),
});

const order = orderByName<AssetRow>('Asset', 'assets', 'LABEL', 'label');
const listArgs = builder.args((t) => ({
  filter: t.field({ type: AssetFilter, description: 'Which of them; all if left out.' }),
  ...order.args,
  ...pageArgs,
}));

type Filter = typeof AssetFilter.$inferInput;
const list = (
  read: Readings,
  { filter, orderBy, ...page }: PageArgs & { readonly filter?: Filter | null | undefined; readonly orderBy?: OrderBy },
  of?: Parent<AssetRow>,
) => {
  const where = whereOf<AssetRow>({
    institutionId: equals(filter?.institutionId),
    templateId: anyOf('templateIds', filter?.templateIds),
    label: textMatching(filter?.label, filter?.labelStartsWith),
    createdAt: withinTimes(filter?.createdAt),
  });
  const selection = { where, ...termsOf(filter?.metadata), ...(of && { of }) };
  return connect(read.assets, 'Asset', selection, order.orderOf(orderBy), page);
};

builder.queryFields((t) => ({
  asset: t.field({
    type: Asset,
    nullable: true,
    description: 'The asset with this id; null if it is unknown.',
    args: { id: t.arg.id({ required: true, description: 'Its id: ast_...' }) },
    resolve: (_root, { id }, { read }) => read.assets.byId(id),
  }),
  assets: t.field({
    type: AssetConnection,
    nullable: true,
    description: 'Assets.',
    args: listArgs,
    resolve: (_root, args, { read }) => list(read, args),
  }),
}));

builder.objectField(Institution, 'assets', (t) =>
  t.field({
    type: AssetConnection,
    nullable: true,
    description: 'Its assets.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'institutionId', id }),
  }),
);

builder.objectField(AssetTemplate, 'assets', (t) =>
  t.field({
    type: AssetConnection,
    nullable: true,
    description: 'The assets that were created under it.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'templateId', id }),
  }),
);

const CreateAssetInput = builder.inputType('CreateAssetInput', {
  description: 'A new asset.',
  fields: (t) => ({
    institutionId: t.id({ description: 'Whose it will be; may be left out, for the template says it.' }),
    templateId: t.id({ required: true, description: 'The template that it is made under.' }),
    label: t.string({ required: true, description: '1 to 200 characters.' }),
    metadata: t.field({ type: 'JSONObject', description: "The client's own data; {} if left out." }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const UpdateAssetInput = builder.inputType('UpdateAssetInput', {
  description: 'Input for updateAsset. A field that is left out stays as it is.',
  fields: (t) => ({
    assetId: t.id({ required: true, description: 'The asset.' }),
    label: t.string({ description: 'The label. 1 to 200 characters.' }),
    metadata: t.field({ type: 'JSONObject', description: "The client's own data, as a whole." }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const payload = (name: string, description: string) =>
  builder.objectRef<Replayable<AssetCreated>>(name).implement({
    description,
    fields: (t) => ({
      asset: t.expose('asset', { type: Asset, description: 'The asset.' }),
      replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
    }),
  });
const CreateAssetPayload = payload('CreateAssetPayload', 'The asset was created.');
const UpdateAssetPayload = payload('UpdateAssetPayload', 'Result of a successful update.');

mutation(
  'createAsset',
  'Creates an asset under a template.',
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
  'Updates an asset. If no field differs, the object is returned as it is, and only the audit event is written.',
  UpdateAssetInput,
  resultType(UpdateAssetPayload, 'UpdateAssetResult', UPDATE_ERRORS),
  updateAsset,
);
