import pg from 'pg';
import { BusyError, DeadlineExceededError, throwIfDeadlineExceeded, UnavailableError } from '../errors.ts';
import type { ConnectionCounts, Deadline } from '../store.ts';
import { type Openings, openingsOf, type Pooler } from './begin.ts';
import { DatabaseClock } from './databaseClock.ts';
import { CommitOutcomeUnknownError, ConnectionLostError, SILENT, sqlStateOf, toConnectionError } from './errors.ts';
import { Outage, type OutageListener } from './outage.ts';
import { PreparedStatements, type Preparing } from './preparedStatements.ts';
import { RoutedClient } from './routedClient.ts';
import { Routes } from './routes.ts';
import { destroy, socketOf } from './socket.ts';
import type { TraceStatement } from './sql.ts';
import { TYPES } from './typeParsers.ts';

const LIMITS = {
  /**
   * The maximum time to get a connection, in ms: to wait for a free one, or to open one with TLS and authentication.
   */
  connectMs: 5_000,
  /** The maximum time in which open connections may close, in ms. */
  closeMs: 1_000,
} as const;
/** The maximum time to get a connection to a replica, in ms: the primary can serve the same reads. */
const REPLICA_CONNECT_MS = 1_000;
/** The SQLSTATE of a connection that the server closed because it exceeded idle_session_timeout. This is no outage. */
const IDLE_TOO_LONG = '57P05';
const READ_ONLY = '25006';

/** The message for work that is abandoned because the server stops. */
export const STOPPING = 'The server is stopping.';

/** Connections that the server has announced to end, or whose socket has failed. */
const FAILED = new WeakSet<pg.ClientBase>();

/** Whether nothing more can be sent over the connection. */
export const isBroken = (client: pg.ClientBase): boolean => FAILED.has(client) || (socketOf(client)?.destroyed ?? true);

/**
 * Collects what is sent over the connection in this tick into one write: pg writes each statement to the socket by
 * itself.
 */
