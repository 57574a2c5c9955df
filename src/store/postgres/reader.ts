import { couldBeId, type Id } from '../../domain/ids.ts';
import { POSITION_STATES } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import { textIssue } from '../../domain/text.ts';
import { JsonText } from '../jsonText.ts';
import type { Page, Reader, ReadOptions, Selection, Total, UnreadOf, Window } from '../store.ts';
import { type Layout } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import type { Read } from './reads.ts';
import type { Queries } from './session.ts';
import { inScope, Parameters, type Statement, selectOf, unreadOf, whereOf } from './sql.ts';
import { windowOf } from './window.ts';

export const readerOf = <E extends { readonly id: Id }>(
  layout: Layout<E>,
  tenant: Id | null,
  read: Read,
  options: () => ReadOptions,
): Reader<E> => ({
  byIds: inParts(
    () => 1,
    (ids) => read('byId', (queries) => byIds(queries, { ...layout, ...options() }, tenant, ids, '')),
  ),
  pages: inParts(
    ({ limit }) => limit + 1,
    (windows) => read('page', (queries) => pages(queries, { ...layout, ...options() }, tenant, windows)),
  ),
  counts: (selections) => read('alone', (queries) => counts(queries, layout, tenant, selections)),
});

/** The initial and the maximum number of rows read at once: a row may have more than 64 KiB, but most are small. */
const ROWS_AT_ONCE = { first: 512, max: 1_024 } as const;

/**
 * Reads many rows in parts, one after another, so that a read which is too large is refused before all of it is in
 * memory.
 */
const inParts =
  <Q, A>(rowsOf: (question: Q) => number, read: (questions: readonly Q[]) => Promise<readonly A[]>) =>
  async (questions: readonly Q[]): Promise<readonly A[]> => {
    const answers: A[] = [];
    let rows: number = ROWS_AT_ONCE.first;
    for (let from = 0; from < questions.length; rows = Math.min(2 * rows, ROWS_AT_ONCE.max)) {
      let to = from;
      for (let sum = 0; to < questions.length && (to === from || sum < rows); to += 1)
        sum += rowsOf(questions[to] as Q);
      const part = from === 0 && to === questions.length ? questions : questions.slice(from, to);
      answers.push(...(await read(part)));
      from = to;
    }
    return answers;
  };

/** Reads rows by id with one statement; `lock` is its final clause. Malformed ids are not sent. */
export async function byIds<E extends { readonly id: Id }>(
  queries: Queries,
  layout: Layout<E>,
  tenant: Id | null,
  ids: readonly Id[],
  lock: '' | ' order by t.id for update',
): Promise<readonly (E | undefined)[]> {
  const parameters = new Parameters();
  const known = parameters.add([...new Set(ids.filter(couldBeId))], 'text[]');
  const where = whereOf(layout, { where: {} }, tenant, parameters);
  const any = `${where === '' ? ' where' : `${where} and`} t.id = any(${known})`;
  const { rows } = await queries.query<E>({
    text: selectOf(layout) + any + lock,
    values: parameters.values,
    keepsPlan: true,
  });
  keepTexts(layout, rows);
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id));
}

/** Reads windows with one statement if they differ only in their parent. */
export async function pages<E extends { readonly id: Id }>(
  queries: Queries,
  layout: Layout<E>,
  tenant: Id | null,
  windows: readonly Window<E>[],
): Promise<readonly Page<E>[]> {
  const answers = await perParent<E, Window<E>, E>(queries, windows, (window, parameters, bound) =>
    windowOf(layout, window, tenant, parameters, bound),
  );
  return answers.map((rows, index) => {
    keepTexts(layout, rows);
    const { limit, backward, unreadFor = [] } = windows[index] as Window<E>;
    const more = rows.length > limit;
    const kept = (more ? rows.slice(0, limit) : rows).map((row) => withUnread(row, unreadFor));
    return { rows: backward ? kept.toReversed() : kept, more };
  });
}

/** Replaces the texts of JSON columns that were read as text. */
function keepTexts<E>({ asText = [], columns }: Layout<E>, rows: readonly E[]): void {
  for (const field of asText) {
    if (!(field in columns)) continue;
    for (const row of rows as readonly { [field: string]: unknown }[]) {
      const text = row[field];
      if (typeof text === 'string') row[field] = new JsonText(text);
    }
  }
}

/** Moves the unread counts that were read with a row into one field. */
function withUnread<E extends object>(row: E, participants: readonly string[]): E {
  if (participants.length === 0) return row;
  const own = { ...row } as { [column: string]: unknown };
  const counted = participants.map((participant, index) => {
    const column = `unread${index}`;
    const { [column]: count } = own;
    delete own[column];
    return [participant, count] as const;
  });
  return { ...(own as E), unread: Object.fromEntries(counted) };
}

