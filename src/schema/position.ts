import { type TemplateConfig, templateConfigId } from '../domain/assetTemplate.ts';
import { COUNTRY_CODES, COUNTRY_ISSUE } from '../domain/countries.ts';
import { allowedTransitions } from '../domain/lifecycle.ts';
import { fundedOf, type Position as PositionRow } from '../domain/position.ts';
import { EVERYONE, viewerAllowedTransitions } from '../domain/rights.ts';
import type { MaybePromise } from '../store/store.ts';
import { Asset } from './asset.ts';
import { builder, type ObjectFields } from './builder.ts';
import { metadataField, reference, versionedFields } from './entityFields.ts';
import { badInput } from './errors.ts';
import { anyOf, equals, equalsCurrency, type FilterField, startsWith, withinAmounts, withinTimes } from './filter.ts';
import { Institution, ownerField } from './institution.ts';
import { PositionState } from './lifecycle.ts';
import { BY_TIME, listable } from './list.ts';
import { metadata } from './metadataFilter.ts';
import { Money } from './money.ts';
import { Node } from './node.ts';
import { party } from './party.ts';

const configOf = (found: MaybePromise<TemplateConfig | undefined>) =>
  found instanceof Promise ? found.then((row) => row?.config) : found?.config;

/** Adds an amount of a position, which is computed from these fields. */
const amountField = (
  t: ObjectFields<PositionRow>,
  description: string,
  valueOf: (row: PositionRow) => bigint,
  ...fields: readonly (keyof PositionRow)[]
) =>
  t.field({
    type: Money,
    description,
    extensions: { reads: [...fields, 'currency'] },
    resolve: (row) => ({ minorUnits: valueOf(row), currency: row.currency }),
  });
const READS_STATE = { reads: ['state', 'expiresAt'] };

export const Position = builder.objectRef<PositionRow>('Position').implement({
  description: 'An amount held in escrow until it is released, cancelled or expires.',
  interfaces: [Node],
  fields: (t) => ({
    institution: ownerField(t, 'position'),
    asset: reference(t, Asset, 'assetId', 'The asset: the deal that the money is held for.'),
    holderReference: t.exposeString('holderReference', {
      description: 'The client-supplied reference of the party the money is held for.',
    }),
    externalReference: t.exposeString('externalReference', {
      nullable: true,
      description: 'The client-supplied reference of the position, or null if it has none.',
    }),
    metadata: metadataField(t),
    state: t.expose('state', { type: PositionState, description: 'The state. It can briefly lag behind `expiresAt`.' }),
    allowedTransitions: t.field({
      type: [PositionState],
      description:
        'The states that the lifecycle allows next, regardless of the role of the viewer (see `viewerAllowedTransitions`). From `expiresAt` on it is only EXPIRED. PARTIALLY_FUNDED is not listed: fundPosition with an amount leads there whenever FUNDED is allowed.',
      extensions: READS_STATE,
      resolve: (position, _args, { clock }) => allowedTransitions(position, clock()),
    }),
    viewerAllowedTransitions: t.field({
      type: [PositionState],
      description:
        'The states to which the viewer may move the position now: `allowedTransitions`, or an empty list if the role of the viewer allows no transition. The rest is checked only by the mutation: the policy and the agreement of the parties when the position is funded, and the retained amount when it is cancelled.',
      extensions: READS_STATE,
      resolve: (position, _args, { clock, viewer }) => viewerAllowedTransitions(viewer, position, clock()),
    }),
    amount: amountField(t, 'The agreed amount.', ({ amount }) => amount, 'amount'),
    funded: amountField(
      t,
      'The amount that was paid in, including the fees of the payer. Always equal to held + released + refunded + fees.',
      fundedOf,
      'held',
      'released',
      'refunded',
      'fees',
    ),
    held: amountField(t, 'The amount in escrow now.', ({ held }) => held, 'held'),
    released: amountField(
      t,
      'The amount that was released to the payee so far.',
      ({ released }) => released,
      'released',
    ),
    refunded: amountField(t, 'The amount that was returned to the payer.', ({ refunded }) => refunded, 'refunded'),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the position expires, or null if it never does. From then on only EXPIRED is allowed.',
    }),
    ...versionedFields(t),
  }),
});
builder.objectFields(Position, (t) => ({
  available: amountField(
    t,
    'The part of `held` that can be released or refunded. `held = available + retained` always holds.',
    ({ held, retained }) => held - retained,
    'held',
    'retained',
  ),
  retained: amountField(
    t,
    'The part of `held` that the payee has earned and that is withheld until the final release.',
    ({ retained }) => retained,
    'retained',
  ),
  fees: amountField(t, 'The fees charged so far, to either party.', ({ fees }) => fees, 'fees'),
  templateVersion: t.exposeInt('templateVersion', {
    description: 'The version of the asset template under which the position was opened.',
  }),
  templateConfig: t.field({
    type: 'JSONObject',
    nullable: true,
    description: 'The config of the asset template in that version, whose rules apply to the position.',
    extensions: { reads: ['templateId', 'templateVersion'] },
    resolve: ({ templateId, templateVersion }, _args, { read }) =>
      configOf(read.templateConfigs.byId(templateConfigId(templateId, templateVersion))),
  }),
  fundedAt: t.expose('fundedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the whole amount was funded, or null if it never was.',
  }),
  closedAt: t.expose('closedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the position was released, cancelled or expired, or null while it is open.',
  }),
}));

