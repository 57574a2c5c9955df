import type { Instant } from '../../domain/time.ts';
import type { SharedCounters } from '../store.ts';
import { type CommitProof, confirmCommit, newCommitProof } from './commitProof.ts';
import { CommitOutcomeUnknownError, withRetries } from './errors.ts';
import type { ConnectionPool } from './pool.ts';
import { type OnStatement, type Opening, withSession } from './session.ts';
import type { Statement } from './sql.ts';

/** Counters belong to no institution. */
const OPENING: Opening = { purpose: 'writing', scope: 'ALL' };

type Counts = ReadonlyMap<string, number>;

/** The counters that all servers on one database share. */
export function postgresCounters(pool: ConnectionPool, onStatement: OnStatement): SharedCounters {
  return {
    add: (window, counts) =>
      counts.size === 0 ? Promise.resolve(new Map()) : withRetries(() => addOnce(pool, onStatement, window, counts)),
    deleteBefore: (before) =>
      withRetries(() =>
        withSession(pool, onStatement, OPENING, async (session) => {
          const { rowCount } = await session.query(removal(before));
          await session.commit();
          return rowCount ?? 0;
        }),
      ),
  };
}

/** Adds exactly once: the outcome of an unacknowledged COMMIT is looked up, so that nothing is counted twice. */
async function addOnce(
  pool: ConnectionPool,
  onStatement: OnStatement,
  window: Instant,
  counts: Counts,
): Promise<Counts> {
  const proof = newCommitProof('tally_proofs');
  let sums: Counts = new Map();
  try {
    await withSession(pool, onStatement, OPENING, async (session) => {
      const { rows } = await session.query<{ name: string; count: string }>(addition(window, counts, proof));
      sums = new Map(rows.map(({ name, count }) => [name, Number(count)]));
      await session.commit();
    });
  } catch (error) {
    if (!(error instanceof CommitOutcomeUnknownError)) throw error;
    await confirmCommit(pool, onStatement, proof);
  }
  return sums;
}

/** Every server locks the rows in the order of their names, which prevents deadlocks. */
const ADD = `with proof as (insert into tally_proofs (id) values ($4::text))
  insert into tallies (window_start, name, count)
  select $1::timestamptz, v.name, v.count from unnest($2::text[], $3::bigint[]) as v(name, count) order by v.name collate "C"
  on conflict (window_start, name) do update set count = least(tallies.count + excluded.count, ${Number.MAX_SAFE_INTEGER})
  returning name, count::int8::text as count`;

const addition = (window: Instant, counts: Counts, proof: CommitProof): Statement => ({
  text: ADD,
  values: [new Date(window).toISOString(), [...counts.keys()], [...counts.values()], proof.id],
  keepsPlan: true,
});

/** Skips rows that another server has locked; that server, or the next run, deletes them. */
const REMOVE = `with old as (
    select window_start, name from tallies where window_start < $1::timestamptz order by window_start, name for update skip locked
  ) delete from tallies t using old where t.window_start = old.window_start and t.name = old.name`;

const removal = (before: Instant): Statement => ({ text: REMOVE, values: [new Date(before).toISOString()] });
