import { createHash } from 'node:crypto';
import type { MutationName } from './auditEvent.ts';
import { canonicalJson } from './canonicalJson.ts';
import { type Id, typeIdOfText } from './ids.ts';
import type { Issues, Maybe } from './issues.ts';
import type { JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import type { Instant } from './time.ts';
import type { ErrorCode, ErrorData } from './userErrors.ts';

/** The result of the first call with an idempotency key, from which every later call is answered. */
export interface IdempotencyRecord {
  /** Derived from the scope and the idempotency key, so that a key can be claimed only once. */
  readonly id: Id;
  readonly institutionId: Id;
  readonly mutation: MutationName;
  readonly key: string;
  /** The SHA-256 of the canonical request, in hexadecimal. */
  readonly requestHash: string;
  /** The ids of the objects in the payload, or the fields of the user error. */
  readonly answer: JsonObject;
  /** Increases when an expired record is claimed again. */
  readonly version: number;
  readonly createdAt: Instant;
}

/** Validates the idempotency key: 1 to 255 characters. */
export const idempotencyKey = (issues: Issues, key: Maybe<string>): string | null =>
  key === null || key === undefined ? null : issues.text(['idempotencyKey'], key, LIMITS.keyCharacters);

/** Returns the id of the record. Its scope is the institution and the mutation. */
export const recordId = (institutionId: Id, mutation: MutationName, key: string): Id =>
  typeIdOfText('idem', canonicalJson([institutionId, mutation, key]));

/**
 * Returns the hash of a checked input. Inputs with the same meaning have the same hash, whatever the order of their
 * keys or the way their numbers are written.
 */
export const requestHash = (request: unknown): string =>
  createHash('sha256').update(canonicalJson(request)).digest('hex');

/**
 * User errors that depend on stored state are kept, and a retry returns them again. After any other error a retry runs
 * again.
 */
const STORED_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'ILLEGAL_TRANSITION',
  'INSUFFICIENT_FUNDS',
  'POLICY_VIOLATION',
  'STALE_VERSION',
  'CONFLICT',
]);
/** Whether a retry with the same idempotency key returns this user error again. */
export const isStoredError = (code: ErrorCode): boolean => STORED_ERRORS.has(code);

/** Converts the fields of a user error to JSON, with amounts in minor units as strings. */
export const toStoredError = (data: ErrorData): JsonObject =>
  JSON.parse(
    JSON.stringify(data, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
  ) as JsonObject;

/** Restores the data of a user error from an idempotency record. */
export const fromStoredError = (stored: JsonObject): ErrorData =>
  JSON.parse(JSON.stringify(stored), (key, value: unknown) =>
    key === 'minorUnits' ? BigInt(value as string) : value,
  ) as ErrorData;
