import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { signatureOf, signaturesOf, WEBHOOK_SECRET_BYTES, webhookSecretOf } from '../../src/domain/webhookSignature.ts';
import { newWebhookSecret } from '../../src/ids.ts';

const SECRET = newWebhookSecret();
const PREVIOUS = newWebhookSecret();
const now = (): number => Math.floor(Date.now() / 1000);
const MESSAGE = { id: 'whd_01', timestampSeconds: now(), body: '{"type":"position.created","data":"Zoë – ✓ 🏗"}' };

const headersOf = (signature: string, { id, timestampSeconds } = MESSAGE): Record<string, string> => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestampSeconds),
  'webhook-signature': signature,
});

it('the example of the specification has the signature of the specification', () => {
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampSeconds: 1614265330, body: '{"test": 2432232314}' };
  expect(signatureOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', message)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

it('the library standardwebhooks accepts a signature', () => {
  const signature = signaturesOf([SECRET], MESSAGE);
  expect(signature).toMatch(/^v1,[A-Za-z\d+/]{43}=$/);
  expect(new Webhook(SECRET).verify(MESSAGE.body, headersOf(signature))).toEqual(JSON.parse(MESSAGE.body));
});

it('receivers with the current or the previous secret accept the signatures of an overlap', () => {
  const signature = signaturesOf([SECRET, PREVIOUS], MESSAGE);
  expect(signature.split(' ')).toEqual([signatureOf(SECRET, MESSAGE), signatureOf(PREVIOUS, MESSAGE)]);
  for (const secret of [SECRET, PREVIOUS]) new Webhook(secret).verify(MESSAGE.body, headersOf(signature));
  expect(() => new Webhook(newWebhookSecret()).verify(MESSAGE.body, headersOf(signature))).toThrow('No matching');
});

it.each([
  ['with another secret', PREVIOUS, MESSAGE.body, {}],
  ['of a changed body', SECRET, MESSAGE.body.replace('created', 'deleted'), {}],
  ['of another id', SECRET, MESSAGE.body, { 'webhook-id': 'whd_02' }],
  ['of another time', SECRET, MESSAGE.body, { 'webhook-timestamp': String(MESSAGE.timestampSeconds + 1) }],
])('the library rejects the signature %s', (_what, secret, body, changed) => {
  const headers = { ...headersOf(signaturesOf([SECRET], MESSAGE)), ...changed };
  expect(() => new Webhook(secret).verify(body, headers)).toThrow('No matching signature found');
});

it('the library rejects a message that is older than five minutes', () => {
  const old = { ...MESSAGE, timestampSeconds: now() - 10 * 60 };
  const headers = headersOf(signaturesOf([SECRET], old), old);
  expect(() => new Webhook(SECRET).verify(old.body, headers)).toThrow('Message timestamp too old');
});

it('a secret is the base64 text of 32 bytes after its prefix', () => {
  const random = randomBytes(WEBHOOK_SECRET_BYTES);
  expect(webhookSecretOf(random)).toBe(`whsec_${random.toString('base64')}`);
  expect(SECRET).toMatch(/^whsec_[A-Za-z\d+/]{43}=$/);
  expect(SECRET).not.toBe(PREVIOUS);
  expect(() => webhookSecretOf(randomBytes(31))).toThrow('31 bytes');
});

it('a text that is not a secret signs nothing', () => {
  expect(() => signatureOf('', MESSAGE)).toThrow('not a webhook secret');
  expect(() => signatureOf('v1.sealed', MESSAGE)).toThrow('not a webhook secret');
});
