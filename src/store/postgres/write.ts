import type { TableName } from '../store.ts';
import { columnName, encode, LAYOUTS, type Layout } from './layouts.ts';
import { Parameters, type Statement } from './sql.ts';

export type Row = { readonly [field: string]: unknown };

/** What a transaction has collected for one table. */
export interface Writes {
  readonly inserts: Row[];
  readonly replaces: Row[];
}

/**
 * Everything that a transaction writes as one statement of constant text: one array a column, whatever the number of
 * rows. Foreign keys are checked at its end, so the order of its parts does not matter. Fails with ES001 if a row to
 * be replaced is not at the version before. Undefined where there is nothing to write.
 */
export function writeStatement(writes: ReadonlyMap<TableName, Writes>, tenant: string | null): Statement | undefined {
  const parameters = new Parameters();
  const parts: string[] = [];
  const checks: string[] = [];
  for (const [name, { inserts, replaces }] of writes) {
    const layout = LAYOUTS[name] as Layout<Row>;
    if (inserts.length > 0) parts.push(`w${parts.length} as (${insertOf(layout, inserts, parameters)})`);
    if (replaces.length > 0) {
      checks.push(`expect_rows((select count(*) from w${parts.length}), ${parameters.add(replaces.length, 'bigint')})`);
      parts.push(`w${parts.length} as (${updateOf(layout, replaces, tenant, parameters)})`);
    }
  }
  if (parts.length === 0) return undefined;
  return { text: `with ${parts.join(', ')} select ${checks.join(', ') || 'true'}`, values: parameters.values };
}

function insertOf(layout: Layout<Row>, rows: readonly Row[], parameters: Parameters): string {
  const fields = Object.keys(layout.columns);
  const { from, value } = rowsOf(layout, fields, rows, parameters);
  return `insert into ${layout.table} (${fields.map(columnName).join(', ')}) select ${fields.map(value).join(', ')} from ${from}`;
}

function updateOf(layout: Layout<Row>, rows: readonly Row[], tenant: string | null, parameters: Parameters): string {
  const changing = Object.keys(layout.columns).filter((field) => layout.columns[field]?.fixed === false);
  const keys = layout.tenant === 'id' ? ['id'] : ['institutionId', 'id'];
  const { from, value } = rowsOf(layout, [...keys, ...changing], rows, parameters);
  const own = keys.map((field) => `t.${columnName(field)} = ${value(field)}`).join(' and ');
  const scope = tenant === null ? '' : ` and t.${layout.tenant} = ${parameters.add(tenant, 'text')}`;
  const set = changing.map((field) => `${columnName(field)} = ${value(field)}`).join(', ');
  return `update ${layout.table} t set ${set} from ${from} where ${own}${scope} and t.version = v.version - 1 returning 1`;
}

/** The rows as a table `v`, one array a column; a list column travels as text, for arrays of arrays do not nest. */
function rowsOf(layout: Layout<Row>, fields: readonly string[], rows: readonly Row[], parameters: Parameters) {
  const typeOf = (field: string) => layout.columns[field]?.type ?? 'text';
  const arrays = fields.map((field) => {
    const type = typeOf(field);
    const values = rows.map((row) => encode(row[field], type));
    return parameters.add(values, type === 'text[]' ? 'text[]' : `${type}[]`);
  });
  const from = `unnest(${arrays.join(', ')}) as v(${fields.map(columnName).join(', ')})`;
  const value = (field: string): string => `v.${columnName(field)}${typeOf(field) === 'text[]' ? '::text[]' : ''}`;
  return { from, value };
}
