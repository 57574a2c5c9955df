import type { Replayable } from '../commands/perform.ts';
import { deletePolicy, type PolicyDeleted, setPolicy } from '../commands/policy.ts';
import { policiesOf } from '../commands/positionChange.ts';
import { LIMITS } from '../domain/limits.ts';
import type { PolicyLimit as Limit, Policy as PolicyRow } from '../domain/policy.ts';
import { limitOf } from '../domain/policy.ts';
import type { ErrorCode } from '../domain/userErrors.ts';
import { builder } from './builder.ts';
import { Institution, INSTITUTION_ID, Region, VERSIONED } from './institution.ts';
import { Money } from './money.ts';
import { EXPECTED_VERSION, IDEMPOTENCY_KEY, mutation, payloadType, REPLAYED, resultType } from './mutation.ts';
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
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'The institution that owns the policy.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    region: t.expose('region', {
      type: Region,
      description: 'The region. The policy applies to positions whose asset template has this region.',
    }),
    allowedCurrencies: t.field({
      type: ['CurrencyCode'],
      nullable: true,
      description: 'The currencies that positions may have, or null if all are allowed.',
      resolve: ({ allowedCurrencies }) => allowedCurrencies,
    }),
    limits: t.field({
      type: [PolicyLimit],
      description: 'The limits of amounts, at most one entry per currency.',
      resolve: ({ limits }) => limits,
    }),
    version: t.exposeInt('version', { description: VERSIONED.version }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: VERSIONED.createdAt }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: VERSIONED.updatedAt }),
  }),
});
node('pol', 'Policy', (read, id) => read.policies.byId(id));

builder.objectField(Institution, 'policies', (t) =>
  t.field({
    type: [Policy],
    nullable: true,
    description: 'The policies of the institution, at most one per region.',
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

const SetPolicyInput = builder.inputType('SetPolicyInput', {
  description: 'Input for setPolicy.',
  fields: (t) => ({
    institutionId: t.id({ description: INSTITUTION_ID }),
    region: t.field({ type: Region, required: true, description: 'The region. Must be one of the institution.' }),
    allowedCurrencies: t.field({
      type: ['CurrencyCode'],
      description: `The allowed currencies, 1 to ${LIMITS.listInputs}. Defaults to all.`,
    }),
    limits: t.field({
      type: [PolicyLimitInput],
      description: 'The limits of amounts, at most one entry per currency. Defaults to none.',
    }),
    expectedVersion: t.int({ description: EXPECTED }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const DeletePolicyInput = builder.inputType('DeletePolicyInput', {
  description: 'Input for deletePolicy.',
  fields: (t) => ({
    institutionId: t.id({ description: INSTITUTION_ID }),
    region: t.field({ type: Region, required: true, description: 'The region of the policy.' }),
    expectedVersion: t.int({ description: EXPECTED }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const SetPolicyPayload = payloadType('setPolicy', 'policy', Policy, 'The policy.');

const DeletePolicyPayload = builder.objectRef<Replayable<PolicyDeleted>>('DeletePolicyPayload').implement({
  description: 'Result of a successful deletePolicy.',
  fields: (t) => ({
    deletedPolicyId: t.exposeID('deletedPolicyId', { description: 'The id of the deleted policy.' }),
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'The institution that owned the policy.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
  }),
});

const CODES: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'FORBIDDEN',
  'NOT_FOUND',
  'STALE_VERSION',
  'IDEMPOTENCY_CONFLICT',
];
mutation(
  'setPolicy',
  'Sets the policy of a region. It replaces the previous policy as a whole.',
  SetPolicyInput,
  resultType(SetPolicyPayload, 'SetPolicyResult', [...CODES, 'CAPACITY_EXCEEDED']),
  setPolicy,
);
mutation(
  'deletePolicy',
  'Deletes the policy of a region.',
  DeletePolicyInput,
  resultType(DeletePolicyPayload, 'DeletePolicyResult', CODES),
  deletePolicy,
);
