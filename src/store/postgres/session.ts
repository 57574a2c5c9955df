import type pg from 'pg';
import type { Scope } from '../../domain/viewer.ts';
import { mustBeInTime } from '../faults.ts';
import type { Deadline } from '../store.ts';
import { beginOf, limitsOf, type Purpose, statementMs } from './begin.ts';
import { CommitOutcomeUnknownError, isRollback, Lost, orLost, RolledBack } from './failures.ts';
import { lent } from './pool.ts';
import type { Statement } from './sql.ts';

/** How much later than the deadline the server may end a statement, in ms, before it is told anew. */
const SLACK_MS = 250;

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
  #failure: { readonly error: unknown } | undefined;

  constructor(client: pg.PoolClient, onStatement: OnStatement, opening: Opening) {
    this.#client = client;
    this.#onStatement = onStatement;
    this.#opening = opening;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The bytes that the connection has received in its life. */
  get bytesRead(): number {
    // pg's types know of a stream, not that it is a socket.
    const { connection } = this.#client as { readonly connection?: { readonly stream?: object } };
    const stream = connection?.stream;
    return stream && 'bytesRead' in stream ? Number(stream.bytesRead) : 0;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Sends a statement at once; those before it need not have been answered. Refuses with TooLate. */
  query<R extends pg.QueryResultRow>(statement: Statement): Promise<pg.QueryResult<R>> {
    return heard(this.#sent<R>(statement));
  }

  async #sent<R extends pg.QueryResultRow>(statement: Statement): Promise<pg.QueryResult<R>> {
    mustBeInTime(this.#opening.until);
    this.#hurry();
    this.#onStatement(statement);
    return this.#client.query<R>(statement.text, [...statement.values]).catch(this.#failed);
  }

  /** Begins, or tells the server that less time is left than it knows of. */
  #hurry(): void {
    const { purpose, scope, until } = this.#opening;
    const leftMs = until?.remainingMs();
    const known = this.#statementMs;
    if (this.#begun && statementMs(leftMs) > known - SLACK_MS) return;
    this.#statementMs = statementMs(leftMs);
    const text = this.#begun ? `select ${limitsOf(leftMs)}` : beginOf(purpose, scope, leftMs);
    this.#begun = true;
    void heard(this.#client.query(text).catch(this.#failed));
  }

  /** What is sent together fails together: whichever statement is awaited first tells what the first of them failed of. */
  readonly #failed = (error: unknown): never => {
    this.#failure ??= { error };
    return orLost(this.#failure.error);
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
    const written = last && this.query(last);
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
    try {
      const { command } = await this.#client.query('commit');
      if (command !== 'COMMIT') throw new RolledBack('COMMIT was answered with ROLLBACK.');
    } catch (error) {
      if (!isWriting) return this.#failed(error);
      if (error instanceof RolledBack || isRollback(error)) throw error;
      throw new CommitOutcomeUnknownError('COMMIT was sent and not acknowledged.', { cause: error });
    } finally {
      this.#client.off('notice', onNotice);
    }
    // A synchronous standby has not confirmed it: it is committed here, and may be lost when that standby takes over.
    if (warning && isWriting)
      throw new CommitOutcomeUnknownError('COMMIT was acknowledged with a warning.', { cause: warning });
  }

  async rollback(): Promise<void> {
    if (this.#begun) await this.#client.query('rollback');
  }
}

/** A failure is told to whoever awaits the promise; nobody else needs to hear it. */
export function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/**
 * Lends a connection. After a failure it is rolled back, or closed where it is lost, where even the rollback fails, and
 * where a COMMIT is in doubt, so that the outcome is looked up on another one. Refuses with TooLate.
 */
export async function withSession<T>(
  pool: pg.Pool,
  onStatement: OnStatement,
  opening: Opening,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const client = await lent(pool, opening.until);
  const session = new Session(client, onStatement, opening);
  try {
    const result = await use(session);
    // A connection never goes back with a transaction open.
    if (!session.ended) await session.commit();
    client.release();
    return result;
  } catch (error) {
    const isLost = error instanceof Lost || error instanceof CommitOutcomeUnknownError;
    const mustClose =
      isLost ||
      (await session.rollback().then(
        () => false,
        () => true,
      ));
    client.release(mustClose);
    throw error;
  }
}
