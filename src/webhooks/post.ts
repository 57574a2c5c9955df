import { setMaxListeners } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../domain/time.ts';
import { isPublicAddress, literalAddressOf } from './addresses.ts';
import { type Agents, discardBody, newAgents } from './agents.ts';
import { PostError, type PostErrorCode, postErrorCodeOf } from './postError.ts';
import { checkedLookup, type Resolve, resolveByDns, resolveBySystem } from './resolve.ts';
import { retryAfterMsOf } from './retryAfter.ts';

/** The default time of one attempt: DNS, connection, TLS, sending and the headers of the response. */
export const DEFAULT_POST_TIMEOUT_MS = 15_000;
/** The default number of connections to one host and port; further attempts wait for one. */
export const DEFAULT_SOCKETS_PER_HOST = 10;

const MAX_HEADER_BYTES = 16 * 1024;
const USER_AGENT = 'EscrowGrid-Webhooks';

export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON text. */
  readonly body: string;
}

/** The response, with any status from 200 to 599, or why there was none. */
export type PostOutcome =
  | { readonly kind: 'response'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'error'; readonly error: PostErrorCode };

export interface WebhookClientOptions {
  /** Allows http, and addresses that are not public. */
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  readonly timeoutMs?: number;
  readonly socketsPerHost?: number;
  /** Certificates of authorities in PEM, instead of those of Node.js. */
  readonly ca?: string;
  readonly resolve?: Resolve;
  /** Whether an IP address may be dialled. Defaults to public ones, or all with `allowPrivate`. */
  readonly isAllowedAddress?: (address: string) => boolean;
}

/** Sends one request, and ends when `stop` is aborted. `STALE`: the connection had been closed before the request. */
type Send = (agents: Agents, stop: AbortSignal, onSocket: (socket: Socket) => void) => Promise<PostOutcome | 'STALE'>;

/**
 * Sends deliveries to receivers, which are not trusted: nothing that they do can reach a private address, last longer
 * than the limits, or throw. Proxies are not used and redirects are not followed.
 */
export class WebhookClient {
  readonly #allowPrivate: boolean;
  readonly #isAllowedAddress: (address: string) => boolean;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #pooled: Agents;
  readonly #unpooled: Agents;
  readonly #closing = new AbortController();

