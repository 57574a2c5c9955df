import type { Change } from '../../domain/change.ts';
import type { Field, TableName, Tables } from '../store.ts';
import { eachTable, fieldsOf, type Owned, TABLE_NAMES } from '../tables.ts';
import { APP_ROLE } from './begin.ts';
import type { CommitProof } from './commitProof.ts';
import { embedLedger, type LedgerRows } from './embedLedger.ts';
import { columnName, encode, fixed, type Layout } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import { EMBEDDED } from './ledgerLayouts.ts';
import { Parameters, type Statement } from './sql.ts';
import { deleteTerms, insertTerms } from './terms.ts';

/** A transaction's collected writes for one table. */
export interface Writes<E> {
  readonly insert: E[];
  /** By the names of the changed fields, joined to one text. */
  readonly replace: Map<string, Replaced<E>>;
  readonly remove: E[];
}
export type CollectedWrites = { readonly [T in TableName]: Writes<Tables[T]> };

interface Replaced<E> {
  /** Empty if all fields may have changed. */
  readonly changed: readonly Field<E>[];
  readonly rows: E[];
}

export const noWrites = (): CollectedWrites =>
  eachTable<CollectedWrites>(
    <T extends TableName>(): Writes<Tables[T]> => ({ insert: [], replace: new Map(), remove: [] }),
  );

/**
 * Returns everything that a transaction writes as one statement of constant text: one array per column, whatever the
 * number of rows. Foreign keys are checked at its end, so the order of its parts does not matter. Fails with ES001 if a
 * replaced row does not have the version before. Undefined if there is nothing to write. Includes the proof of the
 * commit unless that is an audit event, which is among the rows, or undefined.
 */
export function writeStatement(
  writes: CollectedWrites,
  changes: readonly Change[],
  tenant: string | null,
  proof: CommitProof | undefined,
): Statement | undefined {
  const statement = new WriteStatement(tenant);
  const { lifecycleEvents, ledgerEvents, postings } = writes;
  const ledger = embedLedger(lifecycleEvents.insert, ledgerEvents.insert, postings.insert);
  const addTable = <T extends TableName>(name: T): void => statement.add<Tables[T]>(LAYOUTS[name], writes[name]);
  for (const name of TABLE_NAMES) if (!(name in ledger)) addTable(name);
  statement.insert(EVENTS_WITH_LEDGER, ledger.lifecycleEvents);
  statement.insert(LAYOUTS.ledgerEvents, ledger.ledgerEvents);
  statement.insert(LAYOUTS.postings, ledger.postings);
  statement.insert(OUTBOX, changes);
  return statement.end(proof);
}

/** Collects the parts of the statement. */
class WriteStatement {
  readonly #tenant: string | null;
  readonly #parameters = new Parameters();
  readonly #parts: string[] = [];
  readonly #checks = [IN_TRANSACTION];

  constructor(tenant: string | null) {
    this.#tenant = tenant;
  }

  add<E extends Owned>(layout: Layout<E>, { insert, replace, remove }: Writes<E>): void {
    const parameters = this.#parameters;
    this.insert(layout, insert);
    this.#pushAll(insertTerms(layout, insert, parameters));
    for (const { changed, rows } of replace.values()) {
      this.#mustFind(rows, updateOf(layout, changed, rows, this.#tenant, parameters));
      if (layout.terms && (changed.length === 0 || changed.includes(layout.terms.from))) {
        this.#pushAll([deleteTerms(layout, rows, parameters), ...insertTerms(layout, rows, parameters)]);
      }
    }
    if (remove.length > 0) this.#mustFind(remove, deleteOf(layout, remove, this.#tenant, parameters));
  }

  insert<E>(layout: Insertable<E>, rows: readonly E[]): void {
    if (rows.length > 0) this.#pushAll([insertOf(layout, rows, this.#parameters)]);
  }

  end(proof: CommitProof | undefined): Statement | undefined {
    const { values } = this.#parameters;
    if (this.#parts.length === 0) return undefined;
    if (proof && proof.table !== 'audit_events')
      this.#pushAll([`insert into ${proof.table} (id) values (${this.#parameters.add(proof.id, 'text')})`]);
    return { text: `with ${this.#parts.join(', ')} select ${this.#checks.join(', ')}`, values, keepsPlan: true };
  }

  #pushAll(parts: readonly string[]): void {
    for (const part of parts) this.#parts.push(`w${this.#parts.length} as (${part})`);
  }

  /** Adds a part that must find all of the rows. */
  #mustFind(rows: readonly unknown[], part: string): void {
    const count = this.#parameters.add(rows.length, 'bigint');
    this.#checks.push(`expect_updated_rows((select count(*) from w${this.#parts.length}), ${count})`);
    this.#pushAll([part]);
  }
}

