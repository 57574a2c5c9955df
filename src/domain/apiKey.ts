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

const CHARACTER = '[0-9a-hjkmnp-tv-z]';
/** The second part begins with the institution, except in tokens that earlier versions have made. */
const TOKEN = new RegExp(`^(eg_${CHARACTER}{12})_([0-7]${CHARACTER}{25})?${CHARACTER}{58}$`);
const INSTITUTION = 'inst_';
const CHECKSUM_CHARACTERS = 6;
/** The numbers of characters of a token. */
const CHARACTERS = { prefix: 'eg_'.length + 12, institution: 26, total: 100, earlierTotal: 74 } as const;

/** Makes the token of a new API key of the institution. Injected, like the function that makes ids. */
export type NewToken = (institutionId: Id) => string;

/** The number of random bytes in a token: 8 bytes of which 60 bits become the prefix, and 32 secret bytes. */
export const TOKEN_BYTES = 40;

/**
 * Builds a token from random bytes: a prefix, the institution, a secret, and a checksum that distinguishes typing errors
 * from guesses. With the institution, the API key is found among those of one institution only.
 */
export function tokenOf(random: Readonly<Uint8Array>, institutionId: Id): string {
  const prefix = `eg_${base32(random.subarray(0, 8)).slice(0, 12)}`;
  const named = `${prefix}_${institutionId.slice(INSTITUTION.length)}${base32(random.subarray(8, TOKEN_BYTES))}`;
  return named + checksumOf(named);
}

/** The part of a token by which its API key is found. */
export interface TokenReference {
  /** The beginning of the token, with everything that is below. */
  readonly text: string;
  readonly prefix: string;
  /** The institution of the API key, or null in a token of an earlier version. */
  readonly institutionId: Id | null;
}

/** Returns the reference in a text that has the length of a token, without a check of its other characters. */
export function referenceIn(token: string): TokenReference | undefined {
  const prefix = token.slice(0, CHARACTERS.prefix);
  if (token.length === CHARACTERS.earlierTotal) return { text: prefix, prefix, institutionId: null };
  if (token.length !== CHARACTERS.total) return undefined;
  const text = token.slice(0, CHARACTERS.prefix + 1 + CHARACTERS.institution);
  return { text, prefix, institutionId: INSTITUTION + text.slice(CHARACTERS.prefix + 1) };
}

/** Whether the text is a token, with a correct checksum. */
export function isToken(text: string): boolean {
  if (text.length !== CHARACTERS.total && text.length !== CHARACTERS.earlierTotal) return false;
  return TOKEN.test(text) && checksumOf(text.slice(0, -CHECKSUM_CHARACTERS)) === text.slice(-CHECKSUM_CHARACTERS);
}

/** Returns the prefix of a well-formed token, or undefined for any other text, including one with a wrong checksum. */
export const prefixOfToken = (token: string): string | undefined =>
  isToken(token) ? token.slice(0, CHARACTERS.prefix) : undefined;

/** Returns the SHA-256 of a token, in hexadecimal. */
export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex');

const checksumOf = (named: string): string =>
  base32(createHash('sha256').update(named).digest().subarray(0, 4)).slice(0, CHECKSUM_CHARACTERS);

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
