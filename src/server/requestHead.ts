import type { IncomingMessage } from 'node:http';

/** The method, the address and the headers of a request. */
export interface RequestHead extends Pick<Request, 'method' | 'url'> {
  readonly headers: Pick<Headers, 'get' | 'has'>;
}

/** Returns the head of a request as Node received it. */
export function requestHeadOf({ method = 'GET', url = '/', headers }: IncomingMessage): RequestHead {
  const get = (name: string): string | null => {
    const value = headers[name];
    return typeof value === 'string' ? value : (value?.join(', ') ?? null);
  };
  return { method, url, headers: { get, has: (name) => headers[name] !== undefined } };
}
