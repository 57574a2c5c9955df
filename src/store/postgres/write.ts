import type { Change } from '../../domain/change.ts';
import type { TableName } from '../store.ts';
import { APP_ROLE } from './begin.ts';
import type { CommitProof } from './commitProof.ts';
import { columnName, encode, type Layout, type Row } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import { Parameters, type Statement } from './sql.ts';
import { deleteTerms, insertTerms } from './terms.ts';

/** A transaction's collected writes for one table. */
export interface Writes {
  readonly insert: Row[];
  /** By the names of the changed fields, joined to one text; '' means that all may have changed. */
  readonly replace: Map<string, Row[]>;
  readonly remove: Row[];
}

/**
 * Returns everything that a transaction writes as one statement of constant text: one array per column, whatever the
 * number of rows. Foreign keys are checked at its end, so the order of its parts does not matter. Fails with ES001 if a
 * replaced row does not have the version before. Undefined if there is nothing to write. Includes the proof of the
 * commit unless that is an audit event, which is among the rows.
 */
export function writeStatement(
  writes: ReadonlyMap<TableName, Writes>,
  changes: readonly Change[],
  tenant: string | null,
  proof: CommitProof,
): Statement | undefined {
  const parameters = new Parameters();
  const parts: string[] = [];
  const checks = [IN_TRANSACTION];
  const mustFind = (rows: readonly Row[], part: string): void => {
    checks.push(`expect_rows((select count(*) from w${parts.length}), ${parameters.add(rows.length, 'bigint')})`);
    parts.push(`w${parts.length} as (${part})`);
  };
  for (const [name, { insert, replace, remove }] of writes) {
    const layout = LAYOUTS[name] as unknown as Layout<Row>;
    const others: string[] = [];
    if (insert.length > 0)
      others.push(insertOf(layout, insert, parameters), ...insertTerms(layout, insert, parameters));
    for (const [changed, rows] of replace) {
      mustFind(rows, updateOf(layout, changed, rows, tenant, parameters));
      if (layout.terms && (changed === '' || changed.split(',').includes(layout.terms.from))) {
        others.push(deleteTerms(layout, rows, parameters), ...insertTerms(layout, rows, parameters));
      }
    }
    for (const part of others) parts.push(`w${parts.length} as (${part})`);
    if (remove.length > 0) mustFind(remove, deleteOf(layout, remove, tenant, parameters));
  }
  if (changes.length > 0) parts.push(`w${parts.length} as (${insertOf(OUTBOX, changes as never, parameters)})`);
  if (parts.length === 0) return undefined;
  if (proof.table !== 'audit_events')
    parts.push(`w${parts.length} as (insert into ${proof.table} (id) values (${parameters.add(proof.id, 'text')}))`);
  return { text: `with ${parts.join(', ')} select ${checks.join(', ')}`, values: parameters.values };
}

/**
 * Fails if BEGIN, which was sent in the same round trip, has failed: the statement would be committed without role and
 * scope.
 */
const IN_TRANSACTION = `expect_rows((current_setting('role') = '${APP_ROLE}')::int, 1)`;

const WORDS = 'words';

/** Published changes are rows too, although they are never read by id. */
const OUTBOX = {
  table: 'outbox',
  columns: Object.fromEntries(
    ['institutionId', 'topic', 'kind', 'objectId', 'detailId'].map((field) => [field, { type: 'text', fixed: true }]),
  ),
} as unknown as Layout<Row>;
Object.assign(OUTBOX.columns, { createdAt: { type: 'timestamptz', fixed: true } });

function insertOf(layout: Layout<Row>, rows: readonly Row[], parameters: Parameters): string {
  const fields = [...Object.keys(layout.columns), ...(layout.words ? [WORDS] : [])];
  const { from, value } = rowsOf(layout, fields, rows, parameters);
  return `insert into ${layout.table} (${fields.map(columnName).join(', ')}) select ${fields.map(value).join(', ')} from ${from}`;
}

function updateOf(
  layout: Layout<Row>,
  changed: string,
  rows: readonly Row[],
  tenant: string | null,
  parameters: Parameters,
): string {
  const fields = changed === '' ? Object.keys(layout.columns) : ['version', ...changed.split(',')];
  const changing = fields.filter((field) => layout.columns[field]?.fixed === false);
  if (layout.words?.from.some((field) => changing.includes(field))) changing.push(WORDS);
  const { from, value } = rowsOf(layout, [...keysOf(layout), ...changing], rows, parameters);
  const set = changing.map((field) => `${columnName(field)} = ${value(field)}`).join(', ');
  const own = ownRow(layout, tenant, parameters);
  return `update ${layout.table} t set ${set} from ${from} where ${own} and t.version = v.version - 1 returning 1`;
}

function deleteOf(layout: Layout<Row>, rows: readonly Row[], tenant: string | null, parameters: Parameters): string {
  const { from } = rowsOf(layout, [...keysOf(layout), 'version'], rows, parameters);
  const own = ownRow(layout, tenant, parameters);
  return `delete from ${layout.table} t using ${from} where ${own} and t.version = v.version returning 1`;
}

const keysOf = (layout: Layout<Row>): readonly string[] => (layout.tenant === 'id' ? ['id'] : ['institutionId', 'id']);

/** Matches row `t` to row `v` within the scope. */
function ownRow(layout: Layout<Row>, tenant: string | null, parameters: Parameters): string {
  const parts = keysOf(layout).map((field) => `t.${columnName(field)} = v.${columnName(field)}`);
  if (tenant !== null) parts.push(`t.${layout.tenant} = ${parameters.add(tenant, 'text')}`);
  return parts.join(' and ');
}

/**
 * Returns the rows as a table `v`, one array per column. A list column is passed as text, because PostgreSQL has no
 * arrays of arrays.
 */
function rowsOf(layout: Layout<Row>, fields: readonly string[], rows: readonly Row[], parameters: Parameters) {
  const typeOf = (field: string) => (field === WORDS ? 'text[]' : (layout.columns[field]?.type ?? 'text'));
  const arrays = fields.map((field) => {
    const type = typeOf(field);
    const values = rows.map((row) => encode(field === WORDS ? layout.words?.of(row) : row[field], type));
    return parameters.add(values, type === 'text[]' ? 'text[]' : `${type}[]`);
  });
  const from = `unnest(${arrays.join(', ')}) as v(${fields.map(columnName).join(', ')})`;
  const value = (field: string): string => {
    const list = `v.${columnName(field)}${typeOf(field) === 'text[]' ? '::text[]' : ''}`;
    return field === WORDS ? `array_to_tsvector(${list})` : list;
  };
  return { from, value };
}