  constructor(options: WebhookClientOptions) {
    this.#allowPrivate = options.allowPrivate;
    this.#isAllowedAddress = options.isAllowedAddress ?? (options.allowPrivate ? () => true : isPublicAddress);
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_POST_TIMEOUT_MS;
    const resolve = options.resolve ?? (options.allowPrivate ? resolveBySystem : resolveByDns);
    const agentOptions = {
      lookup: checkedLookup(resolve, this.#isAllowedAddress, this.#closing.signal),
      maxSockets: options.socketsPerHost ?? DEFAULT_SOCKETS_PER_HOST,
      ...(options.ca !== undefined && { ca: options.ca }),
    };
    this.#pooled = newAgents({ ...agentOptions, keepAlive: true });
    this.#unpooled = newAgents({ ...agentOptions, keepAlive: false });
  }

  /**
   * Sends a POST request with a JSON body. Returns the outcome as soon as the headers of the response have arrived. The
   * time limit starts when the attempt has a connection or starts to open one, so it does not include waiting for other
   * attempts to the same host.
   */
  async post(request: PostRequest, signal?: AbortSignal): Promise<PostOutcome> {
    const url = this.#allowedUrl(request.url);
    if (!url) return failed('ADDRESS_NOT_ALLOWED');
    const send = this.#senderOf(url, request);
    const stop = new AbortController();
    const abort = (): void => stop.abort(new PostError('ABORTED'));
    const signals = [this.#closing.signal, ...(signal ? [signal] : [])];
    // One signal for many attempts has many listeners. They are removed below.
    setMaxListeners(0, ...signals);
    for (const each of signals) each.addEventListener('abort', abort);
    if (signals.some((each) => each.aborted)) abort();
    let timer: NodeJS.Timeout | undefined;
    const onSocket = (socket: Socket): void => {
      timer ??= setTimeout(() => stop.abort(new PostError('TIMEOUT')), this.#timeoutMs);
      this.#checkSocket(socket);
    };
    try {
      const outcome = await send(this.#pooled, stop.signal, onSocket);
      if (outcome !== 'STALE') return outcome;
      const retried = await send(this.#unpooled, stop.signal, onSocket);
      return retried === 'STALE' ? failed('CONNECTION') : retried;
    } finally {
      clearTimeout(timer);
      for (const each of signals) each.removeEventListener('abort', abort);
    }
  }

  /** Ends all attempts with the outcome ABORTED and closes all connections. */
  close(): void {
    this.#closing.abort();
    for (const agent of [...Object.values(this.#pooled), ...Object.values(this.#unpooled)]) agent.destroy();
  }

  /** Returns the URL unless its scheme or its literal address is not allowed. A socket resolves and checks names. */
  #allowedUrl(text: string): URL | undefined {
    if (!URL.canParse(text)) return undefined;
    const url = new URL(text);
    if (url.protocol !== 'https:' && !(this.#allowPrivate && url.protocol === 'http:')) return undefined;
    const address = literalAddressOf(url.hostname);
    return address === undefined || this.#isAllowedAddress(address) ? url : undefined;
  }

  /** Destroys a socket before anything is sent if it is connected to another address than those that are allowed. */
  #checkSocket(socket: Socket): void {
    const check = (): void => {
      const address = socket.remoteAddress;
      if (address === undefined) socket.destroy(new PostError('CONNECTION'));
      else if (!this.#isAllowedAddress(address)) socket.destroy(new PostError('ADDRESS_NOT_ALLOWED'));
    };
    if (socket.connecting) socket.prependOnceListener('connect', check);
    // A kept connection without an address was closed. Sending the request fails then.
    else if (socket.remoteAddress !== undefined) check();
  }

  /** Returns a function that sends the request. It may be called again for the same request. */
  #senderOf(url: URL, { headers, body }: PostRequest): Send {
    const bytes = Buffer.from(body, 'utf8');
    const isTls = url.protocol === 'https:';
    const options = {
      method: 'POST',
      hostname: literalAddressOf(url.hostname) ?? url.hostname,
      port: url.port,
      path: url.pathname + url.search,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': bytes.length,
        'user-agent': USER_AGENT,
      },
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
    };
    return async (agents, stop, onSocket) => {
      if (stop.aborted) return failed(postErrorCodeOf(stop.reason as Error, isTls));
      const agent = agents[isTls ? 'https:' : 'http:'];
      const sent = (isTls ? httpsRequest : httpRequest)({ ...options, agent });
      sent.on('socket', onSocket);
      const outcome = this.#outcomeOf(sent, stop, isTls);
      sent.end(bytes);
      return outcome;
    };
  }

  #outcomeOf(sent: ClientRequest, stop: AbortSignal, isTls: boolean): Promise<PostOutcome | 'STALE'> {
    return new Promise((resolve) => {
      const settle = (outcome: PostOutcome | 'STALE'): void => {
        stop.removeEventListener('abort', end);
        resolve(outcome);
      };
      const end = (): void => {
        // A request that waits for a connection emits no error when it is destroyed.
        settle(failed(postErrorCodeOf(stop.reason as Error, isTls)));
        sent.destroy();
      };
      stop.addEventListener('abort', end);
      sent.once('response', (response) => {
        const outcome = this.#responseOf(response);
        settle(outcome);
        if (outcome.kind === 'response') discardBody(sent, response);
        else sent.destroy();
      });
      sent.once('upgrade', (_response, socket) => {
        settle(failed('INVALID_RESPONSE'));
        socket.destroy();
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        settle(isStale(sent, error) ? 'STALE' : failed(postErrorCodeOf(error, isTls)));
      });
      sent.once('close', () => settle(failed('CONNECTION')));
    });
  }

  #responseOf({ statusCode: status = 0, headers }: IncomingMessage): PostOutcome {
    if (status < 200 || status > 599) return failed('INVALID_RESPONSE');
    return { kind: 'response', status, retryAfterMs: retryAfterMsOf(headers['retry-after'], this.#clock()) };
  }
}

const failed = (error: PostErrorCode): PostOutcome => ({ kind: 'error', error });

/**
 * Whether the receiver closed a kept connection while the request was on its way. It is then sent again, as browsers do:
 * the receiver probably has not seen it, and deliveries may arrive more than once in any case.
 */
const isStale = (sent: ClientRequest, { code }: NodeJS.ErrnoException): boolean =>
  sent.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
