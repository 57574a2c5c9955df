import { setImmediate as nextTurn } from 'node:timers/promises';
import { TOKENS_VERSION } from '../../domain/tokens.ts';
import type { Owned } from '../tables.ts';
import { allowRepeat, withRetries } from './errors.ts';
import { columnName, encode, type Layout } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import type { ConnectionPool } from './pool.ts';
import { type OnStatement, type Session, withSession } from './session.ts';
import type { Statement } from './sql.ts';

/** The maximum number of rows that one transaction recomputes, so that others do not wait long to change these rows. */
const BATCH_ROWS = 200;
/** The number of characters after which a transaction takes no further row. */
const BATCH_CHARACTERS = 100_000;

type RefreshBatch = (session: Session, doneThrough: string) => Promise<void>;

const SEARCHED: ReadonlyMap<string, RefreshBatch> = new Map([
  [LAYOUTS.chatSessions.table, (...batch) => refreshBatch(LAYOUTS.chatSessions, ...batch)],
  [LAYOUTS.chatMessages.table, (...batch) => refreshBatch(LAYOUTS.chatMessages, ...batch)],
]);

interface Progress {
  readonly table: string;
  readonly doneThrough: string;
}

/**
 * Recomputes the words of the next rows that an earlier tokenizer may have computed. Returns whether no such rows are
 * left. The progress is committed with the words, so the work resumes after a crash, and servers that run it at the
 * same time take turns. A server of an earlier version does not touch the words of a later one.
 */
export function refreshWords(pool: ConnectionPool, onStatement: OnStatement): Promise<boolean> {
  return withRetries(() =>
    withSession(pool, onStatement, { purpose: 'writing', scope: 'ALL' }, async (session) => {
      const { rows } = await session.query<Progress>(PENDING);
      const [pending] = rows;
      if (!pending) return true;
      const refresh = SEARCHED.get(pending.table);
      if (!refresh) throw new Error(`The table ${pending.table} has no words.`);
      await refresh(session, pending.doneThrough);
      return false;
    }).catch(allowRepeat),
  );
}

/** Locks the progress of the tables that still have such rows. */
const PENDING: Statement = {
  text: `select table_name as table, case when version = $1::int then done_through else '' end as "doneThrough"
    from search_words where version < $1::int or (version = $1::int and done_through is not null)
    order by table_name for update`,
  values: [TOKENS_VERSION],
};

async function refreshBatch<E extends Owned>(layout: Layout<E>, session: Session, doneThrough: string): Promise<void> {
  const { table, words: source } = layout;
  if (!source) throw new Error(`The table ${table} has no words.`);
  // The rows have only the fields that the words are derived from.
  const { rows } = await session.query<E>(batchOf(layout, doneThrough));
  const words: string[] = [];
  let characters = 0;
  for (const row of rows) {
    if (characters > BATCH_CHARACTERS) break;
    words.push(String(encode(source.of(row), 'text[]')));
    for (const field of source.from) characters += String(row[field] ?? '').length;
    // A long text takes some milliseconds, so other requests run between two texts.
    await nextTurn();
  }
  const done = rows.slice(0, words.length);
  if (done.length > 0) void session.query(updateOf(table, done, words));
  const isLast = done.length === rows.length && rows.length < BATCH_ROWS;
  await session.commit({
    text: 'update search_words set version = $1::int, done_through = $2::text where table_name = $3::text',
    values: [TOKENS_VERSION, isLast ? null : (done.at(-1)?.id ?? null), table],
  });
}

/** Returns the next rows, locked, so that their texts do not change before their words are written. */
const batchOf = <E>({ table, words }: Layout<E>, doneThrough: string): Statement => ({
  text: `select id, institution_id as "institutionId", ${(words?.from ?? []).map((field) => `${columnName(field)} as "${field}"`).join(', ')}
    from ${table} where id > $1::text order by id limit ${BATCH_ROWS} for no key update`,
  values: [doneThrough],
});

/** Updates only the rows whose words differ. */
const updateOf = (table: string, rows: readonly { readonly id: string }[], words: readonly string[]): Statement => ({
  text: `update ${table} t set words = v.words
    from (select id, array_to_tsvector(words::text[]) as words from unnest($1::text[], $2::text[]) as u(id, words)) v
    where t.id = v.id and t.words <> v.words`,
  values: [rows.map(({ id }) => id), words],
});
