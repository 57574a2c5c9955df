import type { EscrowGridError } from './errors.ts';
import type { Settings } from './options.ts';

/** The errors after which a request is sent again: the server or the network may have recovered by then. */
const TEMPORARY: ReadonlySet<string> = new Set([
  'NETWORK_ERROR',
  'SERVICE_UNAVAILABLE',
  'BUSY',
  'RATE_LIMITED',
  'INTERNAL_SERVER_ERROR',
]);

/** Whether the request may succeed if it is sent again. A query that took too long would take too long again. */
export const isTemporary = ({ code }: EscrowGridError, isQuery: boolean): boolean =>
  TEMPORARY.has(code) || (code === 'TIMEOUT' && !isQuery);

/** The errors after which a stream is opened again as often as necessary. */
const LASTING: ReadonlySet<string> = new Set(['INTERNAL_SERVER_ERROR', 'TIMEOUT']);

/** Whether a stream may be opened again any number of times after the error: it says nothing about the stream. */
export const isOutage = (error: EscrowGridError): boolean =>
  error.code === 'CURSOR_EXPIRED' || (isTemporary(error, true) && !LASTING.has(error.code));

/** The first delay before a request is sent again, and the maximum that the client chooses itself, in ms. */
const DELAY_MS = { first: 200, max: 10_000 } as const;

/**
 * Returns the time to wait before a request is sent again, in ms: twice as long each time, at random, so that clients
 * that failed together do not return together; and in addition the time that the server asked for. Returns undefined if
 * that is longer than the client may wait.
 */
export function retryDelayMs(failures: number, error: EscrowGridError, settings: Settings): number | undefined {
  const backoffMs = Math.min(DELAY_MS.max, DELAY_MS.first * 2 ** failures, settings.maxRetryDelayMs);
  const askedMs = error.retryAfterMs ?? 0;
  return askedMs > settings.maxRetryDelayMs ? undefined : askedMs + backoffMs * (0.5 + Math.random() / 2);
}

/** Waits. Rejects with the reason of the signal as soon as it is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
  });
}
