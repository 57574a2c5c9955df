import type { Client } from 'pg';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { isWellFormedId } from '../../src/domain/ids.ts';
import type { Scope } from '../../src/domain/viewer.ts';
import type { Column } from '../../src/store/postgres/layout.ts';
import { LAYOUTS } from '../../src/store/postgres/layouts.ts';
import type { Reader, Store, TableName, Window, Writers } from '../../src/store/store.ts';
import { asAdmin } from '../support/admin.ts';
import { openPostgresAt } from '../support/stores.ts';
import { type AllEntities, allEntities, changeOf, insertAllEntities, TABLES, WORD } from './allEntities.ts';

// The conditions of all statements are removed, so only PostgreSQL separates institutions.
vi.mock('../../src/store/postgres/predicate.ts', () => ({ predicateOf: () => null }));

/** A row of any table. */
interface Row {
  readonly id: string;
  readonly version?: number;
}
const rowsIn = (of: AllEntities, name: TableName): readonly Row[] => of[name];
const scopeOf = (of: AllEntities): Scope => ({ institutionId: of.institutions[0]?.id ?? '' });

const NO_RIGHT = { code: '42501' };
const GONE = { code: 'STALE_VERSION', currentVersion: 0 };
/** The tables from which the application may delete rows. */
const REMOVED: readonly TableName[] = [
  'policies',
  'idempotencyRecords',
  'chatSessions',
  'webhookEndpoints',
  'webhookDeliveries',
];

let store: Store;
let url: string;
let mine: AllEntities;
let theirs: AllEntities;
beforeAll(async () => {
  ({ store, url } = await openPostgresAt());
  [mine, theirs] = [allEntities(), allEntities()];
  for (const each of [mine, theirs]) await insertAllEntities(store, each);
});

const readerAs = (scope: Scope, name: TableName) => store.read(scope)[name] as unknown as Reader<Row>;
const window = (search?: readonly string[]): Window<Row> => ({
  where: {},
  order: { by: [], direction: 'ASC' },
  limit: 100,
  backward: false,
  after: null,
  before: null,
  ...(search && { search }),
});

/** Returns all rows, as the superuser sees them. */
async function everything(admin: Client): Promise<unknown> {
  const kept: unknown[] = [];
  for (const table of [...TABLES.map((name) => LAYOUTS[name].table), 'outbox']) {
    kept.push(table, (await admin.query(`select t::text as row from ${table} t order by 1`)).rows);
  }
  return kept;
}

describe.each(TABLES)('row security of %s without conditions in statements', (name) => {
  const seenAs = async (scope: Scope) => {
    const reader = readerAs(scope, name);
    const [page] = await reader.pages([window()]);
    const [count] = await reader.counts([{ where: {} }]);
    const ids = [...rowsIn(mine, name), ...rowsIn(theirs, name)].map(({ id }) => id).filter(isWellFormedId);
    const found = (await reader.byIds(ids.toSorted())).filter((row) => row !== undefined);
    return { rows: page?.rows, count, found };
  };
  const all = (...of: readonly AllEntities[]) => {
    const rows = of.flatMap((each) => rowsIn(each, name)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return { rows, count: rows.length, found: rows.filter(({ id }) => isWellFormedId(id)) };
  };

  it('an institution sees only its own rows', async () => {
    expect(await seenAs(scopeOf(mine))).toEqual(all(mine));
    expect(await seenAs(scopeOf(theirs))).toEqual(all(theirs));
  });

  it('root sees all rows, so the other tests prove that rows are hidden', async () => {
    expect(await seenAs('ALL')).toEqual(all(mine, theirs));
  });

  it.each(['', 'ALL', 'nonsense', "' or true"])('an invalid institution "%s" sees no rows', async (institutionId) => {
    expect(await seenAs({ institutionId })).toEqual(all());
  });

  describe('writes for another institution', () => {
    const writer = (tx: Writers) =>
      tx[name] as unknown as Record<'insert' | 'replace' | 'remove', (row: object) => void>;
    const other = () => rowsIn(theirs, name)[0] as Row;
    const later = () => ({ ...other(), version: (other().version ?? 0) + 1 });
    const { version } = LAYOUTS[name].columns as { readonly version?: Column };
    const refused: readonly [string, (tx: Writers) => void, object][] = [
      ['insert', (tx) => writer(tx).insert(rowsIn(allEntities(theirs.institutions[0]), name)[0] as Row), NO_RIGHT],
    ];
    // The row is treated as unknown, with version 0.
    const changes: typeof refused = [
      ['replace', (tx) => writer(tx).replace(later()), GONE],
      [
        'replace with its own institution',
        (tx) => writer(tx).replace({ ...later(), ...(scopeOf(mine) as object) }),
        GONE,
      ],
      ['remove', (tx) => writer(tx).remove(other()), REMOVED.includes(name) ? GONE : NO_RIGHT],
    ];
    it.each([...refused, ...(version && !version.fixed ? changes : [])])(
      'a write for another institution is rejected: %s',
      async (_what, write, expected) => {
        const before = await asAdmin(url, everything);
        const beside = allEntities(mine.institutions[0]).assetTemplates[0] as never;
        const work = store.transact(scopeOf(mine), async (tx) => {
          tx.assetTemplates.insert(beside);
          write(tx);
        });
        await expect(work).rejects.toMatchObject(expected);
        expect(await asAdmin(url, everything)).toEqual(before);
      },
    );
  });
});

describe('row security of queries without conditions', () => {
  it('totals, unread counts and searches of an institution cover only its own rows', async () => {
    const read = store.read(scopeOf(mine));
    const [totals] = await read.positionTotals([{ where: {} }]);
    expect(totals?.map(({ count }) => count)).toEqual([1]);
    const unread = [mine, theirs].map(({ chatSessions }) => ({
      sessionId: chatSessions[0]?.id ?? '',
      participantReference: 'bob',
    }));
    expect(await read.unreadCounts(unread)).toEqual([1, 0]);
    expect(await store.read('ALL').unreadCounts(unread)).toEqual([1, 1]);
    const found = async (scope: Scope) => (await readerAs(scope, 'chatSessions').pages([window([WORD])]))[0]?.rows;
    expect(await found(scopeOf(mine))).toEqual(mine.chatSessions);
    expect(await found('ALL')).toEqual([...mine.chatSessions, ...theirs.chatSessions]);
    expect(await found({ institutionId: 'nonsense' })).toEqual([]);
  });

  it('an institution cannot lock rows of others, by id or by expiry, or publish changes for them', async () => {
    await store.transact(scopeOf(mine), async (tx) => {
      const [other] = theirs.positions;
      expect(await tx.positions.lock([other?.id ?? ''])).toEqual([undefined]);
    });
    const announced = store.transact(scopeOf(mine), async (tx) => {
      for (const position of theirs.positions) tx.publish(changeOf(position));
    });
    await expect(announced).rejects.toMatchObject({ code: '42501' });
  });

  it('a snapshot of an institution has the same rows as other reads', async () => {
    const counted = await store.snapshot(scopeOf(mine), async (read) => read.positions.counts([{ where: {} }]));
    expect(counted).toEqual([1]);
  });
});
