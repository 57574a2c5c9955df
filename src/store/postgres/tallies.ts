import type pg from 'pg';
import type { Instant } from '../../domain/time.ts';
import type { Tallies } from '../store.ts';
import { Lost, trying } from './failures.ts';
import { type OnStatement, type Opening, type Session, withSession } from './session.ts';

/** Counts are of no institution. */
const OPENING: Opening = { purpose: 'writing', scope: 'ALL' };
import type { Statement } from './sql.ts';
import { wasCommitted } from './transaction.ts';

type Counts = ReadonlyMap<string, number>;

/** The counts of all servers on one database. */
export function postgresTallies(pool: pg.Pool, onStatement: OnStatement): Tallies {
  return {
    add: (window, counts) =>
      counts.size === 0 ? Promise.resolve(new Map()) : trying(() => addOnce(pool, onStatement, window, counts)),
    forget: (before) =>
      trying(() =>
        withSession(pool, onStatement, OPENING, async (session) => {
          const { rowCount } = await session.query(removal(before));
          await session.commit();
          return rowCount ?? 0;
        }),
      ),
  };
}

/** One unit of work. Where its COMMIT was not answered it is looked up what became of it, so that nothing counts twice. */
async function addOnce(pool: pg.Pool, onStatement: OnStatement, window: Instant, counts: Counts): Promise<Counts> {
  let ending: { readonly session: Session; readonly sums: Counts } | undefined;
  try {
    return await withSession(pool, onStatement, OPENING, async (session) => {
      const { rows } = await session.query<{ name: string; count: string }>(addition(window, counts));
      const sums = new Map(rows.map(({ name, count }) => [name, Number(count)]));
      ending = { session, sums };
      await session.commit();
      return sums;
    });
  } catch (error) {
    if (ending?.session.committing && error instanceof Lost) {
      if (await wasCommitted(pool, onStatement, await ending.session.number())) return ending.sums;
    }
    throw error;
  }
}

/** Every server goes through the rows by name, so that none waits for one that waits for it. */
const ADD = `insert into tallies (window_start, name, count)
  select $1::timestamptz, v.name, v.count from unnest($2::text[], $3::bigint[]) as v(name, count) order by v.name collate "C"
  on conflict (window_start, name) do update set count = least(tallies.count + excluded.count, ${Number.MAX_SAFE_INTEGER})
  returning name, count::int8::text as count`;

const addition = (window: Instant, counts: Counts): Statement => ({
  text: ADD,
  values: [new Date(window).toISOString(), [...counts.keys()], [...counts.values()]],
});

/** What another server is at is left to it, or to the next time. */
const REMOVE = `with old as (
    select window_start, name from tallies where window_start < $1::timestamptz order by window_start, name for update skip locked
  ) delete from tallies t using old where t.window_start = old.window_start and t.name = old.name`;

const removal = (before: Instant): Statement => ({ text: REMOVE, values: [new Date(before).toISOString()] });
