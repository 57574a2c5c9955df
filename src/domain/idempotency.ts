import { createHash } from 'node:crypto';
import type { MutationName } from './auditEvent.ts';
import { canonicalJson } from './canonicalJson.ts';
import { type Id, typeIdOfText } from './ids.ts';
import type { Issues, Maybe } from './issues.ts';
import type { JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import type { ErrorCode, Facts } from './refusals.ts';
import type { Instant } from './time.ts';

/** What was answered to the first call with a key, so that every later one is answered the same. */
export interface IdempotencyRecord {
  /** Made of the scope and the key, so that a key can be claimed once only. */
  readonly id: Id;
  readonly institutionId: Id;
  readonly mutation: MutationName;
  readonly key: string;
  /** SHA-256 of the input that counts, in hexadecimal. */
  readonly requestHash: string;
  /** The ids of the objects that were answered, or the refusal's facts. */
  readonly answer: JsonObject;
  /** Grows where a record that is past its time is claimed anew. */
  readonly version: number;
  readonly createdAt: Instant;
}

/** Reads the key; 1 to 255 characters. */
export const idempotencyKey = (issues: Issues, key: Maybe<string>): string | null =>
  key === null || key === undefined ? null : issues.text(['idempotencyKey'], key, LIMITS.keyCharacters);

/** The record's id: the scope is the institution and the mutation. */
export const recordId = (institutionId: Id, mutation: MutationName, key: string): Id =>
  typeIdOfText('idem', canonicalJson([institutionId, mutation, key]));

/** The hash of a checked input: equal for inputs that mean the same, whatever their order of keys or digits. */
export const requestHash = (request: unknown): string =>
  createHash('sha256').update(canonicalJson(request)).digest('hex');

/** Refusals that rest on state are remembered: a retry is answered the same. After all others it runs anew. */
const REMEMBERED: ReadonlySet<ErrorCode> = new Set([
  'ILLEGAL_TRANSITION',
  'INSUFFICIENT_FUNDS',
  'POLICY_VIOLATION',
  'STALE_VERSION',
  'CONFLICT',
]);
export const isRemembered = (code: ErrorCode): boolean => REMEMBERED.has(code);

/** A refusal's facts as JSON: amounts in minor units as text. */
export const storeFacts = (facts: Facts): JsonObject =>
  JSON.parse(
    JSON.stringify(facts, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
  ) as JsonObject;

export const reviveFacts = (stored: JsonObject): Facts =>
  JSON.parse(JSON.stringify(stored), (key, value: unknown) =>
    key === 'minorUnits' ? BigInt(value as string) : value,
  ) as Facts;
