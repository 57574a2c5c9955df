import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { newLedgerEvent, postingsOf } from '../../src/domain/ledgerEvent.ts';
import { moveInto, OPEN_STATES, POSITION_STATES, type PositionState } from '../../src/domain/lifecycle.ts';
import { moveOf } from '../../src/domain/lifecycleEvent.ts';
import type { Position } from '../../src/domain/position.ts';
import { principalOf } from '../../src/domain/positionAmounts.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { knownMigrations } from '../../src/store/postgres/migrationFiles.ts';
import { readMigrationStatus } from '../../src/store/postgres/migrationStatus.ts';
import type { Store } from '../../src/store/store.ts';
import { asAdmin } from '../support/admin.ts';
import {
  copyRows,
  createDatabaseBefore,
  migrateUntil,
  rowTextsAt,
  type WritableColumns,
  writableColumns,
} from '../support/earlierDatabase.ts';
import { keysAt } from '../support/keys.ts';
import { openPostgresAt } from '../support/stores.ts';
import { allEntities, insertAllEntities } from '../tenants/allEntities.ts';
import { aDeal, anEvent, aPosition, funded, keep, nextId, only, pageOf, START } from './rows.ts';
import { fullTerms, rowsOfTerms } from './termsRows.ts';

const SUPERSEDE = '0014_supersede_earlier_servers';
const TERMS = '0015_terms';
const VALIDATE = '0016_validate_terms';

/** The amounts of a position of 100 in each state, as the version before this migration wrote them. */
const EARLIER: readonly (readonly [PositionState, Partial<Position>])[] = [
  ['CREATED', {}],
  ['FUNDED', { held: 100n }],
  ['PARTIALLY_RELEASED', { held: 30n, released: 70n }],
  ['RELEASED', { released: 100n }],
  ['CANCELLED', {}],
  ['CANCELLED', { refunded: 100n }],
  ['CANCELLED', { released: 70n, refunded: 30n }],
  ['EXPIRED', {}],
  ['EXPIRED', { refunded: 100n }],
];

const { institution, template, asset } = aDeal();
const positions = EARLIER.map(([state, amounts]) =>
  aPosition(asset, { state, ...amounts, expiresAt: START + 1, sequence: 2 }),
);
const events = positions.flatMap((position) => [
  anEvent({ ...position, state: 'CREATED', sequence: 1 }),
  ...(position.state === 'CREATED' ? [] : [anEvent(position, { moved: 100n })]),
]);
const entries = events.map((event) => {
  const ledgerEvent = newLedgerEvent(nextId('led'), event);
  return { ledgerEvent, postings: postingsOf(ledgerEvent, event) };
});

/** Creates a database with the schema before the migrations, and with rows of every table and in every state. */
async function createEarlierDatabase(): Promise<string> {
  const current = await openPostgresAt();
  await keep(current.store, {
    institutions: [institution],
    assetTemplates: [template],
    assets: [asset],
    positions,
    lifecycleEvents: events,
  });
  await current.store.transact('ALL', async (tx) => {
    for (const { ledgerEvent, postings } of entries) {
      tx.ledgerEvents.insert(ledgerEvent);
      for (const posting of postings) tx.postings.insert(posting);
    }
  });
  await insertAllEntities(current.store, allEntities());
  const url = await createDatabaseBefore(SUPERSEDE);
  await copyRows(current.url, url);
  return url;
}

/** Returns the files that contain the tables and indexes, by name. A table that is rewritten gets another file. */
const filesAt = (url: string): Promise<ReadonlyMap<string, number>> =>
  asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ name: string; file: number }>(
      "select relname as name, relfilenode as file from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')",
    );
    return new Map(rows.map(({ name, file }) => [name, file]));
  });

/** Returns the definitions of the constraints, with whether they were validated. */
const constraintsAt = (url: string): Promise<readonly unknown[]> =>
  asAdmin(url, async (admin) => {
    const { rows } = await admin.query<object>(
      `select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition,
         convalidated as "isValidated"
       from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0 order by 1, 2`,
    );
    return rows;
  });

