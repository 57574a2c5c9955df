import { deletePolicy, setPolicy } from '../commands/policy.ts';
import { policiesOf } from '../commands/positionChange.ts';
import { CURRENCY_CODES } from '../domain/currencies.ts';
import { REGIONS } from '../domain/institution.ts';
import { LIMITS } from '../domain/limits.ts';
import { type PolicyLimit as Limit, limitOf, type Policy as PolicyRow } from '../domain/policy.ts';
import { EVERYONE } from '../domain/rights.ts';
import { builder } from './builder.ts';
import { reference, versionedFields } from './entityFields.ts';
import { INSTITUTION_ID, Institution, ownerField, Region } from './institution.ts';
import { Money } from './money.ts';
import { EXPECTED_VERSION, mutation } from './mutation.ts';
import { Node, node } from './node.ts';

const PolicyLimit = builder.objectRef<Limit>('PolicyLimit').implement({
  description: 'The minimum and maximum amount of positions in one currency.',
  fields: (t) => ({
    currencyCode: t.expose('currency', { type: 'CurrencyCode', description: 'The currency.' }),
    minAmount: t.field({
      type: Money,
      nullable: true,
      description: 'The minimum amount, or null for no minimum.',
      resolve: (limit) => limitOf(limit, limit.minAmount),
    }),
    maxAmount: t.field({
      type: Money,
      nullable: true,
      description: 'The maximum amount, or null for no maximum.',
      resolve: (limit) => limitOf(limit, limit.maxAmount),
    }),
  }),
});

const Policy = builder.objectRef<PolicyRow>('Policy').implement({
  description: 'The rules that an institution sets for its positions in one region.',
  interfaces: [Node],
  fields: (t) => ({
    institution: ownerField(t, 'policy'),
    region: t.expose('region', {
      type: Region,
      description: 'The region. The policy applies to positions whose asset template has this region.',
    }),
    allowedCurrencies: t.field({
      type: ['CurrencyCode'],
      nullable: true,
      description: 'The currencies that positions may have, or null if all are allowed.',
      extensions: { reads: ['allowedCurrencies'] },
      resolve: ({ allowedCurrencies }) => allowedCurrencies,
    }),
    allowedCountries: t.field({
      type: ['String'],
      nullable: true,
      description:
        'The countries that the asset template of a position may name, as two-letter codes, or null if all are allowed. Asset templates without a country are always allowed.',
      extensions: { reads: ['allowedCountries'] },
      // A policy that was stored before countries existed has none.
      resolve: ({ allowedCountries }) => allowedCountries ?? null,
    }),
    limits: t.field({
      type: [PolicyLimit],
      description: 'The limits of amounts, at most one entry per currency.',
      extensions: { cost: { maxItems: CURRENCY_CODES.length }, reads: ['limits'] },
      resolve: ({ limits }) => limits,
    }),
    ...versionedFields(t),
  }),
});
node(Policy, { prefix: 'pol', table: 'policies', roles: EVERYONE });

builder.objectField(Institution, 'policies', (t) =>
  t.field({
    type: [Policy],
    nullable: true,
    description: 'The policies of the institution, at most one per region.',
    extensions: { roles: EVERYONE, cost: { items: REGIONS.length }, reads: ['id'] },
    resolve: ({ id }, _args, { read }) => {
      const page = read.policies.page(policiesOf(id));
      return page instanceof Promise ? page.then(({ rows }) => rows) : page.rows;
    },
  }),
);

const PolicyLimitInput = builder.inputType('PolicyLimitInput', {
  description: 'The minimum and maximum amount of positions in one currency.',
  fields: (t) => ({
    currencyCode: t.field({
      type: 'CurrencyCode',
      required: true,
      description: 'The currency. Must be one of `allowedCurrencies` if that is set, and in one entry only.',
    }),
    minAmount: t.field({ type: 'Decimal', description: 'The minimum amount. Defaults to no minimum.' }),
    maxAmount: t.field({
      type: 'Decimal',
      description: 'The maximum amount. Must not be below `minAmount`. Defaults to no maximum.',
    }),
  }),
});

const EXPECTED = `${EXPECTED_VERSION} Send 0 if the region had no policy.`;

mutation(setPolicy, 'Sets the policy of a region. It replaces the previous policy as a whole.', {
  input: (t) => ({
    institutionId: t.id({ description: INSTITUTION_ID }),
    region: t.field({ type: Region, required: true, description: 'The region. Must be one of the institution.' }),
    allowedCurrencies: t.field({
      type: ['CurrencyCode'],
      description: `The allowed currencies, 1 to ${LIMITS.listInputs}. Defaults to all.`,
    }),
    allowedCountries: t.stringList({
      description: `The allowed countries of asset templates that name one, 1 to ${LIMITS.listInputs} two-letter ISO 3166-1 codes in capital letters, such as "SG". Defaults to all.`,
    }),
    limits: t.field({
      type: [PolicyLimitInput],
      description: 'The limits of amounts, at most one entry per currency. Defaults to none.',
    }),
    expectedVersion: t.int({ description: EXPECTED }),
  }),
  payload: (t) => ({ policy: t.expose('policy', { type: Policy, description: 'The policy.' }) }),
});

mutation(deletePolicy, 'Deletes the policy of a region.', {
  input: (t) => ({
    institutionId: t.id({ description: INSTITUTION_ID }),
    region: t.field({ type: Region, required: true, description: 'The region of the policy.' }),
    expectedVersion: t.int({ description: EXPECTED }),
  }),
  payload: (t) => ({
    deletedPolicyId: t.exposeID('deletedPolicyId', { description: 'The id of the deleted policy.' }),
    institution: reference(t, Institution, 'institutionId', 'The institution that owned the policy.'),
  }),
});
