import type pg from 'pg';
import { DeadlineExceededError, throwIfDeadlineExceeded } from '../errors.ts';
import type { Deadline } from '../store.ts';
import { type AnswerLimit, AnswerTimer } from './answerTimer.ts';
import { limitsOf, statementMs } from './begin.ts';
import {
  CommitOutcomeUnknownError,
  ConnectionLostError,
  ignoreRejection,
  SILENT,
  toConnectionError,
  withSupersession,
} from './errors.ts';
import { type Answer, Flight, Step } from './flight.ts';
import { type ConnectionPool, corkForTick, isBroken, STOPPING } from './pool.ts';
import type { PreparedStatements } from './preparedStatements.ts';
import { cancelStatement, destroy, socketOf } from './socket.ts';
import type { Statement, TraceStatement } from './sql.ts';

/** The time after the deadline within which the server may end a statement before its timeout is set again, in ms. */
const SLACK_MS = 250;

/** The limits for answers, in ms. */
const ANSWER = {
  /** A server without an answer to a statement that waits for nothing is unavailable after this, or half of the rest. */
  promptMs: 5_000,
  minPromptMs: 500,
  /** The additional time after the server's own timeout of a statement. */
  graceMs: 250,
  /**
   * The fraction of the remaining time in which a transaction is committed. The rest is for the look-up of its outcome.
   */
  commitPart: 0.75,
  minCommitMs: 500,
} as const;

/** Called with every statement that is sent, for tests that count or explain them. */
export type OnStatement = (statement: Statement) => void;

/** Sends over one connection that is in use, and gives it up if the server does not answer in time. */
export class Wire {
  readonly #client: pg.PoolClient;
  readonly #statements: PreparedStatements;
  readonly #until: Deadline | undefined;
  readonly #trace: TraceStatement | undefined;
  readonly #answers = new AnswerTimer((limit) => this.#giveUp(limit));
  #isSilent = false;
  #failure: { readonly error: unknown } | undefined;
  /** The statement timeout that is set on the server, in ms. */
  #statementMs = 0;
  /** Whether COMMIT was sent: then it is unknown whether it arrived, whatever the server does. */
  isEnding = false;
  /** Whether the statements before COMMIT are answered. */
  isCommitting = false;

  constructor(
    client: pg.PoolClient,
    statements: PreparedStatements,
    until: Deadline | undefined,
    trace: TraceStatement | undefined,
  ) {
    this.#client = client;
    this.#statements = statements;
    this.#until = until;
    this.#trace = trace;
  }

