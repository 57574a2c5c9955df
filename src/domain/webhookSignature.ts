import { createHmac } from 'node:crypto';

/** Makes the secret of a webhook endpoint. Injected, like the function that makes ids. */
export type NewWebhookSecret = () => string;

/** The number of random bytes in a secret. Standard Webhooks allows 24 to 64. */
export const WEBHOOK_SECRET_BYTES = 32;

/** The prefix by which secret scanners and the libraries of Standard Webhooks recognize a secret. */
const SECRET_PREFIX = 'whsec_';

/** What a signature covers: the id of the message, the time of the attempt in seconds since 1970, and the body. */
export interface SignedMessage {
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string;
}

/** Builds the text of a secret from random bytes. */
export function webhookSecretOf(random: Readonly<Uint8Array>): string {
  if (random.length !== WEBHOOK_SECRET_BYTES) throw new Error(`A webhook secret of ${random.length} bytes`);
  return SECRET_PREFIX + Buffer.from(random).toString('base64');
}

/** Returns the signature of the message with the secret, in version 1 of Standard Webhooks. */
export function signatureOf(secret: string, { id, timestampSeconds, body }: SignedMessage): string {
  if (!secret.startsWith(SECRET_PREFIX)) throw new Error('A text that is not a webhook secret');
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64')}`;
}

/**
 * Returns the value of the header `webhook-signature`: one signature per secret. While the secrets of a rotation
 * overlap, the current one is first; receivers accept a message if any signature is valid.
 */
export const signaturesOf = (secrets: readonly string[], message: SignedMessage): string =>
  secrets.map((secret) => signatureOf(secret, message)).join(' ');
