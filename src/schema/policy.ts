import type { Replayable } from '../commands/perform.ts';
import { deletePolicy, type PolicyDeleted, type PolicySet, setPolicy } from '../commands/policy.ts';
import { policiesOf } from '../commands/positionChange.ts';
import type { PolicyLimit as Limit, Policy as PolicyRow } from '../domain/policy.ts';
import { limitOf } from '../domain/policy.ts';
import type { ErrorCode } from '../domain/refusals.ts';
import { builder } from './builder.ts';
import { Institution, Region, VERSIONED } from './institution.ts';
import { Money } from './money.ts';
import { IDEMPOTENCY_KEY, mutation, REPLAYED, resultType } from './mutation.ts';
import { Node, node } from './node.ts';

const PolicyLimit = builder.objectRef<Limit>('PolicyLimit').implement({
  description: 'What positions in one currency may be about.',
  fields: (t) => ({
    currencyCode: t.expose('currency', { type: 'CurrencyCode', description: 'The currency.' }),
    minAmount: t.field({
      type: Money,
      nullable: true,
      description: 'The least; null: no bound.',
      resolve: (limit) => limitOf(limit, limit.minAmount),
    }),
    maxAmount: t.field({
      type: Money,
      nullable: true,
      description: 'The most; null: no bound.',
      resolve: (limit) => limitOf(limit, limit.maxAmount),
    }),
  }),
});

const Policy = builder.objectRef<PolicyRow>('Policy').implement({
  description: "An institution's rules for the positions of one region.",
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'Whose it is.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    region: t.expose('region', { type: Region, description: 'Where it holds: for the templates of this region.' }),
    allowedCurrencies: t.field({
      type: ['CurrencyCode'],
      nullable: true,
      description: 'The currencies that positions may have; null: any.',
      resolve: ({ allowedCurrencies }) => allowedCurrencies,
    }),
    limits: t.field({
      type: [PolicyLimit],
      description: 'The bounds of amounts, one entry a currency at the most.',
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
    description: 'Its policies, one a region at the most.',
    resolve: ({ id }, _args, { read }) => {
      const page = read.policies.page(policiesOf(id));
      return page instanceof Promise ? page.then(({ rows }) => rows) : page.rows;
    },
  }),
);

const PolicyLimitInput = builder.inputType('PolicyLimitInput', {
  description: 'What positions in one currency may be about.',
  fields: (t) => ({
    currencyCode: t.field({ type: 'CurrencyCode', required: true, description: 'One of the allowed currencies.' }),
    minAmount: t.field({ type: 'Decimal', description: 'The least; no bound if left out.' }),
    maxAmount: t.field({ type: 'Decimal', description: 'The most; no bound if left out.' }),
  }),
});

const WHOSE = "Whose it is; an institution's key may leave it out.";
const EXPECTED = 'The version last read, 0 for none; if it is another now, StaleVersionError.';

const SetPolicyInput = builder.inputType('SetPolicyInput', {
  description: 'A whole policy, in the place of the one before.',
  fields: (t) => ({
    institutionId: t.id({ description: WHOSE }),
    region: t.field({ type: Region, required: true, description: "One of the institution's." }),
    allowedCurrencies: t.field({ type: ['CurrencyCode'], description: 'Any if left out.' }),
    limits: t.field({ type: [PolicyLimitInput], description: 'None if left out; each currency once.' }),
    expectedVersion: t.int({ description: EXPECTED }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const DeletePolicyInput = builder.inputType('DeletePolicyInput', {
  description: 'The end of a policy.',
  fields: (t) => ({
    institutionId: t.id({ description: WHOSE }),
    region: t.field({ type: Region, required: true, description: "The policy's." }),
    expectedVersion: t.int({ description: EXPECTED }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const SetPolicyPayload = builder.objectRef<Replayable<PolicySet>>('SetPolicyPayload').implement({
  description: 'The policy was set.',
  fields: (t) => ({
    policy: t.expose('policy', { type: Policy, description: 'The policy.' }),
    replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
  }),
});

const DeletePolicyPayload = builder.objectRef<Replayable<PolicyDeleted>>('DeletePolicyPayload').implement({
  description: 'The policy was deleted.',
  fields: (t) => ({
    deletedPolicyId: t.exposeID('deletedPolicyId', { description: 'The id that it had.' }),
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'Whose it was.',
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
  'Sets the policy of a region, replacing the whole of it.',
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
