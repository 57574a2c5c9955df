import { createAsset } from '../commands/asset.ts';
import type { Asset as AssetRow } from '../domain/asset.ts';
import type { Order, Parent } from '../store/store.ts';
import { AssetTemplate } from './assetTemplate.ts';
import { builder } from './builder.ts';
import { connect, connectionType, type PageArgs, pageArgs } from './connection.ts';
import { anyOf, DateTimeRange, equals, whereOf, withinTimes } from './filter.ts';
import { Institution, VERSIONED } from './institution.ts';
import { IDEMPOTENCY_KEY, mutation, REPLAYED, resultType } from './mutation.ts';
import { Node, node } from './node.ts';
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
    createdAt: t.field({ type: DateTimeRange, description: 'Created then.' }),
  }),
});

const listArgs = builder.args((t) => ({
  filter: t.field({ type: AssetFilter, description: 'Which of them; all if left out.' }),
  ...pageArgs,
}));
const NEWEST: Order<AssetRow> = { by: ['createdAt'], direction: 'DESC' };

type Filter = typeof AssetFilter.$inferInput;
const list = (
  read: Readings,
  { filter, ...page }: PageArgs & { readonly filter?: Filter | null | undefined },
  of?: Parent<AssetRow>,
) => {
  const where = whereOf<AssetRow>({
    institutionId: equals(filter?.institutionId),
    templateId: anyOf('templateIds', filter?.templateIds),
    label: equals(filter?.label),
    createdAt: withinTimes(filter?.createdAt),
  });
  return connect(read.assets, 'Asset', { where, ...(of && { of }) }, NEWEST, page);
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
    description: 'Assets, newest first.',
    args: listArgs,
    resolve: (_root, args, { read }) => list(read, args),
  }),
}));

builder.objectField(Institution, 'assets', (t) =>
  t.field({
    type: AssetConnection,
    nullable: true,
    description: 'Its assets, newest first.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'institutionId', id }),
  }),
);

builder.objectField(AssetTemplate, 'assets', (t) =>
  t.field({
    type: AssetConnection,
    nullable: true,
    description: 'What was made under it, newest first.',
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

const CreateAssetPayload = builder.objectRef<Awaited<ReturnType<typeof createAsset>>>('CreateAssetPayload').implement({
  description: 'The asset was created.',
  fields: (t) => ({
    asset: t.expose('asset', { type: Asset, description: 'The asset.' }),
    replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
  }),
});

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
