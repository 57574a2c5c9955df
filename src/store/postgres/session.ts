import type pg from 'pg';
import type { Scope } from '../../domain/viewer.ts';
import { countStatement, noteLsn } from '../deadline.ts';
import { throwIfDeadlineExceeded } from '../errors.ts';
import { LAST_LSN } from '../lsn.ts';
import type { Deadline } from '../store.ts';
import type { AnswerLimit } from './answerTimer.ts';
import { BEGIN, openingOf, type Purpose } from './begin.ts';
import type { StatedTime } from './databaseClock.ts';
import {
  CommitOutcomeUnknownError,
  ConnectionLostError,
  ignoreRejection,
  isRollback,
  RolledBackError,
} from './errors.ts';
import type { Answer } from './flight.ts';
import type { ConnectionPool } from './pool.ts';
import type { Statement } from './sql.ts';
import { PRIMARY_LSN, type StatedLsn } from './statedLsn.ts';
import { type OnStatement, type Wire, withWire } from './wire.ts';

export type { OnStatement } from './wire.ts';

/** The maximum time of ROLLBACK, in ms. */
const ROLLBACK_LIMIT: AnswerLimit = { ms: 1_000, isWorking: false };

/** The SQLSTATE of notices that are no warnings. Their severity is in the language of the server. */
const NO_WARNING = '00000';

/** The purpose, scope and deadline of a transaction. */
export interface Opening {
  readonly purpose: Purpose;
  readonly scope: Scope;
  /** The deadline. After it no statement is sent, and the server ends the running one by itself. */
  readonly until?: Deadline | undefined;
}

/** Sends the statements of a transaction. */
export interface Queries {
  /** Sends a statement without waiting for the answers to those before it. Throws DeadlineExceededError. */
  query<R extends object>(statement: Statement): Promise<Answer<R>>;
}

/** A transaction of several round trips on one connection. BEGIN is sent together with the first statement. */
export class Session implements Queries {
  readonly #wire: Wire;
  readonly #onStatement: OnStatement;
  readonly #opening: Opening;
  readonly #pool: ConnectionPool;
  #begun = false;

  constructor(wire: Wire, onStatement: OnStatement, opening: Opening, pool: ConnectionPool) {
    this.#wire = wire;
    this.#onStatement = onStatement;
    this.#opening = opening;
    this.#pool = pool;
  }

  get ended(): boolean {
    return this.#wire.isEnding;
  }

  get begun(): boolean {
    return this.#begun;
  }

