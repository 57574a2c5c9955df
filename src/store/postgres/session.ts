import type pg from 'pg';
import type { Scope } from '../../domain/viewer.ts';
import { DeadlineExceededError, throwIfDeadlineExceeded } from '../errors.ts';
import type { Deadline } from '../store.ts';
import { type AnswerLimit, AnswerTimer } from './answerTimer.ts';
import { beginOf, limitsOf, type Purpose, statementMs } from './begin.ts';
import {
  CommitOutcomeUnknownError,
  ConnectionLostError,
  ignoreRejection,
  isRollback,
  RolledBackError,
  SILENT,
  toConnectionError,
} from './errors.ts';
import { type ConnectionPool, corkForTick, destroy, isBroken, socketOf } from './pool.ts';
import type { Statement } from './sql.ts';

/** The time after the deadline within which the server may end a statement before its timeout is set again, in ms. */
const SLACK_MS = 250;

/** The limits for answers, in ms. */
const ANSWER = {
  /** BEGIN waits for nothing: a server without an answer in this time, or half of the remaining, is unavailable. */
  beginMs: 5_000,
  minBeginMs: 500,
  /** The additional time after the server's own timeout of a statement. */
  graceMs: 250,
  /**
   * The fraction of the remaining time in which a transaction is committed. The rest is for the look-up of its outcome.
   */
  commitPart: 0.75,
  minCommitMs: 500,
  rollbackMs: 1_000,
} as const;
const ROLLBACK_LIMIT: AnswerLimit = { ms: ANSWER.rollbackMs, isWorking: false };

/** The SQLSTATE of notices that are no warnings. Their severity is in the language of the server. */
const NO_WARNING = '00000';

/** Called with every statement that is sent, for tests that count or explain them. */
export type OnStatement = (statement: Statement) => void;

/** The purpose, scope and deadline of a transaction. */
export interface Opening {
  readonly purpose: Purpose;
  readonly scope: Scope;
  /** The deadline. After it no statement is sent, and the server ends the running one by itself. */
  readonly until?: Deadline | undefined;
}

/** A transaction on one connection. BEGIN is sent together with the first statement. */
export class Session {
  readonly #client: pg.PoolClient;
  readonly #onStatement: OnStatement;
  readonly #opening: Opening;
  #begun = false;
  /** The statement timeout that is set on the server, in ms. */
  #statementMs = 0;
  #ended = false;
  #isSilent = false;
  #failure: { readonly error: unknown } | undefined;
  readonly #answers = new AnswerTimer((limit) => this.#giveUp(limit));

  constructor(client: pg.PoolClient, onStatement: OnStatement, opening: Opening) {
    this.#client = client;
    this.#onStatement = onStatement;
    this.#opening = opening;
  }

