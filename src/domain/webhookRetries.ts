import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from './time.ts';

/**
 * The delay before each attempt of a delivery, in milliseconds: 10 attempts over about three days. The first attempts
 * bridge a restart of the receiver, the later ones an outage over a weekend.
 */
export const RETRY_DELAYS_MS: readonly number[] = [
  0,
  5 * 1000,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** The maximum share that is added to a delay, so that deliveries that failed together are not retried together. */
const JITTER = 0.2;
/** The maximum delay that a receiver can request with Retry-After. */
export const MAX_RETRY_AFTER_MS = DAY_MS;

/** A delivery after an attempt. */
export interface RetryInput {
  /** The number of attempts that were made; 0 for a new delivery. */
  readonly attempts: number;
  readonly now: Instant;
  /** A random number from 0 to less than 1. */
  readonly random: number;
  /** The delay that the receiver requested, or null if it requested none. */
  readonly retryAfterMs: number | null;
}

/**
 * Returns when to make the next attempt, or null if there was the last one. It is never earlier than the receiver
 * requested, up to `MAX_RETRY_AFTER_MS`, nor than the delay of the attempt.
 */
export function nextAttemptAt(
  { attempts, now, random, retryAfterMs }: RetryInput,
  delaysMs: readonly number[] = RETRY_DELAYS_MS,
): Instant | null {
  const delayMs = delaysMs[attempts];
  if (delayMs === undefined) return null;
  const minDelayMs = Math.max(delayMs, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
  return now + Math.round(minDelayMs * (1 + JITTER * random));
}
