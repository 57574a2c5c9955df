import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type ApiKey,
  checkApiKey,
  checkOverlap,
  hashOfToken,
  isLive,
  newApiKey,
  prefixOfToken,
  referenceIn,
  revokedKey,
  rotate,
  TOKEN_BYTES,
  tokenOf,
  usedKey,
} from '../../src/domain/apiKey.ts';
import { Issues } from '../../src/domain/issues.ts';
import { DAY_MS, LATEST } from '../../src/domain/time.ts';
import { earlierTokenOf } from '../support/earlierToken.ts';
import { faultsOf, NOW, refusalOf } from './fixtures.ts';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const bytes = (seed: number): Uint8Array => createHash('sha512').update(`${seed}`).digest().subarray(0, TOKEN_BYTES);
const INSTITUTION = 'inst_01jz8k4m2n6p8q0r2s4t6v8w0x';
const TOKEN = tokenOf(bytes(1), INSTITUTION);
const PREFIX = TOKEN.slice(0, 15);
const WEEK_SECONDS = 7 * 24 * 60 * 60;

const keyOf = (patch: Partial<ApiKey> = {}): ApiKey => ({
  ...newApiKey({ label: 'Back office', role: 'ADMIN', expiresAt: null }, 'inst_1', TOKEN, 'key_1', NOW),
  ...patch,
});

const NEXT = 'key_2';

