import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weaknessOf } from '../src/weakSecret.ts';
import { COUNTS, SEED } from './counts.ts';
import { checked } from './support/random.ts';

const FEW = 'has fewer than 6 different characters';
const REPEATED = 'repeats a short pattern';
const RUN = 'consists of runs of the alphabet, of digits or of a keyboard';
const WORDS = 'consists of words that are easy to guess';

describe('weak secrets', () => {
  it.each([
    ['a'.repeat(32), FEW],
    ['a'.repeat(200), FEW],
    ['0123401234'.repeat(5), FEW],
    ['abcabcabc'.repeat(4), FEW],
    ['x9Kq2mP'.repeat(5), REPEATED],
    ['x9Kq2mPv4TzL'.repeat(3), REPEATED],
    ['2026-11-29'.repeat(4), REPEATED],
    ['K7#pQ2!z-'.repeat(20), REPEATED],
    ['abcdefghijklmnopqrstuvwxyz0123456789', RUN],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh', RUN],
    ['zyxwvutsrqponmlkjihgfedcba9876543210', RUN],
    ['12345678901234567890123456789012', REPEATED],
    ['qwertyuiopasdfghjklzxcvbnm123456', RUN],
    ['poiuytrewqlkjhgfdsamnbvcxz0987654', RUN],
    ['1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol', RUN],
    ['aabbccddeeffgghhiijjkkllmmnnoopp', RUN],
    ['aaaabbbbccccddddeeeeffffgggghhhh', RUN],
    ['changeme'.repeat(4), REPEATED],
    ['ChangeMe-ChangeMe-ChangeMe-Change', REPEATED],
    [`changeme${'0'.repeat(30)}`, WORDS],
    ['password'.repeat(4), REPEATED],
    ['P4ssw0rd!P4ssw0rd!P4ssw0rd!P4ssw0rd!', REPEATED],
    ['secret-secret-secret-secret-secret', REPEATED],
    ['my-secret-root-key-for-production', WORDS],
    ['escrowgrid-production-root-key-0001', WORDS],
    ['escrowgrid-development-root-key-0001', WORDS],
    ['example-root-api-key-example-root-api-key', REPEATED],
    ['the-root-key-of-these-tests-0123456789', WORDS],
    ['admin-admin-test-test-root-root-2026', REPEATED],
    ['replace-this-secret-in-production!!', WORDS],
  ])('the secret %s is weak: it %s', (secret, reason) => {
    expect(weaknessOf(secret)).toBe(reason);
  });

  it('a random text repeated to the required length is rejected while it is short', async () => {
    const pattern = fc.string({
      unit: fc.constantFrom(...'abcdefghjkmnpqrstuvwxyz23456789#-_'),
      minLength: 1,
      maxLength: 14,
    });
    await checked(
      COUNTS.rootKeys,
      fc.property(pattern, fc.nat(40), (text, more) => {
        const length = 32 + more;
        expect(weaknessOf(text.repeat(length).slice(0, length))).toBeTypeOf('string');
      }),
    );
  });
});

/** Returns random bytes that depend only on the seed and the number. */
const randomBytes = (number: number): Buffer => createHash('sha512').update(`${SEED} ${number}`).digest();
const drawn = (bytes: Buffer, alphabet: string): string =>
  [...bytes.subarray(0, 32)].map((byte) => alphabet[byte % alphabet.length]).join('');
function uuid(bytes: Buffer, version: string): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

describe(`generated secrets (TEST_SEED=${SEED})`, () => {
  const digits = '0123456789';
  const lower = 'abcdefghijklmnopqrstuvwxyz';
  it.each<readonly [string, (bytes: Buffer) => string]>([
    ['openssl rand -hex 32', (bytes) => bytes.toString('hex', 0, 32)],
    ['openssl rand -hex 16', (bytes) => bytes.toString('hex', 0, 16)],
    ['openssl rand -base64 32', (bytes) => bytes.toString('base64', 0, 32)],
    ['openssl rand -base64 24', (bytes) => bytes.toString('base64', 0, 24)],
    ['two random UUIDs', (bytes) => `${uuid(bytes, '4')}${uuid(bytes.subarray(16), '4')}`],
    [
      'two UUIDs of the same time',
      (bytes) => `0198f2a4-1b${uuid(bytes, '7').slice(11)}0198f2a4-1b${uuid(bytes.subarray(16), '7').slice(11)}`,
    ],
    ['32 random letters and digits', (bytes) => drawn(bytes, `${digits}${lower}${lower.toUpperCase()}`)],
    ['32 random lower-case letters', (bytes) => drawn(bytes, lower)],
    ['32 random digits', (bytes) => drawn(bytes, digits)],
    [
      '32 random printable characters',
      (bytes) => drawn(bytes, String.fromCharCode(...Array.from({ length: 94 }, (_, index) => index + 33))),
    ],
  ])('secrets generated with %s are never weak', (_what, make) => {
    const secrets = Array.from({ length: COUNTS.rootKeys }, (_, number) => make(randomBytes(number)));
    expect(secrets.filter((secret) => weaknessOf(secret) !== undefined)).toEqual([]);
  });
});
