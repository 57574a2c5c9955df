/** The end of one exchange with the server: by the caller's signal, or because a step took too long. */
export interface Connection {
  readonly signal: AbortSignal;
  /** Waits for a step, and ends the connection if that takes longer than `ms`. */
  readonly within: <T>(ms: number, step: Promise<T>) => Promise<T>;
  /** Ends the connection. It must be called in any case, because the signal of the caller may live long. */
  readonly end: () => void;
}

/**
 * Creates a connection that ends with the caller's signal. AbortSignal.any and AbortSignal.timeout would do the same, but
 * keep memory for as long as the caller's signal and the time last.
 */
export function createConnection(caller: AbortSignal | undefined): Connection {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  caller?.addEventListener('abort', abort);
  if (caller?.aborted) abort();
  return {
    signal: controller.signal,
    within: async (ms, step) => {
      const timer = setTimeout(abort, ms);
      try {
        return await step;
      } finally {
        clearTimeout(timer);
      }
    },
    end: () => {
      caller?.removeEventListener('abort', abort);
      abort();
    },
  };
}