  /** Whether the server did not answer in time. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The total bytes that the connection has received. */
  get bytesRead(): number {
    return socketOf(this.#client)?.bytesRead ?? 0;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Sends a statement at once, without waiting for the answers to those before it. Throws DeadlineExceededError. */
  query<R extends pg.QueryResultRow>(statement: Statement): Promise<pg.QueryResult<R>> {
    return ignoreRejection(this.#sent<R>(statement, () => this.#statementLimit()));
  }

  async #sent<R extends pg.QueryResultRow>(
    statement: Statement,
    limitOf: () => AnswerLimit,
  ): Promise<pg.QueryResult<R>> {
    throwIfDeadlineExceeded(this.#opening.until);
    this.#applyDeadline();
    this.#onStatement(statement);
    corkForTick(this.#client);
    const answer = this.#client.query<R>(statement.text, [...statement.values]);
    // If BEGIN failed, a statement can succeed outside the transaction, without its role and its scope.
    const checked = (result: pg.QueryResult<R>) => (this.#failure ? this.#failed(this.#failure.error) : result);
    return this.#answers.watch(answer, limitOf).then(checked, this.#failed);
  }

  /** Begins the transaction, or shortens the server's statement timeout if less time is left than it was given. */
  #applyDeadline(): void {
    const { purpose, scope } = this.#opening;
    const leftMs = this.#leftMs();
    const known = this.#statementMs;
    const wasBegun = this.#begun;
    if (wasBegun && statementMs(leftMs) > known - SLACK_MS) return;
    this.#statementMs = statementMs(leftMs);
    const text = wasBegun ? `select ${limitsOf(leftMs)}` : beginOf(purpose, scope, leftMs);
    this.#begun = true;
    corkForTick(this.#client);
    const limitOf = () => (wasBegun ? this.#statementLimit() : this.#beginLimit());
    void ignoreRejection(this.#answers.watch(this.#client.query(text), limitOf).catch(this.#failed));
  }

  /** Returns the time until the deadline, in ms. */
  #leftMs(): number {
    return this.#opening.until?.remainingMs() ?? Infinity;
  }

  #beginLimit(): AnswerLimit {
    const ms = Math.min(ANSWER.beginMs, Math.max(ANSWER.minBeginMs, this.#leftMs() / 2));
    return { ms, isWorking: false };
  }

  /**
   * Returns the limit of a statement. The server ends it by itself, but may still run it if the deadline is earlier.
   */
  #statementLimit(): AnswerLimit {
    const leftMs = Math.max(0, this.#leftMs());
    const isWorking = leftMs < this.#statementMs - SLACK_MS;
    return { ms: Math.min(this.#statementMs, leftMs) + ANSWER.graceMs, isWorking };
  }

  #commitLimit(): AnswerLimit {
    const partMs = Math.max(ANSWER.minCommitMs, this.#leftMs() * ANSWER.commitPart);
    return { ms: Math.min(this.#statementMs + ANSWER.graceMs, partMs), isWorking: false };
  }

  /** Closes the connection, so that all statements in progress fail. */
  #giveUp({ isWorking }: AnswerLimit): void {
    // Once COMMIT was sent, it is unknown whether it arrived.
    this.#isSilent = !isWorking || this.#ended;
    const error = this.#isSilent
      ? new ConnectionLostError(SILENT)
      : new DeadlineExceededError('The deadline has passed.');
    this.#failure ??= { error };
    destroy(this.#client);
  }

  /**
   * Statements that were sent together fail together: whichever is awaited first reports the first failure of them all.
   */
  readonly #failed = (error: unknown): never => {
    this.#failure ??= { error };
    throw toConnectionError(this.#failure.error, isBroken(this.#client));
  };

  /**
   * Ends the transaction, with a last statement in the same round trip. Throws CommitOutcomeUnknownError if COMMIT was
   * sent for a write and its outcome is not certain; any other error means that nothing was written.
   */
  commit(last?: Statement): Promise<void> {
    return ignoreRejection(this.#end(last));
  }

  async #end(last: Statement | undefined): Promise<void> {
    throwIfDeadlineExceeded(this.#opening.until);
    const written = last && ignoreRejection(this.#sent(last, () => this.#commitLimit()));
    // If not even the last statement was sent, the deadline had passed.
    if (!this.#begun) return void (await written);
    throwIfDeadlineExceeded(this.#opening.until);
    this.#ended = true;
    const committed = ignoreRejection(this.#commit());
    // An error in the last statement has aborted the transaction; a lost connection leaves the outcome to COMMIT.
    await written?.catch((error: unknown) => {
      if (!(error instanceof ConnectionLostError)) throw error;
    });
    await committed;
  }

  /** Sends COMMIT. Throws if it is answered with ROLLBACK or with a warning, although pg does not. */
  async #commit(): Promise<void> {
    const isWriting = this.#opening.purpose === 'writing';
    let warning: pg.DatabaseError | undefined;
    const onNotice = (notice: { readonly code: string | undefined }): void => {
      if (notice.code !== NO_WARNING) warning = notice as pg.DatabaseError;
    };
    this.#client.on('notice', onNotice);
    const limitOf = () => (isWriting ? this.#commitLimit() : this.#statementLimit());
    corkForTick(this.#client);
    const answer = this.#answers.watch(this.#client.query('commit'), limitOf);
    const { command } = await answer
      .catch((error: unknown) => {
        if (!isWriting) return this.#failed(error);
        if (isRollback(error)) throw error;
        const cause = this.#failure?.error ?? error;
        throw new CommitOutcomeUnknownError('COMMIT was sent and not acknowledged.', { cause });
      })
      .finally(() => this.#client.off('notice', onNotice));
    // A failed statement has aborted the transaction, even if no caller has awaited it: its error is the reason.
    if (command !== 'COMMIT') this.#failed(new RolledBackError('COMMIT was answered with ROLLBACK.'));
    // A synchronous standby has not confirmed the commit, which may be lost when that standby takes over.
    if (warning && isWriting)
      throw new CommitOutcomeUnknownError('COMMIT was acknowledged with a warning.', { cause: warning });
  }

  /** Ends the transaction without its changes. Returns whether the connection can be used again. */
  async rollback(): Promise<boolean> {
    if (isBroken(this.#client)) return false;
    if (!this.#begun) return true;
    const answer = this.#answers.watch(this.#client.query('rollback'), () => ROLLBACK_LIMIT);
    return answer.then(
      () => true,
      () => false,
    );
  }
}

/**
 * Runs `use` with a connection. After a failure the transaction is rolled back. The connection is closed instead if it
 * is lost, if the rollback fails, or if the outcome of COMMIT is unknown, which is then looked up on another one.
 * Throws DeadlineExceededError.
 */
export async function withSession<T>(
  pool: ConnectionPool,
  onStatement: OnStatement,
  opening: Opening,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const client = await pool.acquire(opening.until);
  const session = new Session(client, onStatement, opening);
  try {
    const result = await use(session);
    // A connection must not be released with an open transaction.
    if (!session.ended) await session.commit();
    pool.release(client);
    return result;
  } catch (error) {
    const isLost = error instanceof ConnectionLostError || error instanceof CommitOutcomeUnknownError;
    if (!isLost && (await session.rollback())) pool.release(client);
    else pool.discard(client, error, session.isSilent);
    throw error;
  }
}
