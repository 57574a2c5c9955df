import { type TemplateConfig, templateConfigId } from '../domain/assetTemplate.ts';
import { allowedTransitions } from '../domain/lifecycle.ts';
import { fundedOf, type Position as PositionRow } from '../domain/position.ts';
import { viewerAllowedTransitions } from '../domain/rights.ts';
import type { Field, MaybePromise, Parent, Selection } from '../store/store.ts';
import { Asset } from './asset.ts';
import { builder } from './builder.ts';
import { connect, connectionType, type PageArgs, pageArgs } from './connection.ts';
import {
  anyOf,
  both,
  DateTimeRange,
  DecimalRange,
  describeFilter,
  equals,
  equalsCurrency,
  OrderDirection,
  textMatching,
  whereOf,
  withinTimes,
  withinAmounts,
} from './filter.ts';
import { Institution, VERSIONED } from './institution.ts';
import { PositionState } from './lifecycle.ts';
import { METADATA_FILTER, MetadataCondition, termsOf } from './metadataFilter.ts';
import { Money } from './money.ts';
import { Node, node } from './node.ts';
import type { Loaders } from './loaders.ts';

const configOf = (found: MaybePromise<TemplateConfig | undefined>) =>
  found instanceof Promise ? found.then((row) => row?.config) : found?.config;

const money =
  (valueOf: (row: PositionRow) => bigint) =>
  (row: PositionRow): typeof Money.$inferType => ({ minorUnits: valueOf(row), currency: row.currency });

export const Position = builder.objectRef<PositionRow>('Position').implement({
  description: 'An amount held in escrow until it is released, cancelled or expires.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'The institution that owns the position.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    asset: t.field({
      type: Asset,
      nullable: true,
      description: 'The asset: the deal that the money is held for.',
      resolve: ({ assetId }, _args, { read }) => read.assets.byId(assetId),
    }),
    holderReference: t.exposeString('holderReference', {
      description: 'The client-supplied reference of the party the money is held for.',
    }),
    externalReference: t.exposeString('externalReference', {
      nullable: true,
      description: 'The client-supplied reference of the position, or null if it has none.',
    }),
    metadata: t.expose('metadata', { type: 'JSONObject', description: 'Data of the client, returned as it was sent.' }),
    state: t.expose('state', { type: PositionState, description: 'The state. It can briefly lag behind `expiresAt`.' }),
    allowedTransitions: t.field({
      type: [PositionState],
      description:
        'The states that the lifecycle allows next, regardless of the role of the viewer (see `viewerAllowedTransitions`). From `expiresAt` on it is only EXPIRED.',
      resolve: (position, _args, { clock }) => allowedTransitions(position, clock()),
    }),
    viewerAllowedTransitions: t.field({
      type: [PositionState],
      description:
        'The states to which the viewer may move the position now: `allowedTransitions`, or an empty list if the role of the viewer allows no transition. The policy is checked only when the position is funded.',
      resolve: (position, _args, { clock, viewer }) => viewerAllowedTransitions(viewer, position, clock()),
    }),
    amount: t.field({ type: Money, description: 'The agreed amount.', resolve: money(({ amount }) => amount) }),
    funded: t.field({
      type: Money,
      description: 'The amount that was paid into escrow. Always equal to held + released + refunded.',
      resolve: money(fundedOf),
    }),
    held: t.field({ type: Money, description: 'The amount in escrow now.', resolve: money(({ held }) => held) }),
    released: t.field({
      type: Money,
      description: 'The amount that was released to the payee so far.',
      resolve: money(({ released }) => released),
    }),
    refunded: t.field({
      type: Money,
      description: 'The amount that was returned to the payer.',
      resolve: money(({ refunded }) => refunded),
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the position expires, or null if it never does. From then on only EXPIRED is allowed.',
    }),
    version: t.exposeInt('version', { description: VERSIONED.version }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: VERSIONED.createdAt }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: VERSIONED.updatedAt }),
  }),
});
builder.objectFields(Position, (t) => ({
  templateVersion: t.exposeInt('templateVersion', {
    description: 'The version of the asset template under which the position was opened.',
  }),
  templateConfig: t.field({
    type: 'JSONObject',
    nullable: true,
    description: 'The config of the asset template in that version, whose rules apply to the position.',
    resolve: ({ templateId, templateVersion }, _args, { read }) =>
      configOf(read.templateConfigs.byId(templateConfigId(templateId, templateVersion))),
  }),
  fundedAt: t.expose('fundedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the position was funded, or null if it never was.',
  }),
  closedAt: t.expose('closedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the position was released, cancelled or expired, or null while it is open.',
  }),
}));
node('pos', 'Position', (read, id) => read.positions.byId(id));

