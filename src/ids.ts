import { randomBytes, randomFillSync } from 'node:crypto';
import { V7Generator } from 'uuidv7';
import { type NewToken, TOKEN_BYTES, tokenOf } from './domain/apiKey.ts';
import { type NewId, typeId } from './domain/ids.ts';
import { type Clock, type Instant, notBefore } from './domain/time.ts';
import { type NewWebhookSecret, WEBHOOK_SECRET_BYTES, webhookSecretOf } from './domain/webhookSignature.ts';

/**
 * Returns a function that makes ids from the time and random bits. Each id sorts after the ones before it: while the
 * clock is behind the last id, because it was set back, ids use the time of the last one.
 */
export function createIds(clock: Clock): NewId {
  const generator = new V7Generator({ nextUint32: randomNumbers() });
  let last: Instant = 0;
  return (prefix) => {
    last = notBefore(last, clock());
    return typeId(prefix, generator.generateOrResetWithTs(last).bytes);
  };
}

/** Makes the token of an API key from random bytes. */
export const newRandomToken: NewToken = (institutionId) => tokenOf(randomBytes(TOKEN_BYTES), institutionId);

/** Makes the secret of a webhook endpoint from random bytes. */
export const newWebhookSecret: NewWebhookSecret = () => webhookSecretOf(randomBytes(WEBHOOK_SECRET_BYTES));

/** The number of random numbers that are requested from the system at once. */
const RANDOM_NUMBERS = 1024;

/** Returns a function that returns random 32-bit numbers. */
function randomNumbers(): () => number {
  const numbers = new Uint32Array(RANDOM_NUMBERS);
  let next = RANDOM_NUMBERS;
  return () => {
    if (next === RANDOM_NUMBERS) {
      randomFillSync(numbers);
      next = 0;
    }
    next += 1;
    return numbers[next - 1] as number;
  };
}
