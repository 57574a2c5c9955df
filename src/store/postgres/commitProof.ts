import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { deadlineIn, noteLsn } from '../deadline.ts';
import { UnavailableError } from '../errors.ts';
import { LAST_LSN } from '../lsn.ts';
import type { Deadline } from '../store.ts';
import type { ConnectionPool } from './pool.ts';
import { type OnStatement, withSession } from './session.ts';
import type { Statement } from './sql.ts';

/** A row that only one transaction can have written. If it is found, that transaction was committed. */
export interface CommitProof {
  readonly table: 'audit_events' | 'commit_proofs' | 'tally_proofs';
  readonly id: string;
}

export const newCommitProof = (table: 'commit_proofs' | 'tally_proofs'): CommitProof => ({ table, id: randomUUID() });

/**
 * The last statement of a transaction that writes nothing. It may have read rows that a synchronous standby has not
 * confirmed and that a failover would lose. If synchronous standbys are configured, this
 * statement writes a row, and COMMIT waits for the confirmation. Otherwise it writes nothing.
 */
export const confirmReads = (): Statement => ({
  text: `insert into commit_proofs (id) select $1::text where current_setting('synchronous_standby_names') <> ''`,
  values: [randomUUID()],
  keepsPlan: true,
});

/**
 * The time limits for looking up the outcome of a commit, in ms: the remaining time of the operation, within these
 * bounds, and at most `missingMs` after the server first reported no such row.
 */
const LOOK_UP = { minMs: 1_000, maxMs: 10_000, missingMs: 1_000, pauseMs: 200 } as const;

/**
 * Resolves when it is certain that the transaction was committed, although its COMMIT was not acknowledged. Throws
 * UnavailableError if that cannot be confirmed. A missing row proves nothing, because the server process of the lost
 * connection may still be committing: then only the client may repeat the work, with the same idempotency key.
 */
export async function confirmCommit(
  pool: ConnectionPool,
  onStatement: OnStatement,
  proof: CommitProof,
  operation?: Deadline,
): Promise<void> {
  const leftMs = operation?.remainingMs() ?? Infinity;
  let until = deadlineIn(Math.min(LOOK_UP.maxMs, Math.max(LOOK_UP.minMs, leftMs)));
  let cause: unknown;
  while (until.remainingMs() > 0) {
    try {
      const found = await withSession(
        pool,
        onStatement,
        { purpose: 'writing', scope: 'ALL', until },
        async (session) => {
          const answer = session.query(lookUpOf(proof));
          await session.commit();
          return (await answer).rows.length > 0;
        },
      );
      if (found) return pool.notesLsn ? noteLsn(operation, until.lsn ?? LAST_LSN) : undefined;
      until = deadlineIn(Math.min(until.remainingMs(), LOOK_UP.missingMs));
    } catch (error) {
      // An unreachable or busy server, or a standby, reports nothing about the transaction.
      cause = error;
    }
    await delay(LOOK_UP.pauseMs);
  }
  throw new UnavailableError('The outcome of a commit could not be confirmed.', { cause });
}

/**
 * Returns a row if the proof is there. The statement also writes, so only a writable primary accepts it, and its COMMIT
 * is acknowledged only after the row that it has found is durable, on synchronous standbys too. Counters do not need
 * this durability.
 */
function lookUpOf({ table, id }: CommitProof): Statement {
  if (table === 'tally_proofs') return { text: 'select 1 from tally_proofs where id = $1::text', values: [id] };
  const own = 'insert into commit_proofs (id) values ($2::text)';
  return { text: `with own as (${own}) select 1 from ${table} where id = $1::text`, values: [id, randomUUID()] };
}

/** The retention of proofs, in hours: much longer than any look-up lasts. */
const RETENTION_HOURS = 1;

/** Deletes the proofs that no look-up needs any more. */
export async function deleteOldCommitProofs(pool: ConnectionPool, onStatement: OnStatement): Promise<void> {
  await withSession(pool, onStatement, { purpose: 'writing', scope: 'ALL' }, async (session) => {
    const old = `created_at < now() - interval '${RETENTION_HOURS} hours'`;
    const text = `with tally as (delete from tally_proofs where ${old}) delete from commit_proofs where ${old}`;
    await session.commit({ text, values: [] });
  });
}
