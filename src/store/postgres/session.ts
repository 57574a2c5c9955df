import pg from 'pg';
import type { Statement } from './sql.ts';

/** How long the database may take, in ms. Set in each transaction, so that it holds behind a pooler too. */
const LIMITS = {
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 5_000,
  idleInTransactionTimeoutMs: 10_000,
} as const;
const CONNECTIONS = 10;
/** What a row out of order costs beside one in order: little, where the data is in memory or on flash. */
const RANDOM_PAGE_COST = 1.1;

/** Called with every statement that is sent, for tests that count or explain them. */
export type OnStatement = (statement: Statement) => void;

/** What every transaction begins with. */
export const BEGIN_SETTINGS = [
  ['statement_timeout', LIMITS.statementTimeoutMs],
  ['lock_timeout', LIMITS.lockTimeoutMs],
  ['idle_in_transaction_session_timeout', LIMITS.idleInTransactionTimeoutMs],
  ['random_page_cost', RANDOM_PAGE_COST],
]
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(', ');

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
  readonly #readOnly: boolean;
  #begun = false;

  constructor(client: pg.PoolClient, onStatement: OnStatement, readOnly: boolean) {
    this.#client = client;
    this.#onStatement = onStatement;
    this.#readOnly = readOnly;
  }

  /** Sends a statement at once; those before it need not have been answered. */
  query<R extends pg.QueryResultRow>(statement: Statement): Promise<pg.QueryResult<R>> {
    if (!this.#begun) {
      this.#begun = true;
      void heard(this.#client.query(`begin${this.#readOnly ? ' read only' : ''}; select ${BEGIN_SETTINGS}`));
    }
    this.#onStatement(statement);
    return heard(this.#client.query<R>(statement.text, [...statement.values]));
  }

  /**
   * Ends the transaction, with a last statement in the same flight. A COMMIT that the server answers with ROLLBACK is
   * an error, though pg throws none.
   */
  async commit(last?: Statement): Promise<void> {
    const written = last && this.query(last);
    if (!this.#begun) return;
    const done = heard(this.#client.query('commit'));
    await written;
    const { command } = await done;
    if (command !== 'COMMIT') throw new Error('The transaction was rolled back.');
  }

  async rollback(): Promise<void> {
    if (this.#begun) await this.#client.query('rollback');
  }
}

/** A failure is told to whoever awaits the promise; nobody else needs to hear it. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Lends a connection; after a failure it is rolled back, or thrown away where even that fails. */
export async function withSession<T>(
  pool: pg.Pool,
  onStatement: OnStatement,
  readOnly: boolean,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  const session = new Session(client, onStatement, readOnly);
  try {
    const result = await use(session);
    client.release();
    return result;
  } catch (error) {
    await session.rollback().then(
      () => client.release(),
      (broken: Error) => client.release(broken),
    );
    throw error;
  }
}