  /** Whether the server did not answer in time. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Whether nothing more can be sent. */
  get isBroken(): boolean {
    return isBroken(this.#client);
  }

  /** The total bytes that the connection has received. */
  get bytesRead(): number {
    return socketOf(this.#client)?.bytesRead ?? 0;
  }

  /** The first failure. All statements that were sent together fail with its error. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** The time until the deadline, in ms. */
  get leftMs(): number {
    return this.#until?.remainingMs() ?? Infinity;
  }

  /** Sends one statement as text, without parameters. */
  text(text: string, limitOf: () => AnswerLimit): Promise<pg.QueryResult> {
    corkForTick(this.#client);
    this.#setUp();
    // pg rejects its own promises too late to know which of several failures was the first.
    const answer = new Promise<pg.QueryResult>((resolve, reject) => {
      this.#client.query(text, (error: Error | null, result) => (error ? reject(error) : resolve(result)));
    });
    this.#traced(text, answer);
    return this.#answers.watch(answer, limitOf);
  }

  /** Sends one statement. */
  async one<R>(statement: Statement, limitOf = () => this.statementLimit()): Promise<Answer<R>> {
    const step = new Step(statement);
    void ignoreRejection(this.flight([step], limitOf));
    const answer = await step.answer.catch(this.fail);
    // If BEGIN failed, a statement can succeed outside the transaction, without its role and its scope.
    if (this.#failure) return this.fail(this.#failure.error);
    // The caller knows the rows of its statement.
    return answer as Answer<R>;
  }

  /** Sends statements before one Sync. Resolves when the server has answered all of them. */
  flight(steps: readonly Step[], ...limits: (() => AnswerLimit)[]): Promise<void> {
    const { done } = this.#send(steps, (index) => limits[index] ?? (() => this.statementLimit()));
    return done.catch(this.fail);
  }

  /** Sends the limits of the time that is left, if it is less than what the server was given. */
  shortenLimits(): void {
    const { leftMs } = this;
    if (statementMs(leftMs) > this.#statementMs - SLACK_MS) return;
    this.allow(leftMs);
    void ignoreRejection(this.one(limitsOf(leftMs)));
  }

  /** Notes the time that the server was given for each statement, in ms. */
  allow(leftMs: number): void {
    this.#statementMs = statementMs(leftMs);
  }

  /** The limit of a statement that waits for nothing. */
  promptLimit(): AnswerLimit {
    const ms = Math.min(ANSWER.promptMs, Math.max(ANSWER.minPromptMs, this.leftMs / 2));
    return { ms, isWorking: false };
  }

  /** The limit of a statement. The server ends it by itself, but may still run it if the deadline is earlier. */
  statementLimit(): AnswerLimit {
    const leftMs = Math.max(0, this.leftMs);
    const isWorking = leftMs < this.#statementMs - SLACK_MS;
    return { ms: Math.min(this.#statementMs, leftMs) + ANSWER.graceMs, isWorking };
  }

  commitLimit(): AnswerLimit {
    const partMs = Math.max(ANSWER.minCommitMs, this.leftMs * ANSWER.commitPart);
    return { ms: Math.min(this.#statementMs + ANSWER.graceMs, partMs), isWorking: false };
  }

  /** Passes each notice to the listener until the promise is settled. */
  async noticing<T>(onNotice: (notice: pg.DatabaseError) => void, answer: Promise<T>): Promise<T> {
    // pg's types have no notices.
    const listener = onNotice as (notice: object) => void;
    this.#client.on('notice', listener);
    return answer.finally(() => this.#client.off('notice', listener));
  }

  readonly fail = (error: unknown): never => {
    this.#failure ??= { error };
    throw toConnectionError(this.#failure.error, this.isBroken);
  };

  #send(steps: readonly Step[], limitAt: (index: number) => () => AnswerLimit): Flight {
    corkForTick(this.#client);
    this.#setUp();
    const flight = new Flight(steps, this.#statements);
    void ignoreRejection(flight.done);
    steps.forEach(({ statement, answer }, index) => {
      this.#traced(statement.text, answer);
      void ignoreRejection(this.#answers.watch(answer, limitAt(index)));
    });
    this.#client.query(flight);
    return flight;
  }

  #traced(text: string, answer: Promise<unknown>): void {
    if (!this.#trace) return;
    const answered = this.#trace(text);
    void answer.then(answered, answered);
  }

  /** Sets once, before any transaction, what is the same in all of them on a connection that keeps it. */
  #setUp(): void {
    const statements = this.#statements;
    if (statements.isSetUp || !statements.shared.isNamed) return;
    statements.isSetUp = true;
    const step = new Step(statements.shared.setUp);
    const failed = (error: unknown): never => {
      statements.isSetUp = false;
      return this.fail(error);
    };
    void ignoreRejection(this.#send([step], () => () => this.promptLimit()).done.catch(failed));
  }

  /** Rolls the work back because the server stops, unless it is being committed. */
  abandon(): void {
    if (this.isCommitting) return;
    const error = new ConnectionLostError(STOPPING);
    if (!this.isEnding) return this.#close(error);
    // If the statement fails, COMMIT is answered with ROLLBACK. If it ends before, COMMIT decides.
    this.#failure ??= { error };
    cancelStatement(this.#client);
  }

  #giveUp({ isWorking }: AnswerLimit): void {
    this.#isSilent = !isWorking || this.isEnding;
    this.#close(
      this.#isSilent ? new ConnectionLostError(SILENT) : new DeadlineExceededError('The deadline has passed.'),
    );
  }

  /** Closes the connection, so that all statements in progress fail with the error. */
  #close(error: Error): void {
    this.#failure ??= { error };
    destroy(this.#client);
  }
}

/**
 * Runs `use` with a connection. After a failure it is released if `recover` says so, and closed if not, or if it is lost
 * or the outcome of COMMIT is unknown. Throws DeadlineExceededError.
 */
export async function withWire<T>(
  pool: ConnectionPool,
  until: Deadline | undefined,
  use: (wire: Wire) => Promise<T>,
  recover: (wire: Wire) => Promise<boolean>,
): Promise<T> {
  throwIfDeadlineExceeded(until);
  const client = await pool.acquire(until);
  const wire = new Wire(client, pool.statementsOf(client), until, pool.trace);
  const settled = pool.onAbandon(() => wire.abandon());
  try {
    const result = await use(wire);
    pool.release(client);
    return result;
  } catch (error) {
    const isLost = error instanceof ConnectionLostError || error instanceof CommitOutcomeUnknownError;
    if (!isLost && !wire.isBroken && (await recover(wire))) pool.release(client);
    else pool.discard(client, error, wire.isSilent);
    throw pool.isSuperseded ? withSupersession(error) : error;
  } finally {
    settled();
  }
}
