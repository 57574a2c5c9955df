import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** The method, the address and the headers of a request. */
export interface RequestHead extends Pick<Request, 'method' | 'url'> {
  readonly headers: Pick<Headers, 'get' | 'has'>;
}

/** Returns the head of a request as Node received it. */
export const requestHeadOf = ({ method = 'GET', url = '/', headers }: IncomingMessage): RequestHead => ({
  method,
  url,
  headers: new ReceivedHeaders(headers),
});

class ReceivedHeaders {
  readonly #headers: IncomingHttpHeaders;

  constructor(headers: IncomingHttpHeaders) {
    this.#headers = headers;
  }

  get(name: string): string | null {
    const value = this.#headers[name];
    return typeof value === 'string' ? value : (value?.join(', ') ?? null);
  }

  has(name: string): boolean {
    return this.#headers[name] !== undefined;
  }
}