describe('a database with rows in every state of the version before', () => {
  let url: string;
  let store: Store;
  let columns: WritableColumns;
  let before: readonly unknown[];
  let filesBefore: ReadonlyMap<string, number>;
  let filesAfter: ReadonlyMap<string, number>;
  /** The error of a write of an earlier server after the first migration. */
  let rejected: unknown;
  /** The rows and columns after the first migration. */
  let keptBetween: readonly unknown[];

  beforeAll(async () => {
    url = await createEarlierDatabase();
    columns = await writableColumns(url);
    before = await rowTextsAt(url, columns);
    filesBefore = await filesAt(url);
    await migrateUntil(url, (name) => name <= SUPERSEDE);
    rejected = await asAdmin(url, (admin) =>
      admin
        .query(
          'with w0 as (update positions set version = version + 1 returning 1) select expect_row_count((select count(*) from w0), 1)',
        )
        .catch((error: unknown) => error),
    );
    keptBetween = [await rowTextsAt(url, columns), await writableColumns(url)];
    await migrateUntil(url, (name) => name <= VALIDATE);
    filesAfter = await filesAt(url);
    await migrate(url);
    store = createPostgresStore({ databaseUrl: url, onError: () => undefined });
  });
  afterAll(() => store.close());

  it('a write of an earlier server is rejected as soon as the first migration has committed, before any table changes', () => {
    expect(rejected).toMatchObject({
      code: '57P03',
      message: 'the database is newer than this server: stop it and start the current version',
    });
    expect(keptBetween).toEqual([before, columns]);
  });

  it('the migrations change no row, and rewrite no table', async () => {
    expect(await rowTextsAt(url, columns)).toEqual(before);
    // The index of due positions has one more state.
    const changed = [...filesBefore].filter(([name, file]) => filesAfter.get(name) !== file).map(([name]) => name);
    expect(changed).toEqual(['positions_due']);
    for (const table of ['positions', 'lifecycle_events', 'ledger_events', 'postings', 'policies'])
      expect(filesBefore.has(table)).toBe(true);
  });

  it('the database has the columns, keys and constraints of a new one, all of them validated', async () => {
    const { url: newUrl } = await openPostgresAt();
    expect(await writableColumns(url)).toEqual(await writableColumns(newUrl));
    expect(await keysAt(url)).toEqual(await keysAt(newUrl));
    const constraints = await constraintsAt(url);
    expect(constraints).toEqual(await constraintsAt(newUrl));
    expect(constraints).not.toContainEqual(expect.objectContaining({ isValidated: false }));
  });

  it('positions are returned without terms, and their principal follows from the other amounts', async () => {
    const rows = await store.read(only(institution)).positions.byIds(positions.map(({ id }) => id));
    expect(rows).toEqual(positions);
    const wasFunded = ({ held, released, refunded }: Position) => held + released + refunded > 0n;
    expect(positions.map(principalOf)).toEqual(positions.map((row) => (wasFunded(row) ? 100n : 0n)));
  });

  it('events are returned without a kind of change, which follows from their states', async () => {
    const rows = await store.read(only(institution)).lifecycleEvents.byIds(events.map(({ id }) => id));
    expect(rows).toEqual(events);
    expect(rows.map((row) => row && moveOf(row))).toEqual(events.map(({ toState }) => moveInto(toState)));
  });

  it('the totals of the positions have nothing retained and no fees', async () => {
    const [totals] = await store.read(only(institution)).positionTotals([{ where: {} }]);
    expect(totals?.map(({ state, retained, fees }) => [state, retained, fees])).toEqual(
      [...new Set(EARLIER.map(([state]) => state))].map((state) => [state, 0n, 0n]),
    );
  });

  it('positions of the earlier version move on, in parts too, and others get terms', async () => {
    const scope = only(institution);
    const [created] = positions;
    if (!created) throw new Error('There are no positions.');
    const inPart = { ...created, state: 'PARTIALLY_FUNDED', held: 40n, sequence: 3, version: 2 } as const;
    const whole = funded({ ...inPart, held: 0n }, { version: 3 });
    for (const [row, amounts] of [
      [inPart, { moved: 40n }],
      [whole, { moved: 60n }],
    ] as const) {
      await store.transact(scope, async (tx) => {
        tx.positions.replace(row);
        tx.lifecycleEvents.insert(anEvent(row, { move: 'FUND', ...amounts }));
      });
    }
    expect(await store.read(scope).positions.byIds([created.id])).toEqual([whole]);
    const added = aPosition(asset, { termsVersion: 1 });
    const terms = fullTerms(added);
    await keep(store, { positions: [added], ...rowsOfTerms(terms) });
    const found = await pageOf(store.read(scope).positions, { party: { reference: 'payer', role: 'PAYER' } });
    expect(found.rows).toEqual([added]);
  });

  it('a due position is found for its expiry in every open state', async () => {
    const parts: { readonly [S in PositionState]?: Partial<Position> } = {
      PARTIALLY_FUNDED: { held: 1n },
      FUNDED: { held: 100n },
      PARTIALLY_RELEASED: { held: 1n, released: 99n },
    };
    const due = OPEN_STATES.map((state) => aPosition(asset, { state, expiresAt: START - 5, ...parts[state] }));
    await keep(store, { positions: due });
    const found = await store.transact('ALL', async (tx) => tx.lockDue(START - 5, 10));
    expect(found).toEqual(due);
  });
});