  query<R extends object>(statement: Statement): Promise<Answer<R>> {
    return ignoreRejection(this.#sent<R>(statement));
  }

  async #sent<R>(statement: Statement, limitOf?: () => AnswerLimit): Promise<Answer<R>> {
    throwIfDeadlineExceeded(this.#opening.until);
    if (this.#begun) this.#wire.shortenLimits();
    else this.#begin();
    this.#onStatement(statement);
    countStatement(this.#opening.until);
    return this.#wire.one<R>(statement, limitOf);
  }

  #begin(): void {
    const { purpose, scope } = this.#opening;
    const { leftMs } = this.#wire;
    const limitOf = () => this.#wire.promptLimit();
    this.#begun = true;
    void ignoreRejection(this.#wire.text(BEGIN[purpose], limitOf).catch(this.#wire.fail));
    this.#wire.allow(leftMs);
    const opening = openingOf(this.#pool.openings, purpose, scope, leftMs);
    const sentAt = performance.now();
    const opened = this.#wire.one<StatedTime>(opening, limitOf);
    // Decisions of the transaction follow the answers to its reads, which arrive after this one.
    const noted =
      purpose === 'writing' ? opened.then(({ rows: [time] }) => time && this.#pool.clock.note(time, sentAt)) : opened;
    void ignoreRejection<unknown>(noted);
  }

  /**
   * Ends the transaction, with a last statement in the same round trip. Throws CommitOutcomeUnknownError if COMMIT was
   * sent for a write and its outcome is not certain; any other error means that nothing was written.
   */
  commit(last?: Statement): Promise<void> {
    return ignoreRejection(this.#end(last));
  }

  async #end(last: Statement | undefined): Promise<void> {
    throwIfDeadlineExceeded(this.#opening.until);
    const written = last && ignoreRejection(this.#sent(last, () => this.#wire.commitLimit()));
    // If not even the last statement was sent, the deadline had passed.
    if (!this.#begun) return void (await written);
    throwIfDeadlineExceeded(this.#opening.until);
    this.#wire.isEnding = true;
    const committed = ignoreRejection(this.#commit());
    // An error in the last statement has aborted the transaction; a lost connection leaves the outcome to COMMIT.
    await written?.catch((error: unknown) => {
      if (!(error instanceof ConnectionLostError)) throw error;
    });
    this.#wire.isCommitting = true;
    await committed;
  }

  /** Sends COMMIT. Throws if it is answered with ROLLBACK or with a warning, although pg does not. */
  async #commit(): Promise<void> {
    const wire = this.#wire;
    const isWriting = this.#opening.purpose === 'writing';
    let warning: pg.DatabaseError | undefined;
    const onNotice = (notice: pg.DatabaseError): void => {
      if (notice.code !== NO_WARNING) warning = notice;
    };
    const answer = wire.text('commit', () => (isWriting ? wire.commitLimit() : wire.statementLimit()));
    // In the same round trip: the log position of the commit is known only after it.
    const noted = isWriting && this.#pool.notesLsn && this.#opening.until ? this.#noteLsn() : undefined;
    const { command } = await wire.noticing(onNotice, answer).catch((error: unknown) => {
      if (!isWriting) return wire.fail(error);
      if (isRollback(error)) throw error;
      const cause = wire.failure?.error ?? error;
      throw new CommitOutcomeUnknownError('COMMIT was sent and not acknowledged.', { cause });
    });
    // A failed statement has aborted the transaction, even if no caller has awaited it: its error is the reason.
    if (command !== 'COMMIT') wire.fail(new RolledBackError('COMMIT was answered with ROLLBACK.'));
    // A synchronous standby has not confirmed the commit, which may be lost when that standby takes over.
    if (warning && isWriting)
      throw new CommitOutcomeUnknownError('COMMIT was acknowledged with a warning.', { cause: warning });
    await noted;
  }

  /** Notes the LSN after the commit. A failure is no failure of the commit. */
  #noteLsn(): Promise<void> {
    return this.#wire
      .one<StatedLsn>(PRIMARY_LSN, () => this.#wire.promptLimit())
      .then(
        ({ rows }) => noteLsn(this.#opening.until, rows[0]?.lsn ?? LAST_LSN),
        () => noteLsn(this.#opening.until, LAST_LSN),
      );
  }

  /** Ends the transaction without its changes. Returns whether the connection can be used again. */
  async rollback(): Promise<boolean> {
    if (!this.#begun) return true;
    return this.#wire
      .text('rollback', () => ROLLBACK_LIMIT)
      .then(
        () => true,
        () => false,
      );
  }
}

/**
 * Runs `use` with a transaction. After a failure it is rolled back. The connection is closed instead if it is lost, if
 * the rollback fails, or if the outcome of COMMIT is unknown, which is then looked up on another one. Throws
 * DeadlineExceededError.
 */
export function withSession<T>(
  pool: ConnectionPool,
  onStatement: OnStatement,
  opening: Opening,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  let session: Session | undefined;
  return withWire(
    pool,
    opening.until,
    async (wire) => {
      session = new Session(wire, onStatement, opening, pool);
      const result = await use(session);
      // A connection must not be released with an open transaction.
      if (!session.ended) await session.commit();
      return result;
    },
    async () => (await session?.rollback()) ?? true,
  );
}
