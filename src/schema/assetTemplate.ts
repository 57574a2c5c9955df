import { createAssetTemplate, updateAssetTemplate } from '../commands/assetTemplate.ts';
import type { AssetTemplate as AssetTemplateRow } from '../domain/assetTemplate.ts';
import type { TemplateKind as Kind } from '../domain/templateKinds.ts';
import { TEMPLATE_KINDS } from '../domain/templateKinds.ts';
import type { Parent } from '../store/store.ts';
import { builder } from './builder.ts';
import { connect, connectionType, type PageArgs, pageArgs } from './connection.ts';
import { anyOf, describeFilter, equals, textMatching, whereOf } from './filter.ts';
import { Institution, INSTITUTION_ID, Region, Vertical, VERSIONED } from './institution.ts';
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

export const AssetTemplate = builder.objectRef<AssetTemplateRow>('AssetTemplate').implement({
  description:
    'The rules under which an institution creates assets and opens positions in one region: a kind and its config.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'The institution that owns the asset template.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    code: t.exposeString('code', { description: 'The code of the kind, one of `templateKinds`.' }),
    name: t.exposeString('name', { description: 'The name. Not necessarily unique.' }),
    vertical: t.expose('vertical', { type: Vertical, description: 'The line of business, which the code determines.' }),
    region: t.expose('region', { type: Region, description: 'The region in which the asset template applies.' }),
    config: t.expose('config', {
      type: 'JSONObject',
      description: 'The rules, in the form of `TemplateKind.configSchema`.',
    }),
    version: t.exposeInt('version', { description: VERSIONED.version }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: VERSIONED.createdAt }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: VERSIONED.updatedAt }),
  }),
});
node('tmpl', 'AssetTemplate', (read, id) => read.assetTemplates.byId(id));

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
      'Returns the kinds of asset templates. The currency, the amounts and the tenor of a config are enforced for positions. `retainagePercentage`, `country` and `issuingBankCountry` are validated and stored, but no rule uses them yet: nothing is retained.',
    resolve: () => [...TEMPLATE_KINDS.values()],
  }),
);

const AssetTemplateConnection = connectionType(AssetTemplate);
const AssetTemplateFilter = builder.inputType('AssetTemplateFilter', {
  description: describeFilter('asset templates'),
  fields: (t) => ({
    institutionId: t.id({ description: 'Only asset templates of this institution.' }),
    codes: t.stringList({ description: 'Only asset templates whose kind has one of these codes.' }),
    verticals: t.field({ type: [Vertical], description: 'Only asset templates of these lines of business.' }),
    regions: t.field({ type: [Region], description: 'Only asset templates of these regions.' }),
    nameStartsWith: t.string({
      description: 'Only asset templates whose name starts with this text, compared by code point (case-sensitive).',
    }),
  }),
});

const order = orderByName<AssetTemplateRow>('AssetTemplate', 'asset templates', 'NAME', 'name');
const listArgs = builder.args((t) => ({
  filter: t.field({ type: AssetTemplateFilter, description: 'Filters the asset templates. Defaults to all.' }),
  ...order.args,
  ...pageArgs,
}));

type Filter = typeof AssetTemplateFilter.$inferInput;
const list = (
  read: Loaders,
  { filter, orderBy, ...page }: PageArgs & { readonly filter?: Filter | null | undefined; readonly orderBy?: OrderBy },
  parent?: Parent<AssetTemplateRow>,
) => {
  const where = whereOf<AssetTemplateRow>({
    institutionId: equals(filter?.institutionId),
    code: anyOf('codes', filter?.codes),
    vertical: anyOf('verticals', filter?.verticals),
    region: anyOf('regions', filter?.regions),
    name: textMatching(null, filter?.nameStartsWith),
  });
  return connect(
    read.assetTemplates,
    'AssetTemplate',
    { where, ...(parent && { parent }) },
    order.orderOf(orderBy),
    page,
  );
};

builder.queryFields((t) => ({
  assetTemplate: t.field({
    type: AssetTemplate,
    nullable: true,
    description:
      'Returns the asset template with this id, or null if it does not exist or is not visible to the viewer.',
    args: { id: t.arg.id({ required: true, description: 'The id of the asset template: tmpl_...' }) },
    resolve: (_root, { id }, { read }) => read.assetTemplates.byId(id),
  }),
  assetTemplates: t.field({
    type: AssetTemplateConnection,
    nullable: true,
    description: 'Returns the asset templates that the viewer may see.',
    args: listArgs,
    resolve: (_root, args, { read }) => list(read, args),
  }),
}));

builder.objectField(Institution, 'assetTemplates', (t) =>
  t.field({
    type: AssetTemplateConnection,
    nullable: true,
    description: 'The asset templates of the institution.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'institutionId', id }),
  }),
);

const CreateAssetTemplateInput = builder.inputType('CreateAssetTemplateInput', {
  description: 'Input for createAssetTemplate.',
  fields: (t) => ({
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
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const UpdateAssetTemplateInput = builder.inputType('UpdateAssetTemplateInput', {
  description:
    'Input for updateAssetTemplate. A field that is left out stays as it is. Code, vertical and region cannot change.',
  fields: (t) => ({
    templateId: t.id({ required: true, description: 'The asset template to update.' }),
    name: t.string({ description: 'The name. 1 to 200 characters.' }),
    config: t.field({
      type: 'JSONObject',
      description:
        'The rules, as a whole. Must be valid against `configSchema` of the kind. They apply to positions that are opened from now on; earlier positions keep the version under which they were opened.',
    }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const CreateAssetTemplatePayload = payloadType(
  'createAssetTemplate',
  'assetTemplate',
  AssetTemplate,
  'The asset template.',
);
const UpdateAssetTemplatePayload = payloadType(
  'updateAssetTemplate',
  'assetTemplate',
  AssetTemplate,
  'The asset template.',
);

mutation(
  'createAssetTemplate',
  'Creates an asset template of an institution.',
  CreateAssetTemplateInput,
  resultType(CreateAssetTemplatePayload, 'CreateAssetTemplateResult', [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'NOT_FOUND',
    'CAPACITY_EXCEEDED',
    'IDEMPOTENCY_CONFLICT',
  ]),
  createAssetTemplate,
);
mutation(
  'updateAssetTemplate',
  `Updates an asset template. Every version of its config is kept. ${UNCHANGED}`,
  UpdateAssetTemplateInput,
  resultType(UpdateAssetTemplatePayload, 'UpdateAssetTemplateResult', UPDATE_ERRORS),
  updateAssetTemplate,
);
