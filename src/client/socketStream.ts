import { EscrowGridError, invalidUsage, networkError } from './errors.ts';
import type { Settings, SocketConstructor } from './options.ts';
import type { OperationRequest, Result } from './request.ts';

/** A message of the protocol graphql-transport-ws. */
interface Message {
  readonly type: string;
  readonly payload?: unknown;
}

const PROTOCOL = 'graphql-transport-ws';
/** The client runs one operation per socket. */
const ID = '1';
/**
 * The number of results that may wait for a slow consumer. A browser cannot make a server wait, so the socket is closed
 * then, and the stream is resumed when the consumer has read them.
 */
const MAX_WAITING = 1_000;
const NORMAL_CLOSURE = 1000;
/** What the close codes of the server mean. */
const CLOSE_CODES: ReadonlyMap<number, string> = new Map([
  [1001, 'SERVICE_UNAVAILABLE'],
  [1013, 'SERVICE_UNAVAILABLE'],
  [4403, 'UNAUTHENTICATED'],
  [4429, 'RATE_LIMITED'],
]);

/** Returns the class WebSocket to use. Throws INVALID_USAGE if there is none. */
export function socketConstructorOf({ webSocket }: Pick<Settings, 'webSocket'>): SocketConstructor {
  const constructor = webSocket ?? (globalThis as { readonly WebSocket?: SocketConstructor }).WebSocket;
  if (constructor) return constructor;
  throw invalidUsage(
    'There is no WebSocket. Pass that of the package ws as the option `webSocket`, or use server-sent events.',
  );
}

/**
 * Follows a subscription over a WebSocket of its own. Ends when the server ends the stream. Throws NETWORK_ERROR if the
 * connection is lost or nothing arrives within `idleTimeoutMs`, and the error of the close code if the server closes it.
 */
export async function* socketStream(
  settings: Settings,
  { query, variables, token, signal }: Omit<OperationRequest, 'accept'>,
): AsyncGenerator<Result, void, undefined> {
  const socket = new (socketConstructorOf(settings))(settings.url.replace(/^http/, 'ws'), PROTOCOL);
  const say = (type: string, message: object = {}): void => socket.send(JSON.stringify({ type, ...message }));
  // Unlike the failure of a stream, an item for it does not drop the results before it.
  const { stream, put, end } = queue<Result | EscrowGridError>();
  const finish = (error?: EscrowGridError): void => {
    watch.stop();
    end(error);
    socket.close(NORMAL_CLOSURE);
  };
  const watch = new IdleTimer(settings.idleTimeoutMs, {
    probe: () => say('ping'),
    expire: () => finish(networkError()),
  });
  const abort = (): void => finish();
  signal?.addEventListener('abort', abort);
  socket.addEventListener('open', () =>
    say('connection_init', token === undefined ? {} : { payload: { authorization: `Bearer ${token}` } }),
  );
  socket.addEventListener('error', () => undefined);
  socket.addEventListener('close', ({ code = 0, reason = '' }) => finish(closeError(code, reason)));
  socket.addEventListener('message', ({ data }) => {
    watch.restart();
    const { type, payload } = parse(data);
    if (type === 'connection_ack') say('subscribe', { id: ID, payload: { query, variables } });
    else if (type === 'ping') say('pong');
    else if (type === 'next' && !put(payload as Result)) finish();
    else if (type === 'error') put({ errors: payload as NonNullable<Result['errors']> });
    else if (type === 'complete') finish();
  });
  if (signal?.aborted) abort();
  try {
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value instanceof EscrowGridError) throw value;
      yield value;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    finish();
  }
}

const closeError = (code: number, reason: string): EscrowGridError => {
  const known = CLOSE_CODES.get(code);
  return known === undefined
    ? networkError({ code, reason })
    : new EscrowGridError(known, `The server has closed the WebSocket: ${reason}.`);
};

/** Parses a message. What is not one, such as that of a proxy, is ignored. */
function parse(data: unknown): Message {
  try {
    return JSON.parse(String(data)) as Message;
  } catch {
    return { type: '' };
  }
}

interface Queue<T> {
  readonly stream: ReadableStream<T>;
  /** Adds an item. Returns whether there is space for more. */
  readonly put: (item: T) => boolean;
  /** Ends the queue after the items in it, and after a last one. Later calls have no effect. */
  readonly end: (last?: T) => void;
}

function queue<T>(): Queue<T> {
  let controller: ReadableStreamDefaultController<T> | undefined;
  const start = (created: ReadableStreamDefaultController<T>): void => {
    controller = created;
  };
  const stream = new ReadableStream<T>({ start }, { highWaterMark: MAX_WAITING });
  const end = (last?: T): void => {
    if (last !== undefined) controller?.enqueue(last);
    controller?.close();
    controller = undefined;
  };
  const put = (item: T): boolean => {
    controller?.enqueue(item);
    return (controller?.desiredSize ?? 0) > 0;
  };
  return { stream, put, end };
}

/** Probes a connection on which nothing has arrived for half of the time, and expires after all of it. */
class IdleTimer {
  readonly #halfMs: number;
  readonly #actions: { readonly probe: () => void; readonly expire: () => void };
  #timer: ReturnType<typeof setTimeout>;
  #isStopped = false;

  constructor(idleMs: number, actions: { readonly probe: () => void; readonly expire: () => void }) {
    this.#halfMs = idleMs / 2;
    this.#actions = actions;
    // Before the socket is open, there is nothing to probe.
    this.#timer = setTimeout(actions.expire, idleMs);
  }

  restart(): void {
    // Messages still arrive while the socket is closing.
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#actions.probe();
      this.#timer = setTimeout(this.#actions.expire, this.#halfMs);
    }, this.#halfMs);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}
