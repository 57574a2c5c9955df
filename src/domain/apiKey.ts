import { createHash } from 'node:crypto';
import { base32 } from './base32.ts';
import type { Id } from './ids.ts';
import { Issues, type Maybe } from './issues.ts';
import { LIMITS } from './limits.ts';
import { type Instant, LATEST, notBefore } from './time.ts';
import { ConflictError } from './userErrors.ts';

export const API_KEY_ROLES = ['ADMIN', 'READ_ONLY'] as const;
/** The permissions of an API key in its institution. */
export type ApiKeyRole = (typeof API_KEY_ROLES)[number];

/** A credential of an institution. Of its token, only the prefix and a hash are stored. */
export interface ApiKey {
  readonly id: Id;
  readonly institutionId: Id;
  readonly label: string;
  readonly role: ApiKeyRole;
  /** The beginning of the token. It identifies the API key, both for the lookup and for people. */
  readonly prefix: string;
  /** The SHA-256 of the whole token, in hexadecimal. */
  readonly tokenHash: string;
  readonly createdAt: Instant;
  /** When the API key stops being accepted, or null if it never expires. */
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
  /** When the API key was last used, to the minute, or null if it never was. */
  readonly lastUsedAt: Instant | null;
  /** The API key that replaces this one after a rotation, or null. */
  readonly followedById: Id | null;
  readonly version: number;
}

/** Whether the API key is accepted at `now`. */
export const isLive = ({ expiresAt, revokedAt }: ApiKey, now: Instant): boolean =>
  revokedAt === null && (expiresAt === null || now < expiresAt);

const TOKEN = /^(eg_[0-9a-hjkmnp-tv-z]{12})_([0-9a-hjkmnp-tv-z]{52})([0-9a-hjkmnp-tv-z]{6})$/;
/** The length of a prefix, in characters. */
export const PREFIX_CHARACTERS = 'eg_'.length + 12;
const TOKEN_CHARACTERS = PREFIX_CHARACTERS + 1 + 52 + 6;

/** Makes a new token. Injected, like the function that makes ids. */
export type NewToken = () => string;

/** The number of random bytes in a token: 8 bytes of which 60 bits become the prefix, and 32 secret bytes. */
export const TOKEN_BYTES = 40;

/**
 * Builds a token from random bytes: a prefix, a secret, and a checksum that distinguishes typing errors from guesses.
 */
export function tokenOf(random: Readonly<Uint8Array>): string {
  const named = `eg_${base32(random.subarray(0, 8)).slice(0, 12)}_${base32(random.subarray(8, TOKEN_BYTES))}`;
  return named + checksumOf(named);
}

/** Returns the prefix of a well-formed token, or undefined for any other text, including one with a wrong checksum. */
export function prefixOfToken(token: string): string | undefined {
  if (token.length !== TOKEN_CHARACTERS) return undefined;
  const [, prefix, secret, checksum] = TOKEN.exec(token) ?? [];
  return prefix !== undefined && checksumOf(`${prefix}_${secret}`) === checksum ? prefix : undefined;
}

/** Returns the SHA-256 of a token, in hexadecimal. */
export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex');

const checksumOf = (named: string): string =>
  base32(createHash('sha256').update(named).digest().subarray(0, 4)).slice(0, 6);

/** The properties that a client chooses for a new API key. */
export interface ApiKeyInput {
  readonly label: string;
  readonly role: ApiKeyRole;
  readonly expiresAt?: Maybe<Instant>;
}
/** Validated properties of a new API key. */
export type CheckedApiKey = Pick<ApiKey, 'label' | 'role' | 'expiresAt'>;

/** Validates the input without reading the store. Throws ValidationError. */
export function checkApiKey(input: ApiKeyInput, now: Instant, issues = new Issues()): CheckedApiKey {
  const label = issues.text(['label'], input.label);
  const expiresAt = issues.future(['expiresAt'], input.expiresAt, now);
  issues.throwIfAny();
  return { label, role: input.role, expiresAt };
}

/** Returns a new API key for the token, of which only the prefix and the hash are kept. */
export const newApiKey = (checked: CheckedApiKey, institutionId: Id, token: string, id: Id, now: Instant): ApiKey =>
  Object.freeze({
    id,
    institutionId,
    label: checked.label,
    role: checked.role,
    prefix: prefixOfToken(token) ?? '',
    tokenHash: hashOfToken(token),
    createdAt: now,
    expiresAt: checked.expiresAt,
    revokedAt: null,
    lastUsedAt: null,
    followedById: null,
    version: 1,
  });

/** Returns the API key as revoked at `now`. */
export const revokedKey = (key: ApiKey, now: Instant): ApiKey =>
  Object.freeze({ ...key, revokedAt: notBefore(key.createdAt, now), version: key.version + 1 });

/** Returns the API key with the time of its last use. */
export const usedKey = (key: ApiKey, usedAt: Instant): ApiKey =>
  Object.freeze({
    ...key,
    lastUsedAt: notBefore(key.lastUsedAt ?? key.createdAt, usedAt),
    version: key.version + 1,
  });

/**
 * The default overlap of a rotation: one day, during which both API keys are accepted and the new one can be deployed.
 */
const DEFAULT_OVERLAP_SECONDS = 24 * 60 * 60;

/** Returns the overlap in seconds. Adds an issue if it is negative or longer than a week. */
export function checkOverlap(overlapSeconds: Maybe<number>, issues: Issues): number {
  const seconds = overlapSeconds ?? DEFAULT_OVERLAP_SECONDS;
  if (seconds < 0 || seconds > LIMITS.overlapSeconds) {
    issues.add(['overlapSeconds'], `must be from 0 to ${LIMITS.overlapSeconds} (one week); it is ${seconds}.`);
  }
  return seconds;
}

/** Both API keys after a rotation. */
export interface Rotation {
  /** The new API key: it has the label and the role of the old one, and the same lifetime. */
  readonly next: CheckedApiKey;
  /** The old API key, which expires after the overlap, or at its own expiry if that is earlier. */
  readonly previous: ApiKey;
}

/** Rotates an API key. Throws ConflictError if it is revoked, has expired or was rotated before. */
export function rotate(key: ApiKey, overlapSeconds: number, followedById: Id, now: Instant): Rotation {
  if (key.revokedAt !== null) throw new ConflictError('The API key is revoked. Create a new one.', ['apiKeyId']);
  if (!isLive(key, now)) throw new ConflictError('The API key has expired. Create a new one.', ['apiKeyId']);
  if (key.followedById !== null) {
    throw new ConflictError('The API key was already rotated. Rotate the one that replaced it.', ['apiKeyId']);
  }
  const { label, role, createdAt, expiresAt } = key;
  const ends = Math.min(expiresAt ?? Number.POSITIVE_INFINITY, now + overlapSeconds * 1_000);
  return {
    next: { label, role, expiresAt: expiresAt && Math.min(now + (expiresAt - createdAt), LATEST) },
    previous: Object.freeze({ ...key, expiresAt: ends, followedById, version: key.version + 1 }),
  };
}

/** The minimum interval between two writes of the last use of an API key, in ms. */
export const LAST_USED_INTERVAL_MS = 60_000;
