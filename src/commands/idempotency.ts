import type { MutationName } from '../domain/auditEvent.ts';
import { type IdempotencyRecord, recordId } from '../domain/idempotency.ts';
import type { Id } from '../domain/ids.ts';
import type { JsonObject } from '../domain/json.ts';
import type { ErrorData } from '../domain/userErrors.ts';
import { AlreadyExistsError } from '../store/errors.ts';
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

/** The state of a run's claim of its idempotency key. */
export interface IdempotencyClaim {
  owner: Id | undefined;
  key: string | null;
  hash: string;
  /** The idempotency record of the key, if it has expired. */
  prior: IdempotencyRecord | undefined;
}

/** Returns the idempotency record of a key, or undefined if there is none. */
export const loadRecord = async (
  tx: Writers,
  mutation: MutationName,
  owner: Id,
  key: string,
): Promise<IdempotencyRecord | undefined> => (await tx.idempotencyRecords.byIds([recordId(owner, mutation, key)]))[0];

/**
 * Locks an expired idempotency record, to claim it again. Throws AlreadyExistsError if a concurrent request or the
 * clean-up was faster: the next run sees the result.
 */
export async function lockExpiredRecord(tx: Writers, prior: IdempotencyRecord): Promise<IdempotencyRecord> {
  const [now] = await tx.idempotencyRecords.lock([prior.id]);
  if (now?.version !== prior.version) throw new AlreadyExistsError(`The key ${prior.id} was claimed meanwhile.`);
  return now;
}

/** Claims the key in the transaction of the change; a concurrent request that is later fails on it and runs again. */
export function storeResult(
  tx: Writers,
  mutation: MutationName,
  { clock }: CommandContext,
  { owner, key, hash, prior }: IdempotencyClaim,
  answer: JsonObject,
): void {
  if (key === null || owner === undefined) return;
  const id = recordId(owner, mutation, key);
  const own = { id, institutionId: owner, mutation, key, requestHash: hash, answer, createdAt: clock() };
  if (prior) tx.idempotencyRecords.replace({ ...own, version: prior.version + 1 });
  else tx.idempotencyRecords.insert({ ...own, version: 1 });
}
