interface SocketEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
}
/** The parts of a WebSocket that the client uses. */
export interface Socket {
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: SocketEvent) => void): void;
  send(text: string): void;
  close(code?: number): void;
}
/** The class WebSocket of a browser, of Node.js from version 22, or of the package ws. */
export type SocketConstructor = new (url: string, protocol: string) => Socket;

/** The token of an API key, or a function that returns the current one. */
export type ApiKeySource = string | (() => string | Promise<string>);

/** The options of a client. */
export interface ClientOptions {
  /** The URL of the API, such as https://escrow.example.com/graphql. A page of the same origin may leave out the origin. */
  readonly url: string;
  /**
   * The token of an API key. A function is called for every request, and once more after UNAUTHENTICATED: if it then
   * returns another token, the request is sent again. Leave it out if a proxy adds the API key.
   */
  readonly key?: ApiKeySource;
  /** Further headers of every request, such as those of tracing. They are not sent over WebSocket. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends the requests. Defaults to the global fetch. */
  readonly fetch?: typeof globalThis.fetch;
  /** The maximum number of times that a failed request is sent again. Defaults to 4. */
  readonly retries?: number;
  /** The maximum time to wait before a request is sent again, in ms. Defaults to 60,000. */
  readonly maxRetryDelayMs?: number;
  /** The maximum time to wait for a response, in ms. Defaults to 30,000. */
  readonly timeoutMs?: number;
  /** The maximum time without a sign of life of a stream, in ms. Defaults to 40,000; the server sends one each 12 s. */
  readonly idleTimeoutMs?: number;
  /**
   * How `live` connects. Server-sent events (the default) need nothing but fetch, and a consumer that is slow slows the
   * server down. A browser opens at most 6 connections to a server without HTTP/2; with more streams, choose WebSocket.
   */
  readonly transport?: 'sse' | 'websocket';
  /** The class WebSocket, if there is no global one: that of the package ws in Node.js before version 22. */
  readonly webSocket?: SocketConstructor;
}

/** The options with their defaults. */
export interface Settings extends ClientOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly retries: number;
  readonly maxRetryDelayMs: number;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** Returns the options with their defaults. */
export const settingsOf = (options: ClientOptions): Settings => ({
  ...options,
  headers: options.headers ?? {},
  fetch: options.fetch ?? globalThis.fetch,
  retries: options.retries ?? 4,
  maxRetryDelayMs: options.maxRetryDelayMs ?? 60_000,
  timeoutMs: options.timeoutMs ?? 30_000,
  idleTimeoutMs: options.idleTimeoutMs ?? 40_000,
});

/** Returns the token to send, or undefined if the client has none. */
export const tokenOf = async ({ key }: ClientOptions): Promise<string | undefined> =>
  typeof key === 'function' ? key() : key;
