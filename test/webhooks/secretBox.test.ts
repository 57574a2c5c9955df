import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { newWebhookSecret } from '../../src/ids.ts';
import { SecretBox } from '../../src/webhooks/secretBox.ts';

const newKey = (): string => randomBytes(32).toString('base64');
const [OLD_KEY, NEW_KEY] = [newKey(), newKey()];
const [ENDPOINT, OTHER_ENDPOINT] = ['whe_01', 'whe_02'];
const SECRET = newWebhookSecret();

it('a sealed secret can be opened, also by another process with the same key', () => {
  const sealed = new SecretBox(OLD_KEY).seal(SECRET, ENDPOINT);
  expect(new SecretBox(OLD_KEY).open(sealed, ENDPOINT)).toBe(SECRET);
});

it('a sealed secret has a constant format and contains neither the secret nor the key', () => {
  const box = new SecretBox(OLD_KEY);
  const sealed = [box.seal(SECRET, ENDPOINT), box.seal(SECRET, ENDPOINT)];
  for (const each of sealed) {
    expect(each).toMatch(/^v1\.[\w-]{8}\.[\w-]{16}\.[\w-]{88}$/);
    expect(each).not.toContain(SECRET.slice(6, 20));
  }
  // The id of the key is the same, the initialization vector and the text differ.
  const [first = [], second = []] = sealed.map((each) => each.split('.'));
  expect(first.map((part, index) => part === second[index])).toEqual([true, true, false, false]);
});

it('a secret is opened only with the id of its endpoint', () => {
  const box = new SecretBox(OLD_KEY);
  const sealed = box.seal(SECRET, ENDPOINT);
  expect([ENDPOINT, OTHER_ENDPOINT, '', `${ENDPOINT} `].map((id) => box.open(sealed, id))).toEqual([
    SECRET,
    undefined,
    undefined,
    undefined,
  ]);
});

it('the previous key opens what it sealed, and only the current key seals', () => {
  const sealedBefore = new SecretBox(OLD_KEY).seal(SECRET, ENDPOINT);
  const rotated = new SecretBox(NEW_KEY, OLD_KEY);
  expect(rotated.open(sealedBefore, ENDPOINT)).toBe(SECRET);
  expect(rotated.isCurrent(sealedBefore)).toBe(false);
  const sealedAgain = rotated.seal(SECRET, ENDPOINT);
  expect(rotated.isCurrent(sealedAgain)).toBe(true);
  const afterwards = new SecretBox(NEW_KEY);
  expect(afterwards.open(sealedAgain, ENDPOINT)).toBe(SECRET);
  expect(afterwards.open(sealedBefore, ENDPOINT)).toBeUndefined();
  expect(afterwards.isCurrent(sealedBefore)).toBe(false);
});

it('the same text may be both keys', () => {
  const box = new SecretBox(OLD_KEY, OLD_KEY);
  const sealed = box.seal(SECRET, ENDPOINT);
  expect([box.open(sealed, ENDPOINT), box.isCurrent(sealed)]).toEqual([SECRET, true]);
});

it('a text with any changed character is not opened', () => {
  const box = new SecretBox(OLD_KEY);
  const sealed = box.seal(SECRET, ENDPOINT);
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = sealed[index] === 'A' ? 'B' : 'A';
    expect(box.open(sealed.slice(0, index) + changed + sealed.slice(index + 1), ENDPOINT)).toBeUndefined();
  }
  expect(box.open(sealed.slice(0, -30), ENDPOINT)).toBeUndefined();
});

it.each(['', 'v1', 'v1...', SECRET, 'v2.aaaaaaaa.aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '\u0000'])(
  'the text %j is not opened and not current',
  (text) => {
    const box = new SecretBox(OLD_KEY);
    expect([box.open(text, ENDPOINT), box.isCurrent(text)]).toEqual([undefined, false]);
  },
);
