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
import type { Institution } from '../domain/institution.ts';
import type { Maybe } from '../domain/issues.ts';
import { CapacityExceeded } from '../domain/refusals.ts';
import type { Writers } from '../store/store.ts';
import { type CommandContext, found, institutionFor } from './context.ts';
import { type Command, type Keyed, perform, type Replayable } from './perform.ts';

// A token is returned once and never stored, so these mutations store no payload and take no idempotency key.

const resourceOf = (id: Id) => ({ type: 'ApiKey', id }) as const;

export interface CreateApiKey extends ApiKeyInput, Keyed {
  readonly institutionId?: Maybe<Id>;
}
export interface ApiKeyCreated {
  readonly apiKey: ApiKey;
  readonly token: string;
}
type CheckedCreate = CheckedApiKey & { readonly institutionId: Id };
interface Ground {
  readonly institution: Institution | undefined;
  readonly kept: number;
}

const create: Command<CreateApiKey, CheckedCreate, Ground, ApiKeyCreated> = {
  name: 'createApiKey',
  check: (input, issues, { viewer, clock }) => {
    const institutionId = institutionFor(viewer, input.institutionId, issues);
    return { ...checkApiKey(input, clock(), issues), institutionId };
  },
  load: async (tx, { institutionId }) => {
    // The advisory lock serializes the counts, so that two concurrent requests cannot both take the last place.
    const turn = tx.takeTurn(`keys of ${institutionId}`);
    const [institutions, counts] = await Promise.all([
      tx.institutions.byIds([institutionId]),
      tx.apiKeys.counts([{ where: { institutionId: { in: [institutionId] } } }]),
      turn,
    ]);
    return { institution: institutions[0], kept: counts[0] ?? 0 };
  },
  owner: ({ institution }) => institution?.id,
  act: (tx, { institution, kept }, checked, { newId, newToken, clock, keysPerInstitution }) => {
    const { id } = found(institution, 'institution', 'institutionId', checked.institutionId);
    if (kept >= keysPerInstitution) throw new CapacityExceeded('API keys per institution', keysPerInstitution);
    const token = newToken();
    const apiKey = newApiKey(checked, id, token, newId('key'), clock());
    tx.apiKeys.insert(apiKey);
    return { apiKey, token };
  },
  resource: (payload) => payload && resourceOf(payload.apiKey.id),
};

/** Throws Forbidden, ValidationFailed, NotFound or CapacityExceeded. */
export const createApiKey = (context: CommandContext, input: CreateApiKey): Promise<Replayable<ApiKeyCreated>> =>
  perform(create, context, input);

interface Named extends Keyed {
  readonly apiKeyId: Id;
}
const load = async (tx: Writers, { apiKeyId }: Named): Promise<ApiKey | undefined> =>
  (await tx.apiKeys.lock([apiKeyId]))[0];

export interface ApiKeyRevoked {
  readonly apiKey: ApiKey;
}

const revoke: Command<Named, Named, ApiKey | undefined, ApiKeyRevoked> = {
  name: 'revokeApiKey',
  check: (input, issues) => {
    issues.settle();
    return input;
  },
  load,
  owner: (key) => key?.institutionId,
  act: (tx, loaded, { apiKeyId }, { clock }) => {
    const key = found(loaded, 'API key', 'apiKeyId', apiKeyId);
    if (key.revokedAt !== null) return { apiKey: key };
    const apiKey = revokedKey(key, clock());
    tx.apiKeys.replace(apiKey);
    return { apiKey };
  },
  resource: (_payload, { apiKeyId }) => resourceOf(apiKeyId),
};

/** Revoking a revoked API key returns it unchanged. Throws Forbidden, ValidationFailed or NotFound. */
export const revokeApiKey = (context: CommandContext, input: Named): Promise<Replayable<ApiKeyRevoked>> =>
  perform(revoke, context, input);

export interface RotateApiKey extends Named {
  /** The time during which both API keys are accepted, in seconds. */
  readonly overlapSeconds?: Maybe<number>;
}
export interface ApiKeyRotated extends ApiKeyCreated {
  readonly previous: ApiKey;
}

const rotation: Command<RotateApiKey, Named & { readonly overlap: number }, ApiKey | undefined, ApiKeyRotated> = {
  name: 'rotateApiKey',
  check: ({ apiKeyId, overlapSeconds }, issues) => {
    const overlap = checkOverlap(overlapSeconds, issues);
    issues.settle();
    return { apiKeyId, overlap };
  },
  load,
  owner: (key) => key?.institutionId,
  act: (tx, loaded, { apiKeyId, overlap }, { newId, newToken, clock }) => {
    const now = clock();
    const id = newId('key');
    const { next, previous } = rotate(found(loaded, 'API key', 'apiKeyId', apiKeyId), overlap, id, now);
    const token = newToken();
    const apiKey = newApiKey(next, previous.institutionId, token, id, now);
    tx.apiKeys.replace(previous);
    tx.apiKeys.insert(apiKey);
    return { apiKey, token, previous };
  },
  resource: (_payload, { apiKeyId }) => resourceOf(apiKeyId),
  told: (input, payload) => ({ ...input, ...(payload && { followedById: payload.apiKey.id }) }),
};

/**
 * Creates an API key that replaces another, which expires after the overlap. Throws Forbidden, ValidationFailed,
 * NotFound or Conflict.
 */
export const rotateApiKey = (context: CommandContext, input: RotateApiKey): Promise<Replayable<ApiKeyRotated>> =>
  perform(rotation, context, input);
