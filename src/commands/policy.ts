import type { Id } from '../domain/ids.ts';
import type { Institution, Region } from '../domain/institution.ts';
import type { Maybe } from '../domain/issues.ts';
import type { JsonObject } from '../domain/json.ts';
import { checkPolicy, newPolicy, type Policy, type PolicyInput, type PolicyRules } from '../domain/policy.ts';
import { WRITERS } from '../domain/rights.ts';
import { NotFoundError } from '../domain/userErrors.ts';
import type { Writers } from '../store/store.ts';
import { assertVersion, institutionFor, orNotFound } from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import { policiesOf } from './positionChange.ts';

interface PolicyRef extends Idempotent {
  readonly institutionId?: Maybe<Id>;
  readonly region: Region;
  readonly expectedVersion?: Maybe<number>;
}
/** Input for setPolicy. */
export interface SetPolicy extends PolicyRef, PolicyInput {}
/** Result of setPolicy. */
export interface PolicySet {
  readonly policy: Policy;
}
/** Input for deletePolicy. */
export type DeletePolicy = PolicyRef;
/** Result of deletePolicy. */
export interface PolicyDeleted {
  readonly deletedPolicyId: Id;
  readonly institutionId: Id;
}

interface Loaded {
  readonly institution: Institution | undefined;
  readonly policy: Policy | undefined;
}

/**
 * Loads the institution and its policy for the region. If a concurrent request writes the same policy first, this one
 * is run again.
 */
async function load(tx: Writers, { institutionId, region }: { institutionId: Id; region: Region }): Promise<Loaded> {
  const [institutions, policies] = await Promise.all([
    tx.institutions.byIds([institutionId]),
    tx.policies.pages([policiesOf(institutionId)]),
  ]);
  const read = policies[0]?.rows.find((each) => each.region === region);
  const [policy] = read ? await tx.policies.lock([read.id]) : [];
  return { institution: institutions[0], policy };
}

type CheckedSet = PolicyRules & { readonly institutionId: Id; readonly expectedVersion: Maybe<number> };

const set: Command<SetPolicy, CheckedSet, Loaded, PolicySet> = {
  name: 'setPolicy',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'STALE_VERSION', 'IDEMPOTENCY_CONFLICT', 'CAPACITY_EXCEEDED'],
  check: (input, issues, { viewer }) => {
    const institutionId = institutionFor(viewer, input.institutionId, issues);
    return { ...checkPolicy(input, issues), institutionId, expectedVersion: input.expectedVersion ?? null };
  },
  // Idempotency keys from before policies had countries must still replay.
  request: ({ allowedCountries, ...rest }) => (allowedCountries === null ? rest : { ...rest, allowedCountries }),
  load,
  owner: ({ institution }) => institution?.id,
  act: (tx, loaded, checked, { newId, clock }) => {
    const institution = orNotFound(loaded.institution, 'institution', 'institutionId', checked.institutionId);
    // Without a policy the version is 0.
    assertVersion(checked.expectedVersion, loaded.policy?.version ?? 0);
    const policy = newPolicy(checked, loaded.policy, institution, newId('pol'), clock());
    if (loaded.policy) tx.policies.replace(policy);
    else tx.policies.insert(policy);
    return { policy };
  },
  resource: (payload) => payload && { type: 'Policy', id: payload.policy.id },
  storePayload: ({ policy }) => ({
    id: policy.id,
    institutionId: policy.institutionId,
    region: policy.region,
    // All its values are JSON, but TypeScript gives an interface no index signature.
    policy: { ...policy } as unknown as JsonObject,
  }),
  // A policy that was deleted since is returned as it was set.
  loadPayload: async (tx, { id, policy }) => ({
    // The stored JSON is the policy that storePayload has stored.
    policy: (await tx.policies.byIds([id as Id]))[0] ?? (policy as unknown as Policy),
  }),
};

/** Replaces the whole policy. */
export const setPolicy = mutationOf(set);

type CheckedDelete = { readonly institutionId: Id; readonly region: Region; readonly expectedVersion: Maybe<number> };

const remove: Command<DeletePolicy, CheckedDelete, Loaded, PolicyDeleted> = {
  name: 'deletePolicy',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'STALE_VERSION', 'IDEMPOTENCY_CONFLICT'],
  check: (input, issues, { viewer }) => {
    const institutionId = institutionFor(viewer, input.institutionId, issues);
    issues.throwIfAny();
    return { institutionId, region: input.region, expectedVersion: input.expectedVersion ?? null };
  },
  load,
  owner: ({ institution }) => institution?.id,
  act: (tx, { institution, policy }, { institutionId, expectedVersion }) => {
    orNotFound(institution, 'institution', 'institutionId', institutionId);
    // The input names the region, not an id.
    if (!policy) throw new NotFoundError('policy', ['region'], null);
    assertVersion(expectedVersion, policy.version);
    tx.policies.remove(policy);
    return { deletedPolicyId: policy.id, institutionId };
  },
  resource: (payload) => payload && { type: 'Policy', id: payload.deletedPolicyId },
  storePayload: ({ deletedPolicyId, institutionId }) => ({ deletedPolicyId, institutionId }),
  loadPayload: async (_tx, { deletedPolicyId, institutionId }) => ({
    deletedPolicyId: deletedPolicyId as Id,
    institutionId: institutionId as Id,
  }),
};

export const deletePolicy = mutationOf(remove);
