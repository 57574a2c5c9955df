import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

/** The time within which clients that were just answered connect again, in ms. */
const RECONNECT_MS = 25;
/** The maximum time until all requests wait, in ms. */
const MAX_WAIT_MS = 500;

/** The connections of an HTTP server, and how they end. */
export class Connections {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  /** Those without a request yet: Node does not count them as idle, so they would delay the end. */
  readonly #unused = new Set<Socket>();
  /** The responses in progress. */
  readonly #responses = new Set<ServerResponse>();
  /** The number of connections that were ever accepted. */
  #accepted = 0;
  #isDraining = false;
  /** Requests wait for it, if it is there. */
  #refused: Promise<void> | undefined;
  #waiting = 0;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#accepted += 1;
      this.#open.add(socket);
      this.#unused.add(socket);
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#unused.delete(socket);
      });
    });
    server.on('request', ({ socket }) => this.#unused.delete(socket));
  }

  /** Handles a request. While the server drains, its answer closes the connection. */
  async answer(response: ServerResponse, handle: () => Promise<void>): Promise<void> {
    if (this.#isDraining) response.shouldKeepAlive = false;
    this.#responses.add(response);
    try {
      if (this.#refused) {
        this.#waiting += 1;
        await this.#refused;
      }
      await handle();
    } finally {
      this.#responses.delete(response);
    }
  }

  /**
   * From now on, every answer closes its connection: a request that is sent on an idle connection while it is closed has
   * an uncertain outcome.
   */
  drain(): void {
    this.#isDraining = true;
    for (const response of this.#responses) response.shouldKeepAlive = false;
  }

  /**
   * Accepts no more connections, but keeps the idle ones. Requests wait for a moment before that: a client that waits for
   * its answer opens no connection, and one that is opened at the very moment would be reset.
   */
  async refuse(): Promise<void> {
    this.#refused = this.#allWaiting().then(() => void NetServer.prototype.close.call(this.#server));
    await this.#refused;
    this.#refused = undefined;
  }

  /** Resolves when all connections are closed. */
  async allClosed(): Promise<void> {
    for (const socket of this.#open) await once(socket, 'close');
  }

  /** Destroys all connections, including WebSockets, as the end of the process would. New ones are accepted. */
  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /** Accepts no more connections, closes the idle ones, and those in use after `ms` milliseconds. */
  async close(ms: number): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), ms);
    for (const socket of this.#unused) socket.destroy();
    await closed;
    clearTimeout(timer);
  }

  /** Resolves when all connections were accepted and all their requests wait. Node accepts one per turn of its loop. */
  async #allWaiting(): Promise<void> {
    const end = performance.now() + MAX_WAIT_MS;
    let accepted: number;
    do {
      accepted = this.#accepted;
      await delay(RECONNECT_MS);
      await nextTurn();
    } while ((this.#accepted > accepted || this.#responses.size > this.#waiting) && performance.now() < end);
  }
}
