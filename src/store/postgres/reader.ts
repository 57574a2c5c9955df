import { couldBeId, type Id } from '../../domain/ids.ts';
import { POSITION_STATES } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import { JsonText } from '../jsonText.ts';
import type { Reader, ReadOptions, Selection, Total, UnreadOf } from '../store.ts';
import type { Layout } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import { limitBring } from './limitBring.ts';
import { pages } from './pages.ts';
import { groupsOf, isUnfiltered, known } from './parents.ts';
import type { Read } from './reads.ts';
import type { Queries } from './session.ts';
import { inScope, layoutById, Parameters, type Statement, selectOf, unreadOf, whereOf } from './sql.ts';

export const readerOf = <E extends { readonly id: Id }>(
  layout: Layout<E>,
  tenant: Id | null,
  read: Read,
  options: () => ReadOptions,
): Reader<E> => ({
  byIds: (requested) =>
    inParts(
      requested,
      () => 1,
      (ids) => read('byId', (queries) => byIds(queries, layoutById(layout, options()), tenant, ids, '')),
    ),
  pages: (windows) => {
    const limited = windows.map((window) => limitBring(window));
    return inParts(
      limited,
      ({ rows }) => rows,
      (part) =>
        read('page', (queries) =>
          pages(
            queries,
            layout,
            tenant,
            part.map(({ window }) => window),
            options(),
          ),
        ),
    );
  },
  counts: (selections) => read('alone', (queries) => counts(queries, layout, tenant, selections)),
});

/** The initial and the maximum number of rows read at once: a row may have more than 64 KiB, but most are small. */
const ROWS_AT_ONCE = { first: 512, max: 1_024 } as const;

/**
 * Reads many rows in parts, one after another, so that a read which is too large is refused before all of it is in
 * memory.
 */
async function inParts<Q, A>(
  questions: readonly Q[],
  rowsOf: (question: Q) => number,
  read: (questions: readonly Q[]) => Promise<readonly A[]>,
): Promise<readonly A[]> {
  const answers: A[] = [];
  let rows: number = ROWS_AT_ONCE.first;
  for (let from = 0; from < questions.length; rows = Math.min(2 * rows, ROWS_AT_ONCE.max)) {
    let to = from;
    for (let sum = 0; to < questions.length && (to === from || sum < rows); to += 1) sum += rowsOf(questions[to] as Q);
    const part = from === 0 && to === questions.length ? questions : questions.slice(from, to);
    answers.push(...(await read(part)));
    from = to;
  }
  return answers;
}

/** Reads rows by id with one statement; `lock` is its final clause. Malformed ids are not sent. */
export async function byIds<E extends { readonly id: Id }>(
  queries: Queries,
  layout: Layout<E>,
  tenant: Id | null,
  ids: readonly Id[],
  lock: '' | ' order by t.id for update',
): Promise<readonly (E | undefined)[]> {
  const parameters = new Parameters();
  const sought = parameters.add([...new Set(ids.filter(couldBeId))], 'text[]');
  const where = whereOf(layout, { where: {} }, tenant, parameters);
  const any = `${where === '' ? ' where' : `${where} and`} t.id = any(${sought})`;
  const { rows } = await queries.query<E>({
    text: selectOf(layout) + any + lock,
    values: parameters.values,
    keepsPlan: true,
  });
  keepTexts(layout, rows);
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id));
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
      `select count(*)::int as count from ${layout.view ?? layout.table} t${whereOf(layout, selection, tenant, parameters, bound)}`,
  );
  return answers.map(([row]) => row?.count ?? 0);
}

const SUMS = ['amount', 'held', 'retained', 'released', 'refunded', 'fees']
  .map((field) => `sum(t.${field}) as ${field}`)
  .join(', ');

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
  const answers: R[][] = selections.map(() => []);
  const requests = groupsOf(selections).map(async (group) => {
    const first = selections[group[0] as number] as S;
    const parents = group.map((index) => known(selections[index]?.parent?.id));
    const { rows } = await queries.query<R & { parent: number }>(statementFor<E, S>(first, parents, select));
    // TypeScript cannot see that the rest of R & { parent } is R.
    for (const { parent, ...row } of rows) answers[group[parent - 1] as number]?.push(row as unknown as R);
  });
  await Promise.all(requests);
  return answers;
}

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