describe('the token of an API key', () => {
  it('a token consists of a prefix of 60 bits, the institution, a secret of 256 bits and a checksum', () => {
    expect(TOKEN).toMatch(/^eg_[0-9a-hjkmnp-tv-z]{12}_01jz8k4m2n6p8q0r2s4t6v8w0x[0-9a-hjkmnp-tv-z]{58}$/);
    expect(referenceIn(TOKEN)).toEqual({ text: TOKEN.slice(0, 42), prefix: PREFIX, institutionId: INSTITUTION });
    expect(prefixOfToken(TOKEN)).toBe(PREFIX);
    const seen = new Set(Array.from({ length: 100 }, (_each, seed) => tokenOf(bytes(seed), INSTITUTION)));
    expect(seen.size).toBe(100);
    for (const token of seen) expect(prefixOfToken(token)).toBe(token.slice(0, 15));
  });

  it('a token differs with each of the 256 bits of its secret, and keeps its prefix', () => {
    const seen = new Set([TOKEN]);
    for (let bit = 0; bit < 256; bit += 1) {
      const other = Buffer.from(bytes(1));
      const index = 8 + (bit >> 3);
      other[index] = (other[index] ?? 0) ^ (1 << (bit & 7));
      const token = tokenOf(other, INSTITUTION);
      expect(prefixOfToken(token)).toBe(PREFIX);
      seen.add(token);
    }
    expect(seen.size).toBe(257);
  });

  it('a token with any character changed, omitted or repeated is malformed', () => {
    for (let index = 0; index < TOKEN.length; index += 1) {
      const [before, after] = [TOKEN.slice(0, index), TOKEN.slice(index + 1)];
      const others = [...ALPHABET, 'I', 'l', '_', '-', ' ', 'A', '\n', 'é'].filter((each) => each !== TOKEN[index]);
      for (const other of others) expect(prefixOfToken(before + other + after)).toBeUndefined();
      expect(prefixOfToken(before + after)).toBeUndefined();
      expect(prefixOfToken(`${before}${TOKEN[index]}${TOKEN[index]}${after}`)).toBeUndefined();
    }
  });

  it.each([
    '',
    ' ',
    'eg_',
    `eg_${'0'.repeat(71)}`,
    `eg_${'0'.repeat(97)}`,
    'x'.repeat(TOKEN.length),
    '_'.repeat(TOKEN.length),
    TOKEN.toUpperCase(),
    `${TOKEN}\n`,
    ` ${TOKEN}`,
    `${TOKEN}${TOKEN}`,
    `${TOKEN.slice(0, -1)}\0`,
    '\u{1F511}'.repeat(TOKEN.length / 2),
    'a'.repeat(1_000_000),
  ])('a malformed token has no prefix', (text) => {
    expect(prefixOfToken(text)).toBeUndefined();
  });

  it('a token of an earlier version, without the institution, is well-formed, and every other text of its length is not', () => {
    const token = earlierTokenOf(bytes(1));
    expect(token).toMatch(/^eg_[0-9a-hjkmnp-tv-z]{12}_[0-9a-hjkmnp-tv-z]{58}$/);
    expect(prefixOfToken(token)).toBe(PREFIX);
    expect(referenceIn(token)).toEqual({ text: PREFIX, prefix: PREFIX, institutionId: null });
    expect(prefixOfToken(`${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`)).toBeUndefined();
  });

  it('an API key stores its token only as a SHA-256 hash', () => {
    expect(hashOfToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    const kept = JSON.stringify(keyOf());
    expect(kept).toContain(hashOfToken(TOKEN));
    expect(kept).toContain(PREFIX);
    expect(kept).not.toContain(TOKEN.slice(16));
  });
});

describe('the validity of an API key', () => {
  it('an API key is valid until the millisecond of its expiry, or for ever without one', () => {
    const key = keyOf({ expiresAt: NOW + 5 });
    expect([NOW - 1, NOW, NOW + 4, NOW + 5, NOW + 6].map((now) => isLive(key, now))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(isLive(keyOf(), LATEST)).toBe(true);
  });

  it('a revoked API key is invalid at any time', () => {
    const key = revokedKey(keyOf({ expiresAt: NOW + DAY_MS }), NOW + 1);
    expect(key).toMatchObject({ revokedAt: NOW + 1, version: 2 });
    expect([NOW, NOW + 1, NOW + 2].map((now) => isLive(key, now))).toEqual([false, false, false]);
  });

  it('using an API key does not change its validity', () => {
    const key = usedKey(keyOf(), NOW + 9);
    expect(key).toEqual({ ...keyOf(), lastUsedAt: NOW + 9, version: 2 });
  });
});

describe('the input of a new API key', () => {
  it('the label and the expiry of a new API key are validated', () => {
    expect(checkApiKey({ label: 'x', role: 'READ_ONLY' }, NOW)).toEqual({
      label: 'x',
      role: 'READ_ONLY',
      expiresAt: null,
    });
    expect(faultsOf(() => checkApiKey({ label: ' ', role: 'ADMIN' }, NOW))).toEqual(['label: must not be blank.']);
    expect(faultsOf(() => checkApiKey({ label: 'x'.repeat(201), role: 'ADMIN' }, NOW))).toHaveLength(1);
    const late = new Issues();
    checkApiKey({ label: 'x', role: 'ADMIN', expiresAt: NOW }, NOW, late);
    expect(faultsOf(() => late.throwIfTimeIssues())).toEqual(['expiresAt: must be in the future.']);
  });
});

describe('a rotation of an API key', () => {
  it.each([
    ['nothing', undefined, 24 * 60 * 60],
    ['null', null, 24 * 60 * 60],
    ['0', 0, 0],
    ['a week', WEEK_SECONDS, WEEK_SECONDS],
  ])('the overlap of a rotation is in seconds and defaults to a day: %s', (_said, overlap, seconds) => {
    const issues = new Issues();
    expect(checkOverlap(overlap, issues)).toBe(seconds);
    issues.throwIfAny();
    const { next, previous } = rotate(keyOf(), seconds, NEXT, NOW + 7);
    expect(next).toEqual({ label: 'Back office', role: 'ADMIN', expiresAt: null });
    expect(previous).toEqual({ ...keyOf(), expiresAt: NOW + 7 + seconds * 1_000, followedById: NEXT, version: 2 });
    expect(isLive(previous, NOW + 7)).toBe(seconds > 0);
  });

  it.each([-1, WEEK_SECONDS + 1, 2 ** 31 - 1])('an overlap of %d seconds is rejected', (overlap) => {
    const issues = new Issues();
    checkOverlap(overlap, issues);
    expect(faultsOf(() => issues.throwIfAny())).toEqual([
      `overlapSeconds: must be from 0 to ${WEEK_SECONDS} (one week); it is ${overlap}.`,
    ]);
  });

  it('the new API key is valid as long as the old one was at first, and the old one is not extended', () => {
    const key = keyOf({ expiresAt: NOW + 30 * DAY_MS });
    const now = NOW + 29.5 * DAY_MS;
    const { next, previous } = rotate(key, 24 * 60 * 60, NEXT, now);
    expect(next.expiresAt).toBe(now + 30 * DAY_MS);
    expect(previous.expiresAt).toBe(NOW + 30 * DAY_MS);
    expect(rotate(keyOf({ expiresAt: LATEST }), 0, NEXT, NOW + DAY_MS).next.expiresAt).toBe(LATEST);
  });

  it('only a valid API key can be rotated', () => {
    const revoked = revokedKey(keyOf(), NOW);
    expect(refusalOf(() => rotate(revoked, 0, NEXT, NOW))).toMatchObject({
      code: 'CONFLICT',
      message: 'The API key is revoked. Create a new one.',
    });
    const expired = keyOf({ expiresAt: NOW });
    expect(refusalOf(() => rotate(expired, 0, NEXT, NOW))).toMatchObject({
      message: 'The API key has expired. Create a new one.',
    });
    expect(rotate(expired, 0, NEXT, NOW - 1).previous.expiresAt).toBe(NOW - 1);
  });

  it('an API key can be rotated only once', () => {
    const { previous } = rotate(keyOf(), 30, NEXT, NOW);
    expect(refusalOf(() => rotate(previous, 30, 'key_3', NOW + 1))).toMatchObject({
      code: 'CONFLICT',
      message: 'The API key was already rotated. Rotate the one that replaced it.',
    });
  });
});
