import { CloseCode, type WebSocket as GraphqlSocket } from 'graphql-ws';
import { WebSocket } from 'ws';
import { rejectInexactNumbers } from './jsonNumbers.ts';
import { requestError } from './requestError.ts';
import type { RequestRecord } from './requestRecord.ts';
import { exceededLimit, JSON_LIMITS } from './textLimits.ts';

/** The maximum time without a pong before a socket is terminated, in ms. */
const HEARTBEAT_MS = 12_000;
/** The maximum number of ping and pong frames of a client per heartbeat. */
const MAX_CONTROL_FRAMES = 1_000;
/** The maximum number of messages before `connection_init`. */
const MAX_EARLY_MESSAGES = 10;
/** The number of messages in admission above which a socket is not read. Operations that are running do not count. */
const MAX_PENDING_MESSAGES = 50;
/** The maximum payload of a `ping` that is returned, in bytes of its JSON text. */
const MAX_ECHOED_BYTES = 1_024;

/** The close code for a client that sends too many requests. */
export const TOO_MANY_REQUESTS = 4429;

export interface SocketGuardOptions {
  /** The maximum number of operations at once. */
  readonly operationsPerSocket: number;
  /** The number of unread bytes above which the socket is terminated. */
  readonly socketBufferBytes: number;
  /** Counts a message as a request; closes the socket if there were too many. */
  readonly countRequest: () => Promise<void>;
  /** Handles an error that no client caused. */
  readonly onError: (error: unknown) => unknown;
}

/** An operation on a socket, from its `subscribe` message until all its work has ended. */
export interface SocketOperation {
  readonly id: string;
  settled: Promise<void>;
  results?: AsyncIterator<unknown>;
  /** The facts for the log; absent if operations are not logged. */
  record?: RequestRecord;
  /** Called when all its work has ended. */
  onSettled?: () => void;
}

/** One WebSocket as graphql-ws uses it. Bounds what a client can make the server do, buffer and keep. */
export class SocketGuard implements GraphqlSocket {
  /** Whether the client has sent a `connection_init` that was accepted. */
  isAcknowledged = false;
  readonly #socket: WebSocket;
  readonly #options: SocketGuardOptions;
  readonly #operations = new Map<string, SocketOperation>();
  #earlyMessages = 0;
  #pendingMessages = 0;
  #controlFrames = 0;
  /** The state of the message that is being dispatched: whether it was counted, and the operation that it begins. */
  #isCounted = false;
  #starting: SocketOperation | undefined;

