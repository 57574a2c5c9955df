import type pg from 'pg';
import type { Scope } from '../../domain/viewer.ts';
import { mustBeInTime, TooLate } from '../faults.ts';
import type { Deadline } from '../store.ts';
import { type AnswerLimit, AnswerTimer } from './answerTimer.ts';
import { beginOf, limitsOf, type Purpose, statementMs } from './begin.ts';
import { CommitOutcomeUnknownError, isRollback, Lost, lostOr, RolledBack, SILENT } from './failures.ts';
import { type ConnectionPool, destroy, isBroken, socketOf } from './pool.ts';
import type { Statement } from './sql.ts';

/** How much later than the deadline the server may end a statement, in ms, before it is told anew. */
const SLACK_MS = 250;

/** How long answers may take, in ms. */
const ANSWER = {
  /** BEGIN waits for nothing, so a server that does not answer it in this time, or in half of what is left, is away. */
  beginMs: 5_000,
  minBeginMs: 500,
  /** After the time at which the server itself ends a statement. */
  graceMs: 250,
  /** The part of the time that is left in which a transaction is committed. The rest is for the look-up of its outcome. */
  commitPart: 0.75,
  minCommitMs: 500,
  rollbackMs: 1_000,
} as const;
const ROLLBACK_LIMIT: AnswerLimit = { ms: ANSWER.rollbackMs, isWorking: false };

/** The SQLSTATE of notices that are no warnings. Their severity is in the language of the server. */
const NO_WARNING = '00000';

/** Called with every statement that is sent, for tests that count or explain them. */
export type OnStatement = (statement: Statement) => void;

/** What a transaction is opened for. */
export interface Opening {
  readonly purpose: Purpose;
  readonly scope: Scope;
  /** Once it has passed no statement is sent any more, and the server ends by itself what it is at. */
  readonly until?: Deadline | undefined;
}

/** One connection within one transaction, begun with the first statement and in the same flight. */
export class Session {
  readonly #client: pg.PoolClient;
  readonly #onStatement: OnStatement;
  readonly #opening: Opening;
  #begun = false;
  /** How long the server lets a statement run, in ms. */
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

