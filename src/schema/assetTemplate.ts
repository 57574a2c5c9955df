import { type AssetTemplateCreated, createAssetTemplate, updateAssetTemplate } from '../commands/assetTemplate.ts';
import type { Replayable } from '../commands/perform.ts';
import type { AssetTemplate as AssetTemplateRow } from '../domain/assetTemplate.ts';
import type { TemplateKind as Kind } from '../domain/templateKinds.ts';
import { TEMPLATE_KINDS } from '../domain/templateKinds.ts';
import type { Parent } from '../store/store.ts';
import { builder } from './builder.ts';
import { connect, connectionType, type PageArgs, pageArgs } from './connection.ts';
import { anyOf, equals, textMatching, whereOf } from './filter.ts';
import { Institution, Region, Vertical, VERSIONED } from './institution.ts';
import { EXPECTED_VERSION, IDEMPOTENCY_KEY, mutation, REPLAYED, resultType, UPDATE_ERRORS } from './mutation.ts';
import { Node, node } from './node.ts';
import { type OrderBy, orderByName } from './order.ts';
import type { Readings } from './readings.ts';

export const AssetTemplate = builder.objectRef<AssetTemplateRow>('AssetTemplate').implement({
  description: 'What an institution lets assets be made under: a kind with its terms, for one region.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'Whose it is.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    code: t.exposeString('code', { description: 'Its kind: one of `templateKinds`.' }),
    name: t.exposeString('name', { description: 'Its name; not necessarily unique.' }),
    vertical: t.expose('vertical', { type: Vertical, description: 'The line of business, which the code determines.' }),
    region: t.expose('region', { type: Region, description: 'Where it holds.' }),
    config: t.expose('config', { type: 'JSONObject', description: 'Its terms, as `TemplateKind.configSchema` asks.' }),
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
    code: t.exposeString('code', { description: 'What templates name it by.' }),
    name: t.exposeString('name', { description: 'What people call it.' }),
    vertical: t.expose('vertical', { type: Vertical, description: 'The line of business that it belongs to.' }),
    configSchema: t.expose('configSchema', {
      type: 'JSONObject',
      description:
        "What a template's config must be, as JSON Schema (2020-12). The descriptions of its properties say which of them no rule uses yet.",
    }),
  }),
});

builder.queryField('templateKinds', (t) =>
  t.field({
    type: [TemplateKind],
    nullable: true,
    description:
      'The kinds that templates can have. The currency, the amounts and the tenor of a config are enforced for positions. `retainagePercentage`, `country` and `issuingBankCountry` are validated and stored, but no rule uses them yet: nothing is retained.',
    resolve: () => [...TEMPLATE_KINDS.values()],
  }),
);

const AssetTemplateConnection = connectionType(AssetTemplate);
const AssetTemplateFilter = builder.inputType('AssetTemplateFilter', {
  description: 'Which asset templates. Members are and-ed, the values of a list or-ed; an empty list matches nothing.',
  fields: (t) => ({
    institutionId: t.id({ description: 'Of this institution.' }),
    codes: t.stringList({ description: 'Of one of these kinds.' }),
    verticals: t.field({ type: [Vertical], description: 'Of one of these lines of business.' }),
    regions: t.field({ type: [Region], description: 'For one of these regions.' }),
    nameStartsWith: t.string({ description: 'With a name that begins with this text, by code point.' }),
  }),
});

const order = orderByName<AssetTemplateRow>('AssetTemplate', 'asset templates', 'NAME', 'name');
const listArgs = builder.args((t) => ({
  filter: t.field({ type: AssetTemplateFilter, description: 'Which of them; all if left out.' }),
  ...order.args,
  ...pageArgs,
}));

type Filter = typeof AssetTemplateFilter.$inferInput;
const list = (
  read: Readings,
  { filter, orderBy, ...page }: PageArgs & { readonly filter?: Filter | null | undefined; readonly orderBy?: OrderBy },
  of?: Parent<AssetTemplateRow>,
) => {
  const where = whereOf<AssetTemplateRow>({
    institutionId: equals(filter?.institutionId),
    code: anyOf('codes', filter?.codes),
    vertical: anyOf('verticals', filter?.verticals),
    region: anyOf('regions', filter?.regions),
    name: textMatching(null, filter?.nameStartsWith),
  });
  return connect(read.assetTemplates, 'AssetTemplate', { where, ...(of && { of }) }, order.orderOf(orderBy), page);
};

builder.queryFields((t) => ({
  assetTemplate: t.field({
    type: AssetTemplate,
    nullable: true,
    description: 'The asset template with this id; null if it is unknown.',
    args: { id: t.arg.id({ required: true, description: 'Its id: tmpl_...' }) },
    resolve: (_root, { id }, { read }) => read.assetTemplates.byId(id),
  }),
  assetTemplates: t.field({
    type: AssetTemplateConnection,
    nullable: true,
    description: 'Asset templates.',
    args: listArgs,
    resolve: (_root, args, { read }) => list(read, args),
  }),
}));

builder.objectField(Institution, 'assetTemplates', (t) =>
  t.field({
    type: AssetTemplateConnection,
    nullable: true,
    description: 'Its asset templates.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'institutionId', id }),
  }),
);

const CreateAssetTemplateInput = builder.inputType('CreateAssetTemplateInput', {
  description: 'A new asset template.',
  fields: (t) => ({
    institutionId: t.id({ description: "Whose it will be; an institution's key may leave it out." }),
    code: t.string({ required: true, description: 'One of the codes of `templateKinds`.' }),
    name: t.string({ required: true, description: '1 to 200 characters.' }),
    vertical: t.field({ type: Vertical, required: true, description: "The code's, and among the institution's." }),
    region: t.field({ type: Region, required: true, description: "Among the institution's." }),
    config: t.field({ type: 'JSONObject', required: true, description: "What the kind's `configSchema` asks for." }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const UpdateAssetTemplateInput = builder.inputType('UpdateAssetTemplateInput', {
  description:
    'Input for updateAssetTemplate. A field that is left out stays as it is. Code, vertical and region cannot change.',
  fields: (t) => ({
    templateId: t.id({ required: true, description: 'The asset template.' }),
    name: t.string({ description: 'The name. 1 to 200 characters.' }),
    config: t.field({
      type: 'JSONObject',
      description:
        'The whole config, as `configSchema` of the kind requires. It applies to positions opened from now on; earlier ones keep the version they were opened under.',
    }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const payload = (name: string, description: string) =>
  builder.objectRef<Replayable<AssetTemplateCreated>>(name).implement({
    description,
    fields: (t) => ({
      assetTemplate: t.expose('assetTemplate', { type: AssetTemplate, description: 'The asset template.' }),
      replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
    }),
  });
const CreateAssetTemplatePayload = payload('CreateAssetTemplatePayload', 'The asset template was created.');
const UpdateAssetTemplatePayload = payload('UpdateAssetTemplatePayload', 'Result of a successful update.');

mutation(
  'createAssetTemplate',
  'Creates an asset template under an institution.',
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
  'Updates an asset template. Every version of its config is kept. If no field differs, the object is returned as it is, and only the audit event is written.',
  UpdateAssetTemplateInput,
  resultType(UpdateAssetTemplatePayload, 'UpdateAssetTemplateResult', UPDATE_ERRORS),
  updateAssetTemplate,
);
