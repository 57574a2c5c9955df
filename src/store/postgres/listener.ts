import { setTimeout as delay } from 'node:timers/promises';
import { CHANNEL } from './assignSequences.ts';
import { ConnectionLostError } from './errors.ts';
import { Outage, type OutageListener } from './outage.ts';
import { RoutedClient } from './routedClient.ts';
import { Routes } from './routes.ts';
import { destroy } from './socket.ts';

/** Times in ms. */
export const LISTENER_TIMES = {
  /** The pause before the connection is opened again. */
  reconnectMs: 500,
  /** The maximum time of an answer. None of the statements sent here waits for anything. */
  answerMs: 5_000,
  /** The interval of liveness checks: a dead connection on which nothing arrives looks like an idle one. */
  checkMs: 5_000,
};

/** The connection that listens for notifications. It is opened again whenever it breaks or is no longer answered. */
export class Listener {
  readonly #routes: Routes;
  readonly #onNotification: (payload?: string) => void;
  readonly #outage: Outage;
  readonly #times: typeof LISTENER_TIMES;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  /** Calls `onNotification` with each payload, and without one whenever notifications may have been missed. */
  constructor(
    url: string,
    onNotification: (payload?: string) => void,
    onOutage: OutageListener,
    times = LISTENER_TIMES,
  ) {
    this.#routes = new Routes(url);
    this.#onNotification = onNotification;
    this.#times = times;
    this.#outage = new Outage(onOutage);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#listen().catch((error: unknown) => {
        if (!signal.aborted)
          this.#outage.failed(new ConnectionLostError('The connection for notifications is lost.', { cause: error }));
      });
      await delay(this.#times.reconnectMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Listens until the connection ends or stops answering. */
  async #listen(): Promise<void> {
    const { signal } = this.#closing;
    const client = new RoutedClient(this.#routes, {
      connectionTimeoutMillis: this.#times.answerMs,
      // With `pipeline` pg closes a connection on which a query takes longer.
      query_timeout: this.#times.answerMs,
      pipeline: true,
    });
    const ended = new AbortController();
    const end = (): void => destroy(client);
    signal.addEventListener('abort', end, { once: true });
    client.once('end', () => ended.abort());
    client.on('notification', ({ payload }) => this.#onNotification(payload ?? ''));
    try {
      await client.connect();
      await client.query(`set idle_session_timeout = 0; listen ${CHANNEL}`);
      // Other servers may have notified while the connection was down.
      this.#onNotification();
      for (;;) {
        await client.query('select 1');
        this.#outage.succeeded();
        await delay(this.#times.checkMs, undefined, { signal: ended.signal });
      }
    } finally {
      signal.removeEventListener('abort', end);
      destroy(client);
    }
  }
}
