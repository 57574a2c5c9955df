import type { TableLoad, TableName, Tables } from '../store.ts';
import { confirmCommit, newCommitProof } from './commitProof.ts';
import { CommitOutcomeUnknownError, withRetries } from './errors.ts';
import type { ConnectionPool } from './pool.ts';
import { type OnStatement, type Session, withSession } from './session.ts';
import { noWrites, type Writes, writeStatement } from './write.ts';

/** Inserts rows in one transaction, of one statement per call. Their words and terms are computed again. */
export const loadTables = <R>(
  pool: ConnectionPool,
  onStatement: OnStatement,
  work: (load: TableLoad) => Promise<R>,
): Promise<R> => withRetries(() => loadOnce(pool, onStatement, work));

async function loadOnce<R>(
  pool: ConnectionPool,
  onStatement: OnStatement,
  work: (load: TableLoad) => Promise<R>,
): Promise<R> {
  const proof = newCommitProof('commit_proofs');
  let ended: { readonly result: R } | undefined;
  try {
    return await withSession(pool, onStatement, { purpose: 'writing', scope: 'ALL' }, async (session) => {
      const result = await work({ insert: (name, rows) => insertInto(session, name, rows) });
      ended = { result };
      await session.commit({ text: `insert into ${proof.table} (id) values ($1::text)`, values: [proof.id] });
      return result;
    });
  } catch (error) {
    if (!ended || !(error instanceof CommitOutcomeUnknownError)) throw error;
    await confirmCommit(pool, onStatement, proof);
    return ended.result;
  }
}

async function insertInto<T extends TableName>(session: Session, name: T, rows: readonly Tables[T][]): Promise<void> {
  const writes = noWrites();
  const { insert }: Writes<Tables[T]> = writes[name];
  insert.push(...rows);
  const statement = writeStatement(writes, [], null, undefined);
  if (statement) await session.query(statement);
}
