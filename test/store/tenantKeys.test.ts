import { beforeAll, describe, expect, it } from 'vitest';
import { LAYOUTS } from '../../src/store/postgres/layouts.ts';
import { TABLE_NAMES } from '../../src/store/tables.ts';
import { sectionOf } from '../support/documents.ts';
import { type Keys, keysAt } from '../support/keys.ts';
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
  webhook_position: 'the place in the change feed up to which deliveries were created',
};

let keys: Keys;
beforeAll(async () => {
  keys = await keysAt((await openPostgresAt()).url);
});

/** Every unique key except the primary keys, which consist of the institution and the id, and of terms the term. */
const UNIQUE_KEYS: Readonly<Record<string, readonly string[]>> = {
  api_keys: ['prefix'],
  asset_template_configs: ['template_id,version'],
  chat_messages: ['session_id,sequence'],
  chat_revisions: ['message_id,version'],
  ledger_events: ['lifecycle_event_id', 'position_id,sequence'],
  lifecycle_events: ['position_id,sequence', 'ledger_event_id'],
  milestones: ['terms_id,sequence'],
  parties: ['terms_id,ordinal'],
  policies: ['region'],
  positions: ['unique_reference'],
  postings: ['ledger_event_id,ordinal'],
  read_marks: ['session_id,participant_reference'],
  terms: ['position_id,version'],
};

/** The column by which a table is distributed: the institution. */
const tenantColumnOf = (table: string): string => (table === 'institutions' ? 'id' : 'institution_id');
const isLocal = (table: string): boolean => table in LOCAL_TABLES;

describe('Citus can distribute the tables by institution', () => {
  it('every table is distributed, or local for a reason', () => {
    const distributed = keys.tables.filter((table) => !isLocal(table));
    const ofLayouts = TABLE_NAMES.flatMap((name) => {
      const { table, terms } = LAYOUTS[name];
      return terms ? [table, terms.table] : [table];
    });
    expect(distributed).toEqual(ofLayouts.toSorted());
    expect(Object.keys(LOCAL_TABLES).filter((table) => !keys.tables.includes(table))).toEqual([]);
  });

  it('docs/operations.md distributes these tables, and names the local ones', () => {
    const section = sectionOf('docs/operations.md', 'Growth');
    const [, list = ''] = /unnest\(array\[([^\]]*)\]/.exec(section) ?? [];
    const named = ['institutions', ...[...list.matchAll(/'(\w+)'/g)].map(([, table]) => table)];
    expect(new Set(named)).toEqual(new Set(keys.tables.filter((table) => !isLocal(table))));
    for (const table of Object.keys(LOCAL_TABLES)) expect(section).toContain(`\`${table}\``);
  });

  it('the primary key, every unique constraint and every unique index of a table of institutions begin with the institution', () => {
    const own = keys.unique.filter(({ table }) => !isLocal(table));
    expect(new Set(own.map(({ table }) => table)).size).toBe(keys.tables.length - Object.keys(LOCAL_TABLES).length);
    expect(own.filter(({ table, columns }) => columns[0] !== tenantColumnOf(table))).toEqual([]);
  });

  it('every foreign key leads from the institution to the same institution, and none to or from a local table', () => {
    expect(keys.foreign.length).toBeGreaterThan(15);
    const wrong = keys.foreign.filter(
      ({ table, columns, parent, parentColumns }) =>
        isLocal(table) ||
        isLocal(parent) ||
        columns[0] !== tenantColumnOf(table) ||
        parentColumns[0] !== tenantColumnOf(parent),
    );
    expect(wrong).toEqual([]);
  });

  it('the same values are unique as if there were one institution', () => {
    const found: Record<string, string[]> = {};
    for (const { table, name, columns } of keys.unique)
      if (!isLocal(table) && !name.endsWith('_pkey')) (found[table] ??= []).push(columns.slice(1).join());
    expect(found).toEqual(UNIQUE_KEYS);
  });

  it('every foreign key to rows that are removed with a session has an index, which a removal reads', () => {
    const toRemoved = keys.foreign.filter(({ parent }) => ['chat_sessions', 'chat_messages'].includes(parent));
    expect(toRemoved).toHaveLength(4);
    const isIndexed = ({ table, columns }: (typeof toRemoved)[number]): boolean =>
      keys.indexes.some(
        (index) => index.table === table && columns.every((column, at) => index.columns[at] === column),
      );
    expect(toRemoved.filter((key) => !isIndexed(key))).toEqual([]);
  });
});
