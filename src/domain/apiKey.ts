import { createHash } from 'node:crypto';
import { base32 } from './base32.ts';
import type { Id } from './ids.ts';
import { Issues, type Maybe } from './issues.ts';
import { LIMITS } from './limits.ts';
import { Conflict } from './refusals.ts';
import { type Instant, LATEST, notBefore } from './time.ts';

export const API_KEY_ROLES = ['ADMIN', 'READ_ONLY'] as const;
export type ApiKeyRole = (typeof API_KEY_ROLES)[number];

/** An institution's credential. Of its token only the beginning and a hash are kept. */
export interface ApiKey {
  readonly id: Id;
  readonly institutionId: Id;
  readonly label: string;
  readonly role: ApiKeyRole;
  /** What the token begins with: by it the key is found, and people tell keys apart. */
  readonly prefix: string;
  /** SHA-256 of the whole token, in hexadecimal. */
  readonly tokenHash: string;
  readonly createdAt: Instant;
  /** From then on it is refused; null: never. */
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
  /** To the minute. */
  readonly lastUsedAt: Instant | null;
  /** The key that a rotation has put in its place. */
  readonly followedById: Id | null;
  readonly version: number;
}

/** Whether the key opens anything now. */
export const isLive = ({ expiresAt, revokedAt }: ApiKey, now: Instant): boolean =>
  revokedAt === null && (expiresAt === null || now < expiresAt);

const TOKEN = /^(eg_[0-9a-hjkmnp-tv-z]{12})_([0-9a-hjkmnp-tv-z]{52})([0-9a-hjkmnp-tv-z]{6})$/;
const TOKEN_CHARACTERS = 'eg_'.length + 12 + 1 + 52 + 6;

/** Makes a new token. Passed in, as ids are. */
export type NewToken = () => string;

/** How many random bytes a token is made of: 60 bits that name it, in 8 bytes, and 256 that are secret. */
export const TOKEN_BYTES = 40;

/** A token of random bytes: a prefix that names it, a secret, and a checksum that tells slips from guesses. */
export function tokenOf(random: Readonly<Uint8Array>): string {
  const named = `eg_${base32(random.subarray(0, 8)).slice(0, 12)}_${base32(random.subarray(8, TOKEN_BYTES))}`;
  return named + checksumOf(named);
}

/** What a well-formed token begins with; undefined for any other text, one with a wrong checksum included. */
export function prefixOfToken(token: string): string | undefined {
  if (token.length !== TOKEN_CHARACTERS) return undefined;
  const [, prefix, secret, checksum] = TOKEN.exec(token) ?? [];
  return prefix !== undefined && checksumOf(`${prefix}_${secret}`) === checksum ? prefix : undefined;
}

export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex');

const checksumOf = (named: string): string =>
  base32(createHash('sha256').update(named).digest().subarray(0, 4)).slice(0, 6);

export interface ApiKeyInput {
  readonly label: string;
  readonly role: ApiKeyRole;
  readonly expiresAt?: Maybe<Instant>;
}
export type CheckedApiKey = Pick<ApiKey, 'label' | 'role' | 'expiresAt'>;

/** What the input alone shows. Refuses with ValidationFailed. */
export function checkApiKey(input: ApiKeyInput, now: Instant, issues = new Issues()): CheckedApiKey {
  const label = issues.text(['label'], input.label);
  const expiresAt = issues.future(['expiresAt'], input.expiresAt, now);
  issues.settle();
  return { label, role: input.role, expiresAt };
}

/** The key of a token that its holder alone will know. */
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

/** The key, refused from now on. */
export const revokedKey = (key: ApiKey, now: Instant): ApiKey =>
  Object.freeze({ ...key, revokedAt: notBefore(key.createdAt, now), version: key.version + 1 });

/** The key with the time of its last use. */
export const usedKey = (key: ApiKey, usedAt: Instant): ApiKey =>
  Object.freeze({
    ...key,
    lastUsedAt: notBefore(key.lastUsedAt ?? key.createdAt, usedAt),
    version: key.version + 1,
  });

/** How long both keys of a rotation are good if nothing is said: a day, in which to hand the new one out. */
const USUAL_OVERLAP_SECONDS = 24 * 60 * 60;

/** How long the old key lives on beside the new one, in seconds; notes a fault for less than none or more than a week. */
export function checkOverlap(overlapSeconds: Maybe<number>, issues: Issues): number {
  const seconds = overlapSeconds ?? USUAL_OVERLAP_SECONDS;
  if (seconds < 0 || seconds > LIMITS.overlapSeconds) {
    issues.add(['overlapSeconds'], `must be from 0 to ${LIMITS.overlapSeconds}, a week; it is ${seconds}.`);
  }
  return seconds;
}

/** What a key is followed by, and what becomes of it. */
export interface Rotation {
  /** Of the same label and role, good for as long as the old one was. */
  readonly next: CheckedApiKey;
  /** The old key: it ends with the overlap, or when it would have ended anyway. */
  readonly previous: ApiKey;
}

/** The law of rotating a key. Refuses with Conflict one that is revoked, has expired or was rotated before. */
export function rotate(key: ApiKey, overlapSeconds: number, followedById: Id, now: Instant): Rotation {
  if (key.revokedAt !== null) throw new Conflict('The key is revoked.', ['apiKeyId']);
  if (!isLive(key, now)) throw new Conflict('The key has expired.', ['apiKeyId']);
  if (key.followedById !== null) throw new Conflict('The key has a follower already: rotate that one.', ['apiKeyId']);
  const { label, role, createdAt, expiresAt } = key;
  const ends = Math.min(expiresAt ?? Number.POSITIVE_INFINITY, now + overlapSeconds * 1_000);
  return {
    next: { label, role, expiresAt: expiresAt && Math.min(now + (expiresAt - createdAt), LATEST) },
    previous: Object.freeze({ ...key, expiresAt: ends, followedById, version: key.version + 1 }),
  };
}

/** How often the time of a key's last use is written at the most, in ms. */
export const USE_NOTED_EVERY_MS = 60_000;
