import { DAY_MS } from './domain/time.ts';
import { DEVELOPMENT_KEY, type VariableReader } from './variables.ts';
import { DEFAULT_WEBHOOK_LIMITS, type WebhookLimits } from './webhooks/limits.ts';

/** The configuration of webhooks. */
export interface WebhookConfig {
  /** Encrypts the secrets of endpoints; null if webhooks are not enabled. */
  readonly key: string | null;
  /** The key before the current one, or null if there is none. */
  readonly previousKey: string | null;
  /** Whether endpoints may have http URLs and addresses that are not public. Never in production. */
  readonly allowPrivate: boolean;
}

/** Reads the variables of webhooks. In production they need a key; in development it has a default. */
export function readWebhooks(read: VariableReader, isProduction: boolean, problems: string[]): WebhookConfig {
  const webhooks: WebhookConfig = {
    key: read.secret('WEBHOOK_KEY', isProduction ? null : DEVELOPMENT_KEY, { isStrong: isProduction }),
    previousKey: read.secret('WEBHOOK_KEY_PREVIOUS', null, { isStrong: isProduction }),
    allowPrivate: read.flag('WEBHOOK_ALLOW_PRIVATE', false),
  };
  const { key, previousKey, allowPrivate } = webhooks;
  if (previousKey !== null && key === null) {
    problems.push('WEBHOOK_KEY_PREVIOUS must not be set without WEBHOOK_KEY.');
  } else if (previousKey !== null && previousKey === key) {
    problems.push('WEBHOOK_KEY_PREVIOUS must differ from WEBHOOK_KEY.');
  }
  if (allowPrivate && isProduction) {
    problems.push('WEBHOOK_ALLOW_PRIVATE must not be true where NODE_ENV is production.');
  }
  return webhooks;
}

/** Reads the limits of webhooks. */
export const readWebhookLimits = (read: VariableReader): WebhookLimits => {
  const { endpointsPerInstitution, deliveryRetentionMs } = DEFAULT_WEBHOOK_LIMITS;
  return {
    ...DEFAULT_WEBHOOK_LIMITS,
    endpointsPerInstitution: read.whole('WEBHOOK_ENDPOINTS_PER_INSTITUTION', endpointsPerInstitution, 1, 1_000),
    deliveryRetentionMs: read.whole('WEBHOOK_RETENTION_DAYS', deliveryRetentionMs / DAY_MS, 4, 3_650) * DAY_MS,
  };
};