  /** The bytes that the connection has received in its life. */
  get bytesRead(): number {
    return socketOf(this.#client)?.bytesRead ?? 0;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Sends a statement at once; those before it need not have been answered. Refuses with TooLate. */
  query<R extends pg.QueryResultRow>(statement: Statement): Promise<pg.QueryResult<R>> {
    return heard(this.#sent<R>(statement, () => this.#statementLimit()));
  }

  async #sent<R extends pg.QueryResultRow>(
    statement: Statement,
    limitOf: () => AnswerLimit,
  ): Promise<pg.QueryResult<R>> {
    mustBeInTime(this.#opening.until);
    this.#hurry();
    this.#onStatement(statement);
    const answer = this.#client.query<R>(statement.text, [...statement.values]);
    // Where BEGIN failed, a statement can succeed outside the transaction, without its role and its scope.
    const checked = (result: pg.QueryResult<R>) => (this.#failure ? this.#failed(this.#failure.error) : result);
    return this.#answers.watch(answer, limitOf).then(checked, this.#failed);
  }

  /** Begins, or tells the server that less time is left than it knows of. */
  #hurry(): void {
    const { purpose, scope } = this.#opening;
    const leftMs = this.#leftMs();
    const known = this.#statementMs;
    const wasBegun = this.#begun;
    if (wasBegun && statementMs(leftMs) > known - SLACK_MS) return;
    this.#statementMs = statementMs(leftMs);
    const text = wasBegun ? `select ${limitsOf(leftMs)}` : beginOf(purpose, scope, leftMs);
    this.#begun = true;
    const limitOf = () => (wasBegun ? this.#statementLimit() : this.#beginLimit());
    void heard(this.#answers.watch(this.#client.query(text), limitOf).catch(this.#failed));
  }

  /** What is left until the deadline, in ms. */
  #leftMs(): number {
    return this.#opening.until?.remainingMs() ?? Infinity;
  }

  #beginLimit(): AnswerLimit {
    const ms = Math.min(ANSWER.beginMs, Math.max(ANSWER.minBeginMs, this.#leftMs() / 2));
    return { ms, isWorking: false };
  }

  /** The server ends a statement by itself. It may still be at one when the deadline is nearer than that. */
  #statementLimit(): AnswerLimit {
    const leftMs = Math.max(0, this.#leftMs());
    const isWorking = leftMs < this.#statementMs - SLACK_MS;
    return { ms: Math.min(this.#statementMs, leftMs) + ANSWER.graceMs, isWorking };
  }

  #commitLimit(): AnswerLimit {
    const partMs = Math.max(ANSWER.minCommitMs, this.#leftMs() * ANSWER.commitPart);
    return { ms: Math.min(this.#statementMs + ANSWER.graceMs, partMs), isWorking: false };
  }

  /** Closes the connection, so that all statements that were sent fail. */
  #giveUp({ isWorking }: AnswerLimit): void {
    // Once COMMIT was sent nobody knows whether it arrived.
    this.#isSilent = !isWorking || this.#ended;
    const error = this.#isSilent ? new Lost(SILENT) : new TooLate('The deadline has passed.');
    this.#failure ??= { error };
    destroy(this.#client);
  }

  /** What is sent together fails together: whichever statement is awaited first tells what the first of them failed of. */
  readonly #failed = (error: unknown): never => {
    this.#failure ??= { error };
    throw lostOr(this.#failure.error, isBroken(this.#client));
  };

  /**
   * Ends the transaction, with a last statement in the same flight. Throws CommitOutcomeUnknownError if COMMIT was sent
   * for something written and its outcome is not certain; every other error means that nothing was written.
   */
  commit(last?: Statement): Promise<void> {
    return heard(this.#end(last));
  }

  async #end(last: Statement | undefined): Promise<void> {
    mustBeInTime(this.#opening.until);
    const written = last && heard(this.#sent(last, () => this.#commitLimit()));
    // Where not even that was sent, it was too late.
    if (!this.#begun) return void (await written);
    mustBeInTime(this.#opening.until);
    this.#ended = true;
    const committed = heard(this.#commit());
    // An error in the last statement has aborted the transaction; a lost connection leaves the outcome to COMMIT.
    await written?.catch((error: unknown) => {
      if (!(error instanceof Lost)) throw error;
    });
    await committed;
  }

  /** A COMMIT that is answered with ROLLBACK, or with a warning, fails here, although pg throws no error. */
  async #commit(): Promise<void> {
    const isWriting = this.#opening.purpose === 'writing';
    let warning: pg.DatabaseError | undefined;
    const onNotice = (notice: { readonly code: string | undefined }): void => {
      if (notice.code !== NO_WARNING) warning = notice as pg.DatabaseError;
    };
    this.#client.on('notice', onNotice);
    const limitOf = () => (isWriting ? this.#commitLimit() : this.#statementLimit());
    const answer = this.#answers.watch(this.#client.query('commit'), limitOf);
    const { command } = await answer
      .catch((error: unknown) => {
        if (!isWriting) return this.#failed(error);
        if (isRollback(error)) throw error;
        const cause = this.#failure?.error ?? error;
        throw new CommitOutcomeUnknownError('COMMIT was sent and not acknowledged.', { cause });
      })
      .finally(() => this.#client.off('notice', onNotice));
    // A statement that failed has aborted the transaction, even if nobody has awaited it: its error is the reason.
    if (command !== 'COMMIT') this.#failed(new RolledBack('COMMIT was answered with ROLLBACK.'));
    // A synchronous standby has not confirmed it: it is committed here, and may be lost when that standby takes over.
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

/** A failure is told to whoever awaits the promise; nobody else needs to hear it. */
export function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/**
 * Acquires a connection. After a failure it is rolled back, or closed where it is lost, where even the rollback fails,
 * and where a COMMIT is in doubt, so that the outcome is looked up on another one. Refuses with TooLate.
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
    // A connection never goes back with a transaction open.
    if (!session.ended) await session.commit();
    pool.release(client);
    return result;
  } catch (error) {
    const isLost = error instanceof Lost || error instanceof CommitOutcomeUnknownError;
    if (!isLost && (await session.rollback())) pool.release(client);
    else pool.discard(client, error, session.isSilent);
    throw error;
  }
}