/** Reads all unread counts with one statement. */
export async function unreadCounts(
  queries: Queries,
  tenant: Id | null,
  requests: readonly UnreadOf[],
): Promise<readonly number[]> {
  const parameters = new Parameters();
  const ids = parameters.add(
    requests.map(({ sessionId }) => known(sessionId)),
    'text[]',
  );
  const participants = parameters.add(
    requests.map(({ participantReference }) => participantReference),
    'text[]',
  );
  const text =
    `select q.n::int, (${unreadOf('q.participant')}) as count` +
    ` from unnest(${ids}, ${participants}) with ordinality as q(id, participant, n)` +
    ` join chat_sessions t on t.id = q.id${inScope('t', tenant, parameters)}`;
  const { rows } = await queries.query<{ n: number; count: number }>({ text, values: parameters.values });
  const counted = new Map(rows.map(({ n, count }) => [n, count]));
  return requests.map((_each, index) => counted.get(index + 1) ?? 0);
}

export async function counts<E extends { readonly id: Id }>(
  queries: Queries,
  layout: Layout<E>,
  tenant: Id | null,
  selections: readonly Selection<E>[],
): Promise<readonly number[]> {
  const answers = await perParent<E, Selection<E>, { count: number }>(
    queries,
    selections,
    (selection, parameters, bound) =>
      `select count(*)::int as count from ${layout.table} t${whereOf(layout, selection, tenant, parameters, bound)}`,
  );
  return answers.map(([row]) => row?.count ?? 0);
}

const SUMS = ['amount', 'held', 'released', 'refunded'].map((field) => `sum(t.${field}) as ${field}`).join(', ');

export async function positionTotals(
  queries: Queries,
  tenant: Id | null,
  selections: readonly Selection<Position>[],
): Promise<readonly (readonly Total[])[]> {
  const answers = await perParent<Position, Selection<Position>, Total>(
    queries,
    selections,
    (selection, parameters, bound) =>
      `select t.currency, t.state, count(*)::int as count, ${SUMS} from positions t` +
      `${whereOf(LAYOUTS.positions, selection, tenant, parameters, bound)} group by t.currency, t.state`,
  );
  const rank = ({ currency, state }: Total): string => `${currency}${POSITION_STATES.indexOf(state)}`;
  return answers.map((totals) => totals.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1)));
}

/** Sends one statement per group of selections that differ only in their parent, all in one round trip. */
async function perParent<E, S extends Selection<E>, R extends object>(
  queries: Queries,
  selections: readonly S[],
  select: (selection: S, parameters: Parameters, bound: { readonly [field: string]: string }) => string,
): Promise<readonly (readonly R[])[]> {
  const groups = new Map<string, number[]>();
  selections.forEach((selection, index) => {
    const { parent, ...rest } = selection;
    const shape = JSON.stringify([parent?.field, rest], (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    const group = groups.get(shape);
    if (group && parent) group.push(index);
    else groups.set(parent ? shape : `${shape}${index}`, [index]);
  });
  const answers: R[][] = selections.map(() => []);
  const requests = [...groups.values()].map(async (group) => {
    const first = selections[group[0] as number] as S;
    const parents = group.map((index) => known(selections[index]?.parent?.id));
    const { rows } = await queries.query<R & { parent: number }>(statementFor<E, S>(first, parents, select));
    // TypeScript cannot see that the rest of R & { parent } is R.
    for (const { parent, ...row } of rows) answers[group[parent - 1] as number]?.push(row as unknown as R);
  });
  await Promise.all(requests);
  return answers;
}

/** Returns the text if PostgreSQL can store it, else the empty text, which no row has. */
const known = (text = ''): string => (textIssue(text) === undefined ? text : '');

function statementFor<E, S extends Selection<E>>(
  selection: S,
  parents: readonly Id[],
  select: (selection: S, parameters: Parameters, bound: { readonly [field: string]: string }) => string,
): Statement {
  const parameters = new Parameters();
  const keepsPlan = isUnfiltered(selection);
  if (!selection.parent) {
    const text = `select 1 as parent, t.* from (${select(selection, parameters, {})}) t`;
    return { text, values: parameters.values, keepsPlan };
  }
  const ids = parameters.add(parents, 'text[]');
  const each = select(selection, parameters, { [selection.parent.field]: 'p.id' });
  const text =
    `select p.parent::int as parent, t.* from unnest(${ids}) with ordinality as p(id, parent) ` +
    `cross join lateral (${each}) t`;
  return { text, values: parameters.values, keepsPlan };
}

/** Whether the rows are all of a parent or of the scope. The best plan for a filter depends on how many rows match. */
const isUnfiltered = <E>({ where, search, terms = [] }: Selection<E>): boolean =>
  Object.keys(where).length === 0 && search === undefined && terms.length === 0;
