import { TestServerError } from './errors.ts';

/** Sends requests to a server in the same process, each as if over a separate connection. */
export class InProcessRequests {
  readonly #handle: (request: Request) => Promise<Response>;
  readonly #drops = new Set<() => void>();

  constructor(handle: (request: Request) => Promise<Response>) {
    this.#handle = handle;
  }

  /** Sends a request. It fails as `fetch` does if its connection is dropped before the response has ended. */
  async fetch(request: Request): Promise<Response> {
    let drop = (): void => {};
    const dropped = new Promise<never>((_resolve, reject) => {
      drop = () =>
        reject(new TypeError('fetch failed', { cause: new Error('The test server dropped the connection.') }));
    });
    // Nobody waits for it after the end of the response.
    dropped.catch(() => undefined);
    this.#drops.add(drop);
    try {
      const response = await Promise.race([this.#handle(request), dropped]);
      if (!response.body) this.#drops.delete(drop);
      return response.body ? this.#streamed(response, response.body, drop, dropped) : response;
    } catch (error) {
      this.#drops.delete(drop);
      throw error;
    }
  }

  /** Drops the connections of all requests whose responses have not ended. */
  dropAll(): void {
    for (const drop of this.#drops) drop();
    this.#drops.clear();
  }

  /** Returns the response with a body that fails when its connection is dropped. */
  #streamed(
    { status, statusText, headers }: Response,
    body: ReadableStream<Uint8Array>,
    drop: () => void,
    dropped: Promise<never>,
  ): Response {
    const reader = body.getReader();
    const end = (): void => void this.#drops.delete(drop);
    const stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const { value, done } = await Promise.race([reader.read(), dropped]);
          if (!done) return controller.enqueue(value);
          end();
          controller.close();
        } catch (error) {
          end();
          controller.error(error);
          await reader.cancel(error);
        }
      },
      cancel: (reason) => {
        end();
        return reader.cancel(reason);
      },
    });
    return new Response(stream, { status, statusText, headers });
  }
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
