import { callbackify } from 'node:util';
import pg from 'pg';
import type { Route, Routes } from './routes.ts';
import { destroy, socketOf } from './socket.ts';

/** The conditions of target_session_attrs, in SQL. */
const CONDITIONS = {
  primary: 'not pg_is_in_recovery()',
  'read-write': `not pg_is_in_recovery() and not current_setting('transaction_read_only')::boolean`,
} as const;

/** The server does not fulfil target_session_attrs, or a connection without an answer was closed. */
class WrongServerError extends Error {}

/** A connection over the current route to the database. If it cannot be opened, the next one takes another route. */
export class RoutedClient extends pg.Client {
  readonly #routes: Routes;
  readonly #route: Route;

  constructor(routes: Routes, config: pg.ClientConfig = {}) {
    const route = routes.current;
    super({ ...config, ...route.config });
    this.#routes = routes;
    this.#route = route;
    // An error without a listener would end the process.
    this.on('error', () => undefined);
  }

  /** The schema of the tables. */
  get schema(): string {
    return this.#routes.schema;
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: ((error: Error) => void) | ((error: null, client: pg.Client) => void)): void;
  override connect(callback?: unknown): Promise<pg.Client> | void {
    if (callback === undefined) return this.#open();
    // pg-pool passes a callback, and reads only the error.
    callbackify(() => this.#open())(callback as (error: Error | null) => void);
  }

  async #open(): Promise<pg.Client> {
    try {
      await super.connect();
      await this.#checkServer();
      return this;
    } catch (error) {
      this.#routes.failed(this.#route, error, (socketOf(this)?.bytesRead ?? 0) > 0);
      destroy(this);
      throw error;
    }
  }

  async #checkServer(): Promise<void> {
    const { sessionAttributes } = this.#routes;
    if (sessionAttributes === 'any') return;
    const { rows } = await this.query<{ isRight: boolean }>(`select ${CONDITIONS[sessionAttributes]} as "isRight"`);
    if (rows[0]?.isRight !== true) throw new WrongServerError(`The server is not ${sessionAttributes}.`);
  }
}
