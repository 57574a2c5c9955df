import { randomUUID } from 'node:crypto';
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

/**
 * The counters that all servers on one database share. Each server adds to rows of its own, so that none waits for the
 * commit of another one; a sum is that of the rows of all servers.
 */
export function postgresCounters(pool: ConnectionPool, onStatement: OnStatement): SharedCounters {
  const server = randomUUID();
  return {
    add: (window, counts) =>
      counts.size === 0
        ? Promise.resolve(new Map())
        : withRetries(() => addOnce(pool, onStatement, { server, window, counts })),
    deleteBefore: (before) =>
      withRetries(() =>
        withSession(pool, onStatement, OPENING, async (session) => {
          const { rows } = await session.query<{ count: number }>(removal(before));
          await session.commit();
          return rows[0]?.count ?? 0;
        }),
      ),
  };
}

/** What a server adds to the counters of a window. */
interface Addition {
  readonly server: string;
  readonly window: Instant;
  readonly counts: Counts;
}

/** Adds exactly once: the outcome of an unacknowledged COMMIT is looked up, so that nothing is counted twice. */
async function addOnce(pool: ConnectionPool, onStatement: OnStatement, added: Addition): Promise<Counts> {
  const proof = newCommitProof('tally_proofs');
  let sums: Counts = new Map();
  try {
    await withSession(pool, onStatement, OPENING, async (session) => {
      const { rows } = await session.query<{ name: string; count: string }>(addition(added, proof));
      sums = new Map(rows.map(({ name, count }) => [name, Number(count)]));
      await session.commit();
    });
  } catch (error) {
    if (!(error instanceof CommitOutcomeUnknownError)) throw error;
    await confirmCommit(pool, onStatement, proof);
  }
  return sums;
}

/**
 * The additions of one server lock its rows in the order of their names, which prevents deadlocks. What another server is
 * adding at the same time is in the sum of the next addition.
 */
const ADD = `with proof as (insert into tally_proofs (id) values ($5::text)), own as (
    insert into tallies (window_start, server, name, count)
    select $1::timestamptz, $2::uuid, v.name, v.count from unnest($3::text[], $4::bigint[]) as v(name, count)
    order by v.name collate "C"
    on conflict (window_start, name, server) do update
      set count = least(tallies.count + excluded.count, ${Number.MAX_SAFE_INTEGER})
    returning name, count
  )
  select own.name, least(own.count + coalesce(others.count, 0), ${Number.MAX_SAFE_INTEGER})::int8::text as count
  from own cross join lateral (
    select sum(t.count) as count from tallies t
    where t.window_start = $1::timestamptz and t.name = own.name and t.server <> $2::uuid
  ) others`;

const addition = ({ server, window, counts }: Addition, proof: CommitProof): Statement => ({
  text: ADD,
  values: [new Date(window).toISOString(), server, [...counts.keys()], [...counts.values()], proof.id],
  keepsPlan: true,
});

/** Skips rows that another server has locked; that server, or the next run, deletes them. Counts each counter once. */
const REMOVE = `with old as (
    select window_start, name, server from tallies where window_start < $1::timestamptz
    order by window_start, name, server for update skip locked
  ), removed as (
    delete from tallies t using old
    where t.window_start = old.window_start and t.name = old.name and t.server = old.server
    returning t.window_start, t.name
  ) select count(*)::int as count from (select distinct window_start, name from removed) counters`;

const removal = (before: Instant): Statement => ({ text: REMOVE, values: [new Date(before).toISOString()] });