describe('the functions of the migration', () => {
  it('principal_of returns what principalOf returns, for any amounts, with terms and without', async () => {
    const { url } = await openPostgresAt();
    const amount = fc.oneof(fc.constantFrom(0n, 1n, 10n ** 28n - 1n), fc.bigInt({ min: 0n, max: 10n ** 20n }));
    const rows = fc.sample(
      fc.record({
        termsVersion: fc.option(fc.integer({ min: 1, max: 9 })),
        principal: amount,
        held: amount,
        released: amount,
        refunded: amount,
      }),
      500,
    );
    const columnsOf = (field: keyof (typeof rows)[number]) => rows.map((row) => row[field]?.toString() ?? null);
    const { rows: answers } = await asAdmin(url, (admin) =>
      admin.query<{ principal: string }>(
        `select principal_of(v, p, h, d, r) as principal
         from unnest($1::int[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[]) with ordinality as t(v, p, h, d, r, n)
         order by n`,
        (['termsVersion', 'principal', 'held', 'released', 'refunded'] as const).map(columnsOf),
      ),
    );
    const position = aPosition(asset);
    expect(answers.map(({ principal }) => BigInt(principal))).toEqual(
      rows.map((row) => principalOf({ ...position, ...row })),
    );
  });

  it('move_into returns what moveInto returns, for every state, and null for any other text', async () => {
    const { url } = await openPostgresAt();
    const texts = [...POSITION_STATES, '', 'created', 'LOST'];
    const { rows } = await asAdmin(url, (admin) =>
      admin.query<{ move: string | null }>(
        'select move_into(s) as move from unnest($1::text[]) with ordinality as t(s, n) order by n',
        [texts],
      ),
    );
    expect(rows.map(({ move }) => move)).toEqual([...POSITION_STATES.map(moveInto), null, null, null]);
  });

  it('both are immutable, and the owner of the tables and the application may call them', async () => {
    const { url } = await openPostgresAt();
    const { rows } = await asAdmin(url, (admin) =>
      admin.query<object>(
        `select proname as name, provolatile as volatility, has_function_privilege('escrowgrid_app', oid, 'execute') as "mayCall"
         from pg_proc where proname in ('principal_of', 'move_into') order by 1`,
      ),
    );
    expect(rows).toEqual(['move_into', 'principal_of'].map((name) => ({ name, volatility: 'i', mayCall: true })));
  });
});

it('a migration that fails leaves the earlier ones applied, and is applied when its cause is removed', async () => {
  const url = await createEarlierDatabase();
  const [, bad] = positions;
  if (!bad) throw new Error('There are too few positions.');
  // The constraint of the version before would not accept it.
  await asAdmin(url, async (admin) => {
    await admin.query('alter table positions drop constraint positions_state_holds');
    await admin.query('update positions set held = 99 where id = $1', [bad.id]);
    await admin.query('alter table positions add constraint positions_state_holds check (true)');
  });
  await expect(migrate(url)).rejects.toMatchObject({ cause: { code: '23514', constraint: 'positions_state_holds' } });
  expect(await readMigrationStatus(url)).toMatchObject({
    applied: expect.arrayContaining([SUPERSEDE, TERMS]) as unknown,
    pending: [...knownMigrations()].filter((name) => name > TERMS).toSorted(),
  });
  const store = createPostgresStore({ databaseUrl: url, onError: () => undefined });
  onTestFinished(() => store.close());
  expect(await store.findFault()).toBe('schema_outdated');
  await asAdmin(url, (admin) => admin.query('update positions set held = 100 where id = $1', [bad.id]));
  await migrate(url);
  expect(await store.findFault()).toBeUndefined();
});