export function corkForTick(client: pg.ClientBase): void {
  const socket = socketOf(client);
  if (!socket || socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(() => socket.uncork());
}

/** Options of the pool. */
export interface PoolOptions {
  /** The pooler that the connections lead to. Defaults to none. */
  readonly pooler?: Pooler;
  readonly clock?: DatabaseClock;
  readonly trace?: TraceStatement | undefined;
  /** Whether reads that a replica may serve, and commits, note their LSN. */
  readonly notesLsn?: boolean;
  /** Whether the connections lead to a replica. */
  readonly isReplica?: boolean;
}

/** The pool of database connections. A connection that fails is closed, and the next call opens another. */
export class ConnectionPool {
  readonly #pool: pg.Pool;
  readonly #outage: Outage;
  readonly #connecting = new Set<pg.ClientBase>();
  readonly #open = new Set<pg.ClientBase>();
  readonly #acquired = new Set<pg.ClientBase>();
  /** The functions that end the work of the connections in use. */
  readonly #abandonments = new Set<() => void>();
  #isAbandoned = false;
  readonly #statements = new WeakMap<pg.ClientBase, PreparedStatements>();
  readonly #preparing: Preparing;
  readonly #routes: Routes;
  /** The schema of the tables. */
  readonly schema: string;
  readonly openings: Openings;
  readonly clock: DatabaseClock;
  /** Whether a later version has migrated the database, so that statements of this one may fail. */
  isSuperseded = false;
  /** Traces each statement; undefined if none is traced. */
  readonly trace: TraceStatement | undefined;
  readonly notesLsn: boolean;
  readonly #connectMs: number;

  constructor(
    databaseUrl: string,
    max: number,
    listener: OutageListener,
    { pooler = 'none', clock = new DatabaseClock(), trace, notesLsn = false, isReplica = false }: PoolOptions = {},
  ) {
    this.notesLsn = notesLsn;
    this.#connectMs = isReplica ? REPLICA_CONNECT_MS : LIMITS.connectMs;
    const routes = new Routes(databaseUrl);
    this.clock = clock;
    this.trace = trace;
    this.#routes = routes;
    this.schema = routes.schema;
    this.openings = openingsOf(pooler, routes.schema, isReplica);
    this.#preparing = { isNamed: pooler === 'none', setUp: this.openings.setUp, generation: 0 };
    this.#outage = new Outage(listener);
    const onCreate = (client: pg.Client): void => {
      this.#connecting.add(client);
      client.once('end', () => this.#connecting.delete(client));
      // From the start: a connection can fail after it is opened and before the pool hands it out.
      client.on('error', () => FAILED.add(client));
    };
    this.#pool = new pg.Pool({
      Client: class extends RoutedClient {
        constructor(config?: pg.ClientConfig) {
          super(routes, config);
          onCreate(this);
        }
      },
      max,
      // Longer than the pool's own limit, whose error states why there was no connection.
      connectionTimeoutMillis: this.#connectMs + 100,
      types: TYPES,
      // Statements that do not wait for each other are sent in one packet.
      pipeline: true,
    });
    this.#pool.on('error', (error) => {
      if (sqlStateOf(error) !== IDLE_TOO_LONG)
        this.#outage.failed(new ConnectionLostError('An idle connection broke.', { cause: error }));
    });
    this.#pool.on('connect', (client) => {
      this.#connecting.delete(client);
      this.#open.add(client);
      client.once('end', () => this.#open.delete(client));
    });
  }

  /**
   * Returns a connection, which must be released or discarded. A connection that arrives too late is released at once.
   * Throws Lost if the database does not answer, BusyError or DeadlineExceededError if all connections are in use, and
   * UnavailableError after `abandonWork`.
   */
  async acquire(until: Deadline | undefined): Promise<pg.PoolClient> {
    throwIfDeadlineExceeded(until);
    if (this.#isAbandoned) throw new UnavailableError(STOPPING);
    try {
      const client = await this.#connect(until);
      this.#acquired.add(client);
      if (!this.#isAbandoned) return client;
      this.release(client);
      throw new UnavailableError(STOPPING);
    } catch (error) {
      if (error instanceof ConnectionLostError) this.#outage.failed(error);
      throw error;
    }
  }

  /** Returns the prepared statements of a connection. */
  statementsOf(client: pg.PoolClient): PreparedStatements {
    const statements = this.#statements.get(client) ?? new PreparedStatements(this.#preparing);
    this.#statements.set(client, statements);
    return statements;
  }

  /** The open connections, and the calls that wait for one. */
  get counts(): ConnectionCounts {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { inUse: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  release(client: pg.PoolClient): void {
    this.#acquired.delete(client);
    client.release();
    this.#outage.succeeded();
  }

  /**
   * Closes a connection that failed. The idle ones are closed too if they can be assumed to fail: if the server is
   * silent, a firewall may have dropped all connections, and if it is read-only, it is no longer the primary.
   */
  discard(client: pg.PoolClient, error: unknown, isSilent: boolean): void {
    this.#acquired.delete(client);
    client.release(true);
    destroy(client);
    if (this.#isAbandoned) return;
    if (error instanceof ConnectionLostError || error instanceof CommitOutcomeUnknownError) this.#outage.failed(error);
    const isReadOnly = error instanceof Error && sqlStateOf(error.cause) === READ_ONLY;
    if (isSilent || isReadOnly) for (const idle of this.#open) if (!this.#acquired.has(idle)) destroy(idle);
  }

  /** Calls the function if the work of a connection is abandoned, until the returned function is called. */
  onAbandon(abandon: () => void): () => void {
    this.#abandonments.add(abandon);
    return () => void this.#abandonments.delete(abandon);
  }

  /** Ends all work in progress that can be abandoned, and accepts no other. */
  abandonWork(): void {
    this.#isAbandoned = true;
    for (const abandon of this.#abandonments) abandon();
  }

  /** Closes all connections. Calls in progress fail if they take longer than a moment. */
  async end(): Promise<void> {
    const clients = [...this.#connecting, ...this.#open];
    const ends = clients.map((client) => new Promise<void>((resolve) => client.once('end', resolve)));
    const timer = setTimeout(() => clients.forEach(destroy), LIMITS.closeMs);
    await this.#pool.end();
    await Promise.all(ends);
    clearTimeout(timer);
  }

  #connect(until: Deadline | undefined): Promise<pg.PoolClient> {
    const waitMs = Math.min(this.#connectMs, until?.remainingMs() ?? Infinity);
    const routes = this.#routes;
    return new Promise((resolve, reject) => {
      let isLate = false;
      const { current } = routes;
      const timer = setTimeout(() => {
        isLate = true;
        const error = this.#lateError(waitMs);
        if (error instanceof ConnectionLostError) routes.failed(current, error, false);
        reject(error);
      }, waitMs);
      const arrive = (client: pg.PoolClient): void => (isLate ? client.release() : resolve(client));
      const fail = (error: unknown): void => reject(toConnectionError(error, true));
      const connect = (): Promise<pg.PoolClient> => this.#pool.connect();
      (routes.size === 1 ? connect() : routes.tryEach(connect)).then(arrive, fail).finally(() => clearTimeout(timer));
    });
  }

  #lateError(waitMs: number): Error {
    if (this.#connecting.size > 0) return new ConnectionLostError(SILENT);
    return waitMs < this.#connectMs
      ? new DeadlineExceededError('No connection was free in time.')
      : new BusyError('All connections are in use.');
  }
}
