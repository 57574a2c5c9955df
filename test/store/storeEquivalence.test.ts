import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Position } from '../../src/domain/position.ts';
import type { Reader, Store } from '../../src/store/store.ts';
import { COUNTS, SEED } from '../counts.ts';
import { checked } from '../support/random.ts';
import { openMemory, openPostgres } from '../support/stores.ts';
import { idOf, TABLE_NAMES } from './queryableFields.ts';
import { picker, type Rows, randomChanges, randomRows } from './randomRows.ts';
import { scopes, windowsOf } from './randomWindows.ts';
import { insertAll } from './rows.ts';

interface World {
  readonly memory: Store;
  readonly postgres: Store;
  readonly rows: Rows;
}
let world: World;

beforeAll(async () => {
  const pick = picker();
  const memory = await openMemory();
  const postgres = await openPostgres();
  const rows = randomRows(pick);
  const changes = randomChanges(pick, rows.positions);
  for (const store of [memory, postgres]) {
    await store.transact('ALL', async (tx) => {
      insertAll(tx, rows);
    });
    for (const positions of changes) {
      await store.transact('ALL', async (tx) => {
        for (const row of positions) tx.positions.replace(row);
      });
    }
  }
  const now = new Map([...rows.positions, ...changes.flat()].map((row) => [row.id, row]));
  world = { memory, postgres, rows: { ...rows, positions: [...now.values()] } };
});

describe('predecessor mistake 16: both stores must return the same results', () => {
  test.each(TABLE_NAMES)('both stores return the same pages, counts and totals of random windows on %s', (table) =>
    checked(
      COUNTS.equalWindows,
      fc.asyncProperty(
        scopes,
        fc.array(windowsOf(table), { minLength: 1, maxLength: 3 }),
        fc.context(),
        async (scope, windowsIn, context) => {
          const windows = windowsIn.flatMap((each) => each(world.rows));
          context.log(inspect({ scope: scope(world.rows), windows }, { depth: null }));
          const answersOf = async (store: Store) => {
            const readers = store.read(scope(world.rows));
            const reader = readers[table] as Reader<unknown> as Reader<Position>;
            return {
              pages: await reader.pages(windows),
              counts: await reader.counts(windows),
              totals: table === 'positions' ? await readers.positionTotals(windows) : [],
            };
          };
          const [memory, postgres] = await Promise.all([answersOf(world.memory), answersOf(world.postgres)]);
          expect(postgres).toEqual(memory);
        },
      ),
    ),
  );

  test('both stores return the same rows for ids in any scope', () =>
    checked(
      COUNTS.equalWindows,
      fc.asyncProperty(
        scopes,
        fc.constantFrom(...TABLE_NAMES),
        fc.array(fc.oneof(...TABLE_NAMES.map(idOf)), { maxLength: 8 }),
        async (scope, table, idsIn) => {
          const ids = idsIn.map((each) => each(world.rows));
          const answers = (store: Store) => store.read(scope(world.rows))[table].byIds(ids);
          expect(await answers(world.postgres)).toEqual(await answers(world.memory));
        },
      ),
    ));

  test('the random windows match all rows, some rows and no rows', async () => {
    const windows = fc.sample(windowsOf('positions'), { numRuns: 300, seed: SEED }).flatMap((each) => each(world.rows));
    const found = (await world.memory.read('ALL').positions.pages(windows)).map(({ rows }) => rows.length);
    expect(found.filter((length) => length > 0).length).toBeGreaterThan(found.length / 4);
    expect(found.filter((length) => length === 0).length).toBeGreaterThan(found.length / 20);
  });
});
