import { TestServerError } from './errors.ts';

/** The usual fetch: a test may replace the global one by that of a test server. */
const networkFetch = globalThis.fetch;

/** Requests to a server in the same process, which need no network unless their responses are streams. */
export class InProcessRequests {
  readonly #handle: (request: Request) => Promise<Response>;
  readonly #drops = new Set<(reason: unknown) => void>();

  constructor(handle: (request: Request) => Promise<Response>) {
    this.#handle = handle;
  }

  /**
   * Sends a request. It fails as `fetch` does if it is aborted, or dropped before it is answered. `signal` is the
   * client's own: that of the request follows it only while the request is in memory.
   */
  async fetch(request: Request, signal: AbortSignal): Promise<Response> {
    signal.throwIfAborted();
    if (request.headers.get('accept')?.includes('text/event-stream')) return networkFetch(request, { signal });
    let drop = (_reason: unknown): void => {};
    const dropped = new Promise<never>((_resolve, reject) => {
      drop = reject;
    });
    const abort = (): void => drop(signal.reason);
    signal.addEventListener('abort', abort);
    this.#drops.add(drop);
    try {
      return await Promise.race([this.#handle(request).then(completed), dropped]);
    } finally {
      signal.removeEventListener('abort', abort);
      this.#drops.delete(drop);
    }
  }

  /** Drops the connections of all requests that are not yet answered. */
  dropAll(): void {
    const reason = new TypeError('fetch failed', { cause: new Error('The test server dropped the connection.') });
    for (const drop of this.#drops) drop(reason);
  }
}

/** Returns the response as one of the platform, which the server's own responses are not. */
async function completed(response: Response): Promise<Response> {
  const { status, statusText, headers } = response;
  const text = await response.text();
  return new Response(text === '' ? null : text, { status, statusText, headers: [...headers] });
}

/**
 * Returns the request that `fetch` would send. A relative URL is one of the server. Throws TestServerError if the URL is
 * of another server.
 */
export function requestTo(url: string, input: string | URL | Request, init?: RequestInit): Request {
  const request = input instanceof Request ? new Request(input, init) : new Request(new URL(input, url), init);
  if (new URL(request.url).origin === new URL(url).origin) return request;
  throw new TestServerError(`This fetch sends requests to ${url} only, not to ${request.url}.`);
}
