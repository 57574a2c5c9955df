import type { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { templateConfigOf } from '../../src/domain/assetTemplate.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { LIMITS } from '../../src/domain/limits.ts';
import { metadataTerms } from '../../src/domain/metadataTerms.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { Store } from '../../src/store/store.ts';
import { aDeal, anAsset, aPosition, START } from '../store/rows.ts';
import { times } from '../support/accounting.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabaseBefore } from '../support/earlierDatabase.ts';

// A database with rows as the previous version left it, and the result of the migration.
const OWN = '0010_updates';

const METADATA: readonly JsonObject[] = [
  {},
  { a: 'x', n: 5, yes: true, no: false, none: null },
  { a: { b: { c: 'deep' } }, 'a.b': 'dotted', '': 'empty', 'é\u{1f600}': 'ü\u{10ffff}' },
  { tags: ['p', 'q', ['r', { s: 't' }]], empty: [], none: {} },
  { big: 1e21, small: 1e-7, fraction: 12.5, minus: -0.1, digits: 123_456_789_012_345 },
  { 'quote"': "it's", back: 'a\\b', line: 'a\nb', tab: '\t' },
  { 10: 'ten', 9: 'nine', z: 'z', a: 'a' },
  Object.fromEntries(times(LIMITS.metadataTerms + 20, (index) => [`k${index}`, [index, `v${index % 7}`]])),
];

const { institution, template, asset } = aDeal();
const assets = METADATA.map((metadata) => anAsset(template, { metadata }));
const positions = METADATA.map((metadata) => aPosition(asset, { metadata, externalReference: 'twice' }));
const lives = { funded: positions[0]?.id ?? '', closed: positions[1]?.id ?? '', cancelled: positions[2]?.id ?? '' };

let url: string;
let store: Store;
beforeAll(async () => {
  url = await createDatabaseBefore(OWN);
  await asAdmin(url, insertRows);
  await migrate(url);
  store = createPostgresStore({ databaseUrl: url, onError: () => undefined });
});
afterAll(() => store.close());

const at = (ms: number): string => new Date(START + ms).toISOString();

/** Inserts rows as the previous version wrote them. */
async function insertRows(client: Client): Promise<void> {
  const insert = (table: string, row: object) => {
    const entries = Object.entries(row);
    return client.query(
      `insert into ${table} (${entries.map(([column]) => column).join()}) values (${entries.map((_each, n) => `$${n + 1}`).join()})`,
      entries.map(([, value]) => (typeof value === 'bigint' ? String(value) : (value as unknown))),
    );
  };
  const own = { institution_id: institution.id, created_at: at(0) };
  const stamps = { version: 1, created_at: at(0), updated_at: at(0) };
  await insert('institutions', {
    id: institution.id,
    name: 'B',
    regions: ['US'],
    verticals: ['CONSTRUCTION'],
    ...stamps,
  });
  const kind = { code: template.code, vertical: template.vertical, region: template.region };
  const config = JSON.stringify(template.config);
  await insert('asset_templates', { ...own, ...stamps, id: template.id, name: template.name, ...kind, config });
  for (const { id, metadata } of [asset, ...assets]) {
    const row = { id, template_id: template.id, label: 'Pier', metadata: JSON.stringify(metadata) };
    await insert('assets', { ...own, ...stamps, ...row });
  }
  for (const { id, metadata, amount, magnitude } of positions) {
    await insert('positions', {
      ...own,
      ...stamps,
      id,
      asset_id: asset.id,
      template_id: template.id,
      holder_reference: 'h',
      external_reference: 'twice',
      metadata: JSON.stringify(metadata),
      currency: 'USD',
      amount,
      magnitude,
      state: 'CREATED',
      held: 0,
      released: 0,
      refunded: 0,
      sequence: 1,
    });
  }
  const states = { funded: ['FUNDED'], closed: ['FUNDED', 'PARTIALLY_RELEASED', 'RELEASED'], cancelled: ['CANCELLED'] };
  for (const [life, moves] of Object.entries(states)) {
    for (const [n, to_state] of ['CREATED', ...moves].entries()) {
      const position_id = lives[life as keyof typeof lives];
      const row = {
        id: `evt_${life}${n}`,
        position_id,
        sequence: n + 1,
        from_state: n === 0 ? null : 'CREATED',
        to_state,
      };
      await insert('lifecycle_events', {
        ...own,
        ...row,
        currency: 'USD',
        metadata: '{}',
        actor_kind: 'ROOT',
        created_at: at(n * 1_000),
      });
    }
  }
}

it('the migration is the one that the previous version did not have', async () => {
  const { rows } = await asAdmin(url, (client) => client.query<{ name: string }>('select name from schema_migrations'));
  expect(rows.map((row) => row.name)).toContain(OWN);
});

it('the migration keeps the config of every template as that of its version', async () => {
  const [page] = await store.read('ALL').templateConfigs.pages([
    {
      parent: { field: 'templateId', id: template.id },
      where: {},
      order: { by: ['version'], direction: 'ASC' },
      limit: 10,
      backward: false,
      after: null,
      before: null,
    },
  ]);
  expect(page?.rows).toEqual([templateConfigOf(template)]);
  expect(await store.read('ALL').templateConfigs.byIds([templateConfigOf(template).id])).toEqual(page?.rows);
});

it('the migration gives positions version 1 of their template, no unique reference, and the times of their events', async () => {
  const rows = await store.read('ALL').positions.byIds(positions.map(({ id }) => id));
  const times_ = { [lives.funded]: [1_000, null], [lives.closed]: [1_000, 3_000], [lives.cancelled]: [null, 1_000] };
  for (const row of rows) {
    const [fundedAt, closedAt] = (times_[row?.id ?? ''] ?? [null, null]).map((ms) => (ms === null ? null : START + ms));
    expect(row).toMatchObject({ templateVersion: 1, uniqueReference: null, fundedAt, closedAt });
  }
});

it.each([
  ['position_terms', positions],
  ['asset_terms', assets],
] as const)('the migration computes the terms of existing metadata like the program: %s', async (table, rows) => {
  const kept = await asAdmin(url, (client) =>
    client.query<{ id: string; term: string }>(`select id, replace(term::text, '-', '') as term from ${table}`),
  );
  for (const { id, metadata } of rows) {
    const terms = kept.rows.filter((row) => row.id === id).map(({ term }) => term);
    expect([metadata, terms.toSorted()]).toEqual([metadata, [...metadataTerms(metadata)].toSorted()]);
  }
});

it('the program can update migrated rows, and replaces their terms', async () => {
  const [row] = await store.read('ALL').positions.byIds([positions[1]?.id ?? '']);
  if (!row) throw new Error('There is no position.');
  await store.transact('ALL', async (tx) => {
    tx.positions.replace({ ...row, metadata: { a: 'x', b: 'new' }, version: 2 }, ['metadata']);
  });
  const kept = await asAdmin(url, (client) =>
    client.query<{ term: string }>(`select replace(term::text, '-', '') as term from position_terms where id = $1`, [
      row.id,
    ]),
  );
  expect(kept.rows.map(({ term }) => term).toSorted()).toEqual([...metadataTerms({ a: 'x', b: 'new' })].toSorted());
});
