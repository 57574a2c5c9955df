import type { Instant } from '../domain/time.ts';
import { MAX_RETRY_AFTER_MS } from '../domain/webhookRetries.ts';

/** The format of dates that HTTP requires of senders. `Date.parse` accepts many other texts. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const SECONDS = /^\d{1,15}$/;

/**
 * Returns the delay that the header Retry-After requests, in seconds or as a date, limited to `MAX_RETRY_AFTER_MS`.
 * Returns null if there is no such header or its value is invalid.
 */
export function retryAfterMsOf(value: string | undefined, now: Instant): number | null {
  const text = value?.trim() ?? '';
  const delayMs = SECONDS.test(text) ? Number(text) * 1000 : HTTP_DATE.test(text) ? Date.parse(text) - now : Number.NaN;
  return Number.isNaN(delayMs) ? null : Math.min(Math.max(delayMs, 0), MAX_RETRY_AFTER_MS);
}
