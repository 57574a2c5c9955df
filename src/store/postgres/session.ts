import pg from 'pg';
import { orLost, RolledBack } from './failures.ts';
import type { Statement } from './sql.ts';

/** How long the database may take, in ms. Set in each transaction, so that it holds behind a pooler too. */
const LIMITS = {
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 5_000,
  idleInTransactionTimeoutMs: 10_000,
  /** Longer than the server takes to give up by itself: it cannot be heard any more, though nothing has broken. */
  silenceTimeoutMs: 30_000,
} as const;
const CONNECTIONS = 10;
/** What a row out of order costs beside one in order: little, where the data is in memory or on flash. */
const RANDOM_PAGE_COST = 1.1;

/** Called with every statement that is sent, for tests that count or explain them. */
export type OnStatement = (statement: Statement) => void;

/** The role that every transaction takes on: it owns nothing and may not rewrite history. */
export const APP_ROLE = 'escrowgrid_app';

/** What every transaction begins with. */
export const BEGIN_SETTINGS = Object.entries({
  role: APP_ROLE,
  statement_timeout: LIMITS.statementTimeoutMs,
  lock_timeout: LIMITS.lockTimeoutMs,
  idle_in_transaction_session_timeout: LIMITS.idleInTransactionTimeoutMs,
  random_page_cost: RANDOM_PAGE_COST,
})
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(', ');

/** What a transaction is for. A writing one learns its number first, so that its fate can be looked up. */
const BEGIN = {
  reading: `begin read only; select ${BEGIN_SETTINGS}`,
  snapshot: `begin isolation level repeatable read read only; select ${BEGIN_SETTINGS}`,
  writing: `begin; select ${BEGIN_SETTINGS}, pg_current_xact_id()::text as "number"`,
} as const;
export type Purpose = keyof typeof BEGIN;

/** Values come as the domain has them: times as ms, amounts as bigint. Only this pool reads them so. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.NUMERIC) return BigInt;
    if (oid === pg.types.builtins.TIMESTAMPTZ) return instantOf;
    return pg.types.getTypeParser(oid, format) as never;
  },
};
const parseTime = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => Date;
const instantOf = (text: string): number => parseTime(text).getTime();

export function openPool(connectionString: string, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max: CONNECTIONS,
    connectionTimeoutMillis: LIMITS.connectTimeoutMs,
    query_timeout: LIMITS.silenceTimeoutMs,
    types: TYPES,
    // Statements sent without waiting for each other travel together.
    pipeline: true,
  });
  pool.on('error', onError);
  // A client that breaks while it is lent out tells nobody but itself, and an error without a listener ends the process.
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** One connection within one transaction, begun with the first statement and in the same flight. */
export class Session {
  readonly #client: pg.PoolClient;
  readonly #onStatement: OnStatement;
  readonly #purpose: Purpose;
  #begun: Promise<pg.QueryResult[]> | undefined;
  /** Whether COMMIT was sent: from then on a broken connection says nothing about what was written. */
  #committing = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(client: pg.PoolClient, onStatement: OnStatement, purpose: Purpose) {
    this.#client = client;
    this.#onStatement = onStatement;
    this.#purpose = purpose;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get committing(): boolean {
    return this.#committing;
  }

  /** Sends a statement at once; those before it need not have been answered. */
  query<R extends pg.QueryResultRow>(statement: Statement): Promise<pg.QueryResult<R>> {
    // pg answers a text of two statements with two results, which its types do not know.
    this.#begun ??= heard(this.#client.query(BEGIN[this.#purpose]) as unknown as Promise<pg.QueryResult[]>);
    this.#onStatement(statement);
    return heard(this.#client.query<R>(statement.text, [...statement.values]).catch(this.#failed));
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
    const written = last && this.query(last);
    if (!this.#begun) return;
    if (this.#purpose === 'writing') await this.#begun.catch(this.#failed);
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

/** Lends a connection; after a failure it is rolled back, or thrown away where even that fails. */
export async function withSession<T>(
  pool: pg.Pool,
  onStatement: OnStatement,
  purpose: Purpose,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch(orLost);
  const session = new Session(client, onStatement, purpose);
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