/**
 * Fails if BEGIN, which was sent in the same round trip, has failed: the statement would be committed without role and
 * scope.
 */
const IN_TRANSACTION = `expect_updated_rows((current_setting('role') = '${APP_ROLE}')::int, 1)`;

/** The column with the words of a row, which is no field. */
const WORDS = 'words';

type Column<E> = Field<E> | typeof WORDS;
type Insertable<E> = Pick<Layout<E>, 'table' | 'columns' | 'words'>;

/** Published changes are rows too, although they are never read by id. */
const OUTBOX: Insertable<Change> = {
  table: 'outbox',
  columns: {
    institutionId: fixed('text'),
    topic: fixed('text'),
    kind: fixed('text'),
    objectId: fixed('text'),
    detailId: fixed('text'),
    createdAt: fixed('timestamptz'),
  },
};

/** Lifecycle events with the columns that have their ledger events. */
const EVENTS_WITH_LEDGER: Insertable<LedgerRows['lifecycleEvents'][number]> = {
  table: LAYOUTS.lifecycleEvents.table,
  columns: { ...LAYOUTS.lifecycleEvents.columns, ...EMBEDDED },
};

function insertOf<E>(layout: Insertable<E>, rows: readonly E[], parameters: Parameters): string {
  const fields: Column<E>[] = [...fieldsOf<Field<E>>(layout.columns)];
  if (layout.words) fields.push(WORDS);
  const { from, value } = rowsOf(layout, fields, rows, parameters);
  return `insert into ${layout.table} (${fields.map(columnName).join(', ')}) select ${fields.map(value).join(', ')} from ${from}`;
}

function updateOf<E extends Owned>(
  layout: Layout<E>,
  changed: readonly Field<E>[],
  rows: readonly E[],
  tenant: string | null,
  parameters: Parameters,
): string {
  const fields = fieldsOf<Field<E>>(layout.columns).filter(
    (field) => !layout.columns[field].fixed && (changed.length === 0 || field === 'version' || changed.includes(field)),
  );
  const changing: Column<E>[] = [...fields];
  if (layout.words?.from.some((field) => fields.includes(field))) changing.push(WORDS);
  const { from, value } = rowsOf(layout, [...keysOf(layout), ...changing], rows, parameters);
  const set = changing.map((field) => `${columnName(field)} = ${value(field)}`).join(', ');
  const own = ownRow(layout, tenant, parameters);
  return `update ${layout.table} t set ${set} from ${from} where ${own} and t.version = v.version - 1 returning 1`;
}

function deleteOf<E extends Owned>(
  layout: Layout<E>,
  rows: readonly E[],
  tenant: string | null,
  parameters: Parameters,
): string {
  const { from } = rowsOf(layout, [...keysOf(layout), 'version' as Field<E>], rows, parameters);
  const own = ownRow(layout, tenant, parameters);
  return `delete from ${layout.table} t using ${from} where ${own} and t.version = v.version returning 1`;
}

const keysOf = <E extends Owned>({ tenantField }: Layout<E>): readonly Field<E>[] =>
  tenantField === 'id' ? ['id'] : [tenantField, 'id'];

/** Matches row `t` to row `v` within the scope. */
function ownRow<E extends Owned>(layout: Layout<E>, tenant: string | null, parameters: Parameters): string {
  const parts = keysOf(layout).map((field) => `t.${columnName(field)} = v.${columnName(field)}`);
  if (tenant !== null) parts.push(`t.${layout.tenant} = ${parameters.add(tenant, 'text')}`);
  return parts.join(' and ');
}

/**
 * Returns the rows as a table `v`, one array per column. A list column is passed as text, because PostgreSQL has no
 * arrays of arrays.
 */
function rowsOf<E>(
  { columns, words }: Insertable<E>,
  fields: readonly Column<E>[],
  rows: readonly E[],
  parameters: Parameters,
) {
  const typeOf = (field: Column<E>) => (field === WORDS ? 'text[]' : columns[field].type);
  const arrays = fields.map((field) => {
    const type = typeOf(field);
    const values = rows.map((row) => encode(field === WORDS ? words?.of(row) : row[field], type));
    return parameters.add(values, type === 'text[]' ? 'text[]' : `${type}[]`);
  });
  const from = `unnest(${arrays.join(', ')}) as v(${fields.map(columnName).join(', ')})`;
  const value = (field: Column<E>): string => {
    const list = `v.${columnName(field)}${typeOf(field) === 'text[]' ? '::text[]' : ''}`;
    return field === WORDS ? `array_to_tsvector(${list})` : list;
  };
  return { from, value };
}