export const PositionFilter = builder.inputType('PositionFilter', {
  description: describeFilter('positions'),
  fields: (t) => ({
    institutionId: t.id({ description: 'Only positions of this institution.' }),
    assetIds: t.idList({ description: 'Only positions of one of these assets.' }),
    templateIds: t.idList({ description: 'Only positions of assets of these asset templates.' }),
    holderReference: t.string({ description: 'Only positions with exactly this holder reference.' }),
    holderReferences: t.stringList({ description: 'Only positions with one of these holder references.' }),
    externalReference: t.string({ description: 'Only positions with exactly this external reference.' }),
    referenceStartsWith: t.string({
      description:
        'Only positions whose external reference starts with this text, compared by code point (case-sensitive).',
    }),
    metadata: t.field({ type: [MetadataCondition], description: METADATA_FILTER }),
    states: t.field({ type: [PositionState], description: 'Only positions in one of these states.' }),
    currencyCode: t.field({ type: 'CurrencyCode', description: 'Only positions in this currency.' }),
    amount: t.field({
      type: DecimalRange,
      description: 'Only positions whose agreed amount is within these bounds, as a number regardless of its currency.',
    }),
    createdAt: t.field({ type: DateTimeRange, description: 'Only positions created within these bounds.' }),
    updatedAt: t.field({ type: DateTimeRange, description: 'Only positions last changed within these bounds.' }),
    expiresAt: t.field({
      type: DateTimeRange,
      description: 'Only positions that expire within these bounds. Positions that never expire do not match.',
    }),
  }),
});
type Filter = typeof PositionFilter.$inferInput | null | undefined;

/** Returns the selection of the positions that match a filter, of a parent or of all. */
export function selectionOf(filter: Filter, parent?: Parent<PositionRow>): Selection<PositionRow> {
  const where = whereOf<PositionRow>({
    institutionId: equals(filter?.institutionId),
    assetId: anyOf('assetIds', filter?.assetIds),
    templateId: anyOf('templateIds', filter?.templateIds),
    holderReference: both(equals(filter?.holderReference), anyOf('holderReferences', filter?.holderReferences)),
    externalReference: textMatching(filter?.externalReference, filter?.referenceStartsWith),
    state: anyOf('states', filter?.states),
    currency: equalsCurrency('currencyCode', filter?.currencyCode),
    magnitude: withinAmounts('amount', filter?.amount),
    createdAt: withinTimes(filter?.createdAt),
    updatedAt: withinTimes(filter?.updatedAt),
    expiresAt: withinTimes(filter?.expiresAt),
  });
  return { where, ...termsOf(filter?.metadata), ...(parent && { parent }) };
}

const PositionOrderField = builder.enumType('PositionOrderField', {
  description: 'The fields that positions can be ordered by. Equal values are ordered by id.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'By time of creation.' },
    UPDATED_AT: { value: 'updatedAt', description: 'By time of the last change.' },
    AMOUNT: { value: 'magnitude', description: 'By agreed amount, as a number regardless of its currency.' },
    EXPIRES_AT: { value: 'expiresAt', description: 'By expiry; positions without one are last in ASC, first in DESC.' },
  } as const satisfies {
    readonly [name: string]: { readonly value: Field<PositionRow>; readonly description: string };
  },
});

const PositionOrder = builder.inputType('PositionOrder', {
  description: 'The order of a list of positions.',
  fields: (t) => ({
    field: t.field({ type: PositionOrderField, required: true, description: 'The field to order by.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'The direction.' }),
  }),
});
type OrderBy = typeof PositionOrder.$inferInput | null | undefined;

const PositionConnection = connectionType(Position);
const listArgs = builder.args((t) => ({
  filter: t.field({ type: PositionFilter, description: 'Filters the positions. Defaults to all.' }),
  orderBy: t.field({
    type: PositionOrder,
    defaultValue: { field: 'createdAt', direction: 'DESC' },
    description: 'The order of the positions. Defaults to newest first.',
  }),
  ...pageArgs,
}));

const list = (
  read: Loaders,
  { filter, orderBy, ...page }: PageArgs & { readonly filter?: Filter; readonly orderBy?: OrderBy },
  parent?: Parent<PositionRow>,
) => {
  const order = { by: [orderBy?.field ?? 'createdAt'], direction: orderBy?.direction ?? 'DESC' } as const;
  return connect(read.positions, 'Position', selectionOf(filter, parent), order, page);
};

builder.queryField('positions', (t) =>
  t.field({
    type: PositionConnection,
    nullable: true,
    description: 'Returns the positions that the viewer may see.',
    args: listArgs,
    resolve: (_root, args, { read }) => list(read, args),
  }),
);

builder.objectField(Institution, 'positions', (t) =>
  t.field({
    type: PositionConnection,
    nullable: true,
    description: 'The positions of the institution.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'institutionId', id }),
  }),
);

builder.objectField(Asset, 'positions', (t) =>
  t.field({
    type: PositionConnection,
    nullable: true,
    description: 'The positions of the asset.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'assetId', id }),
  }),
);