  constructor(socket: WebSocket, options: SocketGuardOptions) {
    this.#socket = socket;
    this.#options = options;
    // The ws library closes the socket itself, with the right code.
    socket.on('error', () => undefined);
    for (const event of ['ping', 'pong']) socket.on(event, () => this.#countControlFrame());
    this.#startHeartbeat();
    // No operation outlives its socket, whatever graphql-ws has removed from its own list.
    socket.once('close', () => {
      for (const { results } of this.#operations.values()) void results?.return?.();
    });
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  send(data: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState !== WebSocket.OPEN) return resolve();
      // A socket that cannot be written to is closed: the operation ends with it.
      this.#socket.send(data, () => resolve());
      this.#checkBuffer();
    });
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  onMessage(handle: (text: string) => Promise<void>): void {
    this.#socket.on('message', (data: Buffer) => {
      if (this.#socket.readyState !== WebSocket.OPEN) return;
      this.#receive(handle, data.toString()).catch((error: unknown) => {
        this.#options.onError(error);
        this.close(CloseCode.InternalServerError, 'Internal server error');
      });
    });
  }

  async onPing(payload: unknown): Promise<void> {
    const text = JSON.stringify(payload) as string | undefined;
    const isEchoed = text !== undefined && Buffer.byteLength(text) <= MAX_ECHOED_BYTES;
    await this.send(JSON.stringify({ type: 'pong', ...(isEchoed && { payload }) }));
  }

  onPong(): void {
    // Pings are counted like every message, and a client that answers pings needs no answer.
  }

  /** Counts the message that is being dispatched as a request. */
  count(): Promise<void> {
    return this.admit(async () => {
      if (!this.isAcknowledged) this.#earlyMessages += 1;
      if (this.#earlyMessages > MAX_EARLY_MESSAGES) return this.close(TOO_MANY_REQUESTS, 'Too many requests');
      await this.#options.countRequest();
    });
  }

  /** Prepares a message for execution. The socket is not read while too many messages are in admission. */
  async admit<T>(work: () => Promise<T>): Promise<T> {
    this.#isCounted = true;
    this.#pendingMessages += 1;
    if (this.#pendingMessages > MAX_PENDING_MESSAGES) this.#socket.pause();
    try {
      return await work();
    } finally {
      this.#pendingMessages -= 1;
      if (this.#socket.isPaused && this.#pendingMessages <= MAX_PENDING_MESSAGES) this.#socket.resume();
    }
  }

  /** Records the operation that the message being dispatched begins. */
  begin(id: string): SocketOperation {
    this.#starting = { id, settled: Promise.resolve() };
    return this.#starting;
  }

  /**
   * Adds an operation, and returns whether it had to wait for a completed one with the same id. An operation that the
   * client has completed counts until all its work has ended. Throws RATE_LIMITED if there are too many.
   */
  async add(operation: SocketOperation): Promise<boolean> {
    const previous = this.#operations.get(operation.id);
    await previous?.settled;
    const { operationsPerSocket } = this.#options;
    if (this.#operations.size >= operationsPerSocket) {
      const message = `Limit of ${operationsPerSocket} operations per connection reached. Complete others first.`;
      throw requestError(message, 'RATE_LIMITED', { status: 429 });
    }
    this.#operations.set(operation.id, operation);
    return previous !== undefined;
  }

  /** Returns what is noted about an operation for the log. */
  recordOf(id: string): RequestRecord | undefined {
    return this.#operations.get(id)?.record;
  }

  /** Ends the results of an operation when its socket closes. */
  follow(id: string, results: AsyncIterable<unknown>): void {
    const operation = this.#operations.get(id);
    if (!operation) return;
    operation.results = results[Symbol.asyncIterator]();
    if (this.#socket.readyState === WebSocket.CLOSED) void operation.results.return?.();
  }

  async #receive(handle: (text: string) => Promise<void>, text: string): Promise<void> {
    if (exceededLimit(text, JSON_LIMITS)) {
      return this.close(CloseCode.BadRequest, 'The message has too many levels of nesting or strings');
    }
    this.#isCounted = false;
    this.#starting = undefined;
    // graphql-ws calls the hook of the message, if there is one, before it waits for anything.
    const handled = handle(rejectInexactNumbers(text));
    const operation = this.#starting as SocketOperation | undefined;
    if (operation) operation.settled = handled.catch(() => undefined);
    const counted = this.#isCounted || this.#socket.readyState !== WebSocket.OPEN ? undefined : this.count();
    try {
      await handled;
      await counted;
    } finally {
      if (operation && this.#operations.get(operation.id) === operation) this.#operations.delete(operation.id);
      operation?.onSettled?.();
    }
  }

  #startHeartbeat(): void {
    let hasAnswered = true;
    this.#socket.on('pong', () => (hasAnswered = true));
    const timer = setInterval(() => {
      this.#controlFrames = 0;
      // A pong cannot arrive on a socket that is not read.
      if (this.#socket.isPaused) return;
      if (!hasAnswered) return this.#socket.terminate();
      hasAnswered = false;
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
    }, HEARTBEAT_MS);
    this.#socket.once('close', () => clearInterval(timer));
  }

  #countControlFrame(): void {
    this.#controlFrames += 1;
    if (this.#controlFrames > MAX_CONTROL_FRAMES) this.#socket.terminate();
  }

  /** Terminates a socket whose client does not read: a close frame would wait behind the unread data. */
  #checkBuffer(): void {
    if (this.#socket.bufferedAmount > this.#options.socketBufferBytes) this.#socket.terminate();
  }
}
