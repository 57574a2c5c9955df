import {
  type ApiKey,
  type ApiKeyInput,
  type CheckedApiKey,
  checkApiKey,
  checkOverlap,
  newApiKey,
  revokedKey,
  rotate,
} from '../domain/apiKey.ts';
import type { Id } from '../domain/ids.ts';
import type { Maybe } from '../domain/issues.ts';
import { WRITERS } from '../domain/rights.ts';
import { CapacityExceededError } from '../domain/userErrors.ts';
import type { Writers } from '../store/store.ts';
import { institutionFor, orNotFound } from './context.ts';
import { type CountedInstitution, countedInstitution } from './countedInstitution.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';

// A token is returned once and never stored, so these mutations store no payload and take no idempotency key.

const resourceOf = (id: Id) => ({ type: 'ApiKey', id }) as const;

/** Input for createApiKey. */
export interface CreateApiKey extends ApiKeyInput, Idempotent {
  readonly institutionId?: Maybe<Id>;
}
/** Result of createApiKey, with the token, which is not stored. */
export interface ApiKeyCreated {
  readonly apiKey: ApiKey;
  readonly token: string;
}
type CheckedCreate = CheckedApiKey & { readonly institutionId: Id };
const create: Command<CreateApiKey, CheckedCreate, CountedInstitution, ApiKeyCreated> = {
  name: 'createApiKey',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'CAPACITY_EXCEEDED'],
  check: (input, issues, { viewer, clock }) => {
    const institutionId = institutionFor(viewer, input.institutionId, issues);
    return { ...checkApiKey(input, clock(), issues), institutionId };
  },
  load: (tx, { institutionId }) => countedInstitution(tx, 'apiKeys', `keys of ${institutionId}`, institutionId),
  owner: ({ institution }) => institution?.id,
  act: (tx, { institution, count }, checked, { newId, newToken, clock, apiKeysPerInstitution }) => {
    const { id } = orNotFound(institution, 'institution', 'institutionId', checked.institutionId);
    if (count >= apiKeysPerInstitution)
      throw new CapacityExceededError('API keys per institution', apiKeysPerInstitution);
    const token = newToken(id);
    const apiKey = newApiKey(checked, id, token, newId('key'), clock());
    tx.apiKeys.insert(apiKey);
    return { apiKey, token };
  },
  resource: (payload) => payload && resourceOf(payload.apiKey.id),
};

export const createApiKey = mutationOf(create);

interface ApiKeyRef extends Idempotent {
  readonly apiKeyId: Id;
}
const load = async (tx: Writers, { apiKeyId }: ApiKeyRef): Promise<ApiKey | undefined> =>
  (await tx.apiKeys.lock([apiKeyId]))[0];

/** Result of revokeApiKey. */
export interface ApiKeyRevoked {
  readonly apiKey: ApiKey;
}

const revoke: Command<ApiKeyRef, ApiKeyRef, ApiKey | undefined, ApiKeyRevoked> = {
  name: 'revokeApiKey',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND'],
  check: (input, issues) => {
    issues.throwIfAny();
    return input;
  },
  load,
  owner: (key) => key?.institutionId,
  act: (tx, loaded, { apiKeyId }, { clock }) => {
    const key = orNotFound(loaded, 'API key', 'apiKeyId', apiKeyId);
    if (key.revokedAt !== null) return { apiKey: key };
    const apiKey = revokedKey(key, clock());
    tx.apiKeys.replace(apiKey);
    return { apiKey };
  },
  resource: (_payload, { apiKeyId }) => resourceOf(apiKeyId),
};

/** Revoking a revoked API key returns it unchanged. */
export const revokeApiKey = mutationOf(revoke);

/** Input for rotateApiKey. */
export interface RotateApiKey extends ApiKeyRef {
  /** The time during which both API keys are accepted, in seconds. */
  readonly overlapSeconds?: Maybe<number>;
}
/** Result of rotateApiKey. */
export interface ApiKeyRotated extends ApiKeyCreated {
  readonly previous: ApiKey;
}

const rotation: Command<RotateApiKey, ApiKeyRef & { readonly overlap: number }, ApiKey | undefined, ApiKeyRotated> = {
  name: 'rotateApiKey',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT'],
  check: ({ apiKeyId, overlapSeconds }, issues) => {
    const overlap = checkOverlap(overlapSeconds, issues);
    issues.throwIfAny();
    return { apiKeyId, overlap };
  },
  load,
  owner: (key) => key?.institutionId,
  act: (tx, loaded, { apiKeyId, overlap }, { newId, newToken, clock }) => {
    const now = clock();
    const id = newId('key');
    const { next, previous } = rotate(orNotFound(loaded, 'API key', 'apiKeyId', apiKeyId), overlap, id, now);
    const token = newToken(previous.institutionId);
    const apiKey = newApiKey(next, previous.institutionId, token, id, now);
    tx.apiKeys.replace(previous);
    tx.apiKeys.insert(apiKey);
    return { apiKey, token, previous };
  },
  resource: (_payload, { apiKeyId }) => resourceOf(apiKeyId),
  auditPayload: (input, payload) => ({ ...input, ...(payload && { followedById: payload.apiKey.id }) }),
};

/** Creates an API key that replaces another, which expires after the overlap. */
export const rotateApiKey = mutationOf(rotation);
