import { DAY_MS } from '../domain/time.ts';
import { RETRY_DELAYS_MS } from '../domain/webhookRetries.ts';

/** Limits and times of webhooks. Times are in ms. */
export interface WebhookLimits {
  /** The maximum number of endpoints per institution, including disabled ones. */
  readonly endpointsPerInstitution: number;
  /** The retention of the log of deliveries. */
  readonly deliveryRetentionMs: number;
  /** The delay before each attempt. After the last one a delivery has failed. */
  readonly retryDelaysMs: readonly number[];
  /** The time without any success after which an endpoint is disabled. */
  readonly maxFailingMs: number;
  /** The maximum time of an attempt. */
  readonly attemptMs: number;
  /** The time after which the attempt of a server that has stopped counts as lost. Far more than an attempt may take. */
  readonly leaseMs: number;
  /** The maximum number of attempts in progress on one server. */
  readonly attemptsAtOnce: number;
  /** The number of attempts in progress to one endpoint from which on a server begins no other one. */
  readonly attemptsPerEndpoint: number;
}

export const DEFAULT_WEBHOOK_LIMITS: WebhookLimits = {
  endpointsPerInstitution: 20,
  deliveryRetentionMs: 30 * DAY_MS,
  retryDelaysMs: RETRY_DELAYS_MS,
  maxFailingMs: 3 * DAY_MS,
  attemptMs: 15_000,
  leaseMs: 60_000,
  attemptsAtOnce: 500,
  attemptsPerEndpoint: 50,
};
