import { beforeAll, describe, expect, it } from 'vitest';
import { LAYOUTS } from '../../src/store/postgres/layouts.ts';
import { TABLE_NAMES } from '../../src/store/tables.ts';
import { asAdmin } from '../support/admin.ts';
import { openPostgresAt } from '../support/stores.ts';

/** The tables whose rows belong to no single institution, with the reason. Citus keeps them as local tables. */
const LOCAL_TABLES: Readonly<Record<string, string>> = {
  schema_migrations: 'the state of the schema',
  search_words: 'the progress of the search index',
  tallies: 'counters of all servers',
  tally_proofs: 'proofs of counters',
  commit_proofs: 'proofs of commits that have no audit event',
  outbox: 'the change feed, which has one order over all institutions',
  outbox_extent: 'the end of the change feed',
};

interface Key {
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
}

let tables: readonly string[];
/** Primary keys, unique constraints and unique indexes. */
let uniqueKeys: readonly Key[];
let foreignKeys: readonly (Key & { readonly parent: string; readonly parentColumns: readonly string[] })[];

const columnsOf = (table: string, numbers: string): string =>
  `array(select a.attname::text from unnest(${numbers}) with ordinality as k(number, position)
     left join pg_attribute a on a.attrelid = ${table} and a.attnum = k.number order by k.position)`;

beforeAll(async () => {
  const { url } = await openPostgresAt(() => undefined);
  await asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1",
    );
    tables = rows.map(({ name }) => name);
    const unique = await admin.query<Key>(
      `select c.relname as table, i.indexrelid::regclass::text as name,
         ${columnsOf('i.indrelid', '(i.indkey::int2[])[0:i.indnkeyatts - 1]')} as columns
       from pg_index i join pg_class c on c.oid = i.indrelid
       where c.relnamespace = 'public'::regnamespace and (i.indisunique or i.indisexclusion)`,
    );
    uniqueKeys = unique.rows;
    const foreign = await admin.query<(typeof foreignKeys)[number]>(
      `select conrelid::regclass::text as table, conname as name, confrelid::regclass::text as parent,
         ${columnsOf('conrelid', 'conkey')} as columns, ${columnsOf('confrelid', 'confkey')} as "parentColumns"
       from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`,
    );
    foreignKeys = foreign.rows;
  });
});

/** The column by which a table is distributed: the institution. */
const tenantColumnOf = (table: string): string => (table === 'institutions' ? 'id' : 'institution_id');
const isLocal = (table: string): boolean => table in LOCAL_TABLES;

describe('Citus can distribute the tables by institution', () => {
  it('every table is distributed, or local for a reason', () => {
    const distributed = tables.filter((table) => !isLocal(table));
    const ofLayouts = TABLE_NAMES.flatMap((name) => {
      const { table, terms } = LAYOUTS[name];
      return terms ? [table, terms.table] : [table];
    });
    expect(distributed).toEqual(ofLayouts.toSorted());
    expect(Object.keys(LOCAL_TABLES).filter((table) => !tables.includes(table))).toEqual([]);
  });

  it('the primary key, every unique constraint and every unique index of a table of institutions begin with the institution', () => {
    const own = uniqueKeys.filter(({ table }) => !isLocal(table));
    expect(new Set(own.map(({ table }) => table)).size).toBe(tables.length - Object.keys(LOCAL_TABLES).length);
    expect(own.filter(({ table, columns }) => columns[0] !== tenantColumnOf(table))).toEqual([]);
  });

  it('every foreign key leads from the institution to the same institution, and none to or from a local table', () => {
    expect(foreignKeys.length).toBeGreaterThan(15);
    const wrong = foreignKeys.filter(
      ({ table, columns, parent, parentColumns }) =>
        isLocal(table) ||
        isLocal(parent) ||
        columns[0] !== tenantColumnOf(table) ||
        parentColumns[0] !== tenantColumnOf(parent),
    );
    expect(wrong).toEqual([]);
  });
});
