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
import type { Readings } from './readings.ts';

const configOf = (found: MaybePromise<TemplateConfig | undefined>) =>
  found instanceof Promise ? found.then((row) => row?.config) : found?.config;

const money =
  (of: (row: PositionRow) => bigint) =>
  (row: PositionRow): typeof Money.$inferType => ({ minorUnits: of(row), currency: row.currency });

export const Position = builder.objectRef<PositionRow>('Position').implement({
  description: 'An amount held for someone until it is released, cancelled or expires.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'Whose it is.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    asset: t.field({
      type: Asset,
      nullable: true,
      description: 'The deal that the money is held for.',
      resolve: ({ assetId }, _args, { read }) => read.assets.byId(assetId),
    }),
    holderReference: t.exposeString('holderReference', { description: "Whom it is held for: the client's reference." }),
    externalReference: t.exposeString('externalReference', {
      nullable: true,
      description: "The client's own name for the position.",
    }),
    metadata: t.expose('metadata', { type: 'JSONObject', description: "The client's own data." }),
    state: t.expose('state', { type: PositionState, description: 'Where it is in its lifecycle, as stored.' }),
    allowedTransitions: t.field({
      type: [PositionState],
      description:
        'The states that the lifecycle allows next, whatever the viewer may do; only EXPIRED from `expiresAt` on. See `viewerAllowedTransitions`.',
      resolve: (position, _args, { clock }) => allowedTransitions(position, clock()),
    }),
    viewerAllowedTransitions: t.field({
      type: [PositionState],
      description:
        'The states to which the viewer may move the position now: `allowedTransitions`, or an empty list if the role of the viewer allows no transition. The policy is checked when the position is funded.',
      resolve: (position, _args, { clock, viewer }) => viewerAllowedTransitions(viewer, position, clock()),
    }),
    amount: t.field({ type: Money, description: 'What was agreed.', resolve: money(({ amount }) => amount) }),
    funded: t.field({
      type: Money,
      description: 'What was put in escrow: always held + released + refunded.',
      resolve: money(fundedOf),
    }),
    held: t.field({ type: Money, description: 'What is in escrow now.', resolve: money(({ held }) => held) }),
    released: t.field({
      type: Money,
      description: 'What was paid out so far.',
      resolve: money(({ released }) => released),
    }),
    refunded: t.field({
      type: Money,
      description: 'What went back to the payer.',
      resolve: money(({ refunded }) => refunded),
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'From when on it can only expire.',
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
    description:
      'The config of the asset template in that version, which the position is held to; null if it cannot be read.',
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
  description: 'Which positions. Members are and-ed, the values of a list or-ed; an empty list matches nothing.',
  fields: (t) => ({
    institutionId: t.id({ description: 'Of this institution.' }),
    assetIds: t.idList({ description: 'Of one of these assets.' }),
    templateIds: t.idList({ description: 'Of assets made under one of these templates.' }),
    holderReference: t.string({ description: 'Held for exactly this reference.' }),
    holderReferences: t.stringList({ description: 'Held for one of these references.' }),
    externalReference: t.string({ description: 'With exactly this reference.' }),
    referenceStartsWith: t.string({
      description: 'With an external reference that begins with this text, by code point.',
    }),
    metadata: t.field({ type: [MetadataCondition], description: METADATA_FILTER }),
    states: t.field({ type: [PositionState], description: 'In one of these states.' }),
    currencyCode: t.field({ type: 'CurrencyCode', description: 'In this currency.' }),
    amount: t.field({ type: DecimalRange, description: 'Of such an amount, whatever its currency.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Created then.' }),
    updatedAt: t.field({ type: DateTimeRange, description: 'Last changed then.' }),
    expiresAt: t.field({ type: DateTimeRange, description: 'Expiring then; never those without an expiry.' }),
  }),
});
type Filter = typeof PositionFilter.$inferInput | null | undefined;

/** The positions that a filter means, of a parent or of all. */
export function selectionOf(filter: Filter, of?: Parent<PositionRow>): Selection<PositionRow> {
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
  return { where, ...termsOf(filter?.metadata), ...(of && { of }) };
}

const PositionOrderField = builder.enumType('PositionOrderField', {
  description: 'What positions are ordered by; ties by id.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When they were created.' },
    UPDATED_AT: { value: 'updatedAt', description: 'When they last changed.' },
    AMOUNT: { value: 'magnitude', description: 'Their amount as a number, whatever its currency.' },
    EXPIRES_AT: { value: 'expiresAt', description: 'When they expire; those that never do come last in ASC.' },
  } as const satisfies {
    readonly [name: string]: { readonly value: Field<PositionRow>; readonly description: string };
  },
});

const PositionOrder = builder.inputType('PositionOrder', {
  description: 'How a list of positions is ordered.',
  fields: (t) => ({
    field: t.field({ type: PositionOrderField, required: true, description: 'By what.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'Which way.' }),
  }),
});
type OrderBy = typeof PositionOrder.$inferInput | null | undefined;

const PositionConnection = connectionType(Position);
const listArgs = builder.args((t) => ({
  filter: t.field({ type: PositionFilter, description: 'Which of them; all if left out.' }),
  orderBy: t.field({
    type: PositionOrder,
    defaultValue: { field: 'createdAt', direction: 'DESC' },
    description: 'How they are ordered; newest first if left out.',
  }),
  ...pageArgs,
}));

const list = (
  read: Readings,
  { filter, orderBy, ...page }: PageArgs & { readonly filter?: Filter; readonly orderBy?: OrderBy },
  of?: Parent<PositionRow>,
) => {
  const order = { by: [orderBy?.field ?? 'createdAt'], direction: orderBy?.direction ?? 'DESC' } as const;
  return connect(read.positions, 'Position', selectionOf(filter, of), order, page);
};

builder.queryField('positions', (t) =>
  t.field({
    type: PositionConnection,
    nullable: true,
    description: 'Positions.',
    args: listArgs,
    resolve: (_root, args, { read }) => list(read, args),
  }),
);

builder.objectField(Institution, 'positions', (t) =>
  t.field({
    type: PositionConnection,
    nullable: true,
    description: 'Its positions.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'institutionId', id }),
  }),
);

builder.objectField(Asset, 'positions', (t) =>
  t.field({
    type: PositionConnection,
    nullable: true,
    description: 'The positions of this deal.',
    args: listArgs,
    resolve: ({ id }, args, { read }) => list(read, args, { field: 'assetId', id }),
  }),
);