/** Selects the positions that were opened under a template config with the country. */
const country: FilterField<never> = {
  input: (t) =>
    t.string({
      description:
        'Only positions that were opened under an asset template with this country: the `country` of an invoice or the `issuingBankCountry` of a letter of credit. A two-letter ISO 3166-1 code in capital letters, such as "SG".',
    }),
  cost: { given: { at: ['filter', 'country'], cost: 20 } },
  select: (code: string) => {
    if (!COUNTRY_CODES.includes(code)) throw badInput(`\`filter.country\` ${COUNTRY_ISSUE}`);
    return { country: code };
  },
};

export const positions = listable(Position, {
  prefix: 'pos',
  table: 'positions',
  roles: EVERYONE,
  all: {},
  filter: {
    institutionId: equals('institutionId', 'ID', 'Only positions of this institution.'),
    assetIds: anyOf('assetId', 'ID', 'Only positions of one of these assets.'),
    templateIds: anyOf('templateId', 'ID', 'Only positions of assets of these asset templates.'),
    holderReference: equals('holderReference', 'String', 'Only positions with exactly this holder reference.'),
    holderReferences: anyOf('holderReference', 'String', 'Only positions with one of these holder references.'),
    externalReference: equals('externalReference', 'String', 'Only positions with exactly this external reference.'),
    referenceStartsWith: startsWith(
      'externalReference',
      'Only positions whose external reference starts with this text',
    ),
    metadata,
    party,
    country,
    states: anyOf('state', PositionState, 'Only positions in one of these states.'),
    currencyCode: equalsCurrency('currency', 'Only positions in this currency.'),
    amount: withinAmounts(
      'magnitude',
      'Only positions whose agreed amount is within these bounds, as a number regardless of its currency.',
    ),
    createdAt: withinTimes('createdAt', 'Only positions created within these bounds.'),
    updatedAt: withinTimes('updatedAt', 'Only positions last changed within these bounds.'),
    expiresAt: withinTimes(
      'expiresAt',
      'Only positions that expire within these bounds. Positions that never expire do not match.',
    ),
  },
  orders: {
    ...BY_TIME,
    AMOUNT: { by: ['magnitude'], description: 'By agreed amount, as a number regardless of its currency.' },
    EXPIRES_AT: {
      by: ['expiresAt'],
      description: 'By expiry; positions without one are last in ASC, first in DESC.',
    },
  },
  edges: [
    { on: Institution, field: 'institutionId', description: 'The positions of the institution.' },
    { on: Asset, field: 'assetId', description: 'The positions of the asset.' },
  ],
});
