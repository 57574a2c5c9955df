import type pg from 'pg';
import type { Scope } from '../../domain/viewer.ts';
import { mustBeInTime } from '../faults.ts';
import type { Deadline } from '../store.ts';
import { beginOf, limitsOf, type Purpose, statementMs } from './begin.ts';
import { orLost, RolledBack } from './failures.ts';
import { lent } from './pool.ts';
import type { Statement } from './sql.ts';

/** How much later than the deadline the server may end a statement, in ms, before it is told anew. */
const SLACK_MS = 250;

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
  #begun: Promise<pg.QueryResult[]> | undefined;
  /** How long the server lets a statement run, in ms. */
  #statementMs = 0;
  /** Whether COMMIT was sent: from then on a broken connection says nothing about what was written. */
  #committing = false;
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

  get committing(): boolean {
    return this.#committing;
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
    // pg answers a text of two statements with two results, which its types do not know.
    const ask = (text: string) => heard(this.#client.query(text) as unknown as Promise<pg.QueryResult[]>);
    if (this.#begun) void ask(`select ${limitsOf(leftMs)}`);
    else this.#begun = ask(beginOf(purpose, scope, leftMs));
  }

  /** What is sent together fails together: whichever statement is awaited first tells what the first of them failed of. */
  readonly #failed = (error: unknown): never => {
    this.#failure ??= { error };
    return orLost(this.#failure.error);
  };

  /** The transaction's number; undefined if it never began. */
  async number(): Promise<string | undefined> {
    const results = await this.#begun?.catch(() => undefined);
    return (results?.[1]?.rows[0] as { readonly number?: string } | undefined)?.number;
  }

  /**
   * Ends the transaction, with a last statement in the same flight. A COMMIT that the server answers with ROLLBACK is
   * an error, though pg throws none. COMMIT is not sent before the transaction's number is known: without it nobody
   * could look up what became of it.
   */
  commit(last?: Statement): Promise<void> {
    return heard(this.#end(last));
  }

  async #end(last: Statement | undefined): Promise<void> {
    mustBeInTime(this.#opening.until);
    const written = last && this.query(last);
    // Where not even that was sent, it was too late.
    if (!this.#begun) return void (await written);
    if (this.#opening.purpose === 'writing') await this.#begun.catch(this.#failed);
    mustBeInTime(this.#opening.until);
    this.#committing = true;
    this.#ended = true;
    const done = heard(this.#client.query('commit').catch(this.#failed));
    await written;
    const { command } = await done;
    if (command !== 'COMMIT') throw new RolledBack('COMMIT was answered with ROLLBACK.');
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

/** Lends a connection; after a failure it is rolled back, or thrown away where even that fails. Refuses with TooLate. */
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
    const broken = await session.rollback().then(
      () => false,
      () => true,
    );
    client.release(broken);
    throw error;
  }
}
