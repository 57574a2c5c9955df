import type { MutationName } from '../domain/auditEvent.ts';
import { fromStoredError, type IdempotencyRecord, recordId } from '../domain/idempotency.ts';
import type { Id } from '../domain/ids.ts';
import type { JsonObject } from '../domain/json.ts';
import { type ErrorData, IdempotencyConflictError } from '../domain/userErrors.ts';
import type { Writers } from '../store/store.ts';
import type { CommandContext } from './context.ts';

/** Thrown to return the user error of an earlier call with the same idempotency key. */
export class StoredUserError extends Error {
  readonly data: ErrorData;
  constructor(data: ErrorData) {
    super(data.message);
    this.data = data;
  }
}

/** A run's claim of its idempotency key. */
export interface IdempotencyClaim {
  /** The institution of the mutation; undefined if the input names no existing object. */
  readonly owner: Id | undefined;
  /** The claimed key, or null if the run claims none. */
  readonly key: string | null;
  /** The hash of the request; empty if there is no key. */
  readonly hash: string;
  /** The record that an earlier call has left under the key. It counts until the clean-up removes it. */
  readonly earlier: IdempotencyRecord | undefined;
}

/** Returns the claim of a run that has not loaded anything yet. */
export const noClaim = (owner: Id | undefined): IdempotencyClaim => ({
  owner,
  key: null,
  hash: '',
  earlier: undefined,
});

/**
 * Claims the key for the owner of what is being loaded. The record is requested after the locks of `loading` and, if
 * the owner is already known, in the same round trip: a concurrent call with these locks has then written its record.
 */
export async function claimKey<L>(
  tx: Writers,
  mutation: MutationName,
  { key, hash }: Pick<IdempotencyClaim, 'key' | 'hash'>,
  knownOwner: Id | undefined,
  loading: Promise<L>,
  ownerOf: (loaded: L) => Id | undefined,
): Promise<{ readonly loaded: L; readonly claim: IdempotencyClaim }> {
  const recordOf = async (owner: Id | undefined): Promise<IdempotencyRecord | undefined> =>
    key === null || owner === undefined
      ? undefined
      : (await tx.idempotencyRecords.byIds([recordId(owner, mutation, key)]))[0];
  const [loaded, early] = await Promise.all([loading, recordOf(knownOwner)]);
  const owner = knownOwner ?? ownerOf(loaded);
  const earlier = knownOwner === undefined ? await recordOf(owner) : early;
  return { loaded, claim: { owner, key: owner === undefined ? null : key, hash, earlier } };
}

/**
 * Returns the payload of the first call. Throws IdempotencyConflictError if the request differs, and StoredUserError if
 * the first call failed.
 */
export async function replay<P>(
  tx: Writers,
  { key, requestHash, answer, mutation }: IdempotencyRecord,
  hash: string,
  { loadPayload }: { readonly loadPayload?: (tx: Writers, stored: JsonObject) => Promise<P> },
): Promise<P> {
  if (requestHash !== hash) throw new IdempotencyConflictError(key);
  if (answer['refusal']) throw new StoredUserError(fromStoredError(answer['refusal'] as JsonObject));
  if (!loadPayload) throw new Error(`${mutation} takes no idempotency key.`);
  return loadPayload(tx, answer['payload'] as JsonObject);
}

/**
 * Stores the result in the transaction of the change. A concurrent request with the same key that is later fails on it
 * and runs again.
 */
export function storeResult(
  tx: Writers,
  mutation: MutationName,
  { clock }: CommandContext,
  { owner, key, hash }: IdempotencyClaim,
  answer: JsonObject,
): void {
  if (key === null || owner === undefined) return;
  const id = recordId(owner, mutation, key);
  const record = { id, institutionId: owner, mutation, key, requestHash: hash, answer, version: 1, createdAt: clock() };
  tx.idempotencyRecords.insert(record);
}
