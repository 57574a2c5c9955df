import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { exportToFile } from '../../src/transfer/exportToFile.ts';
import { importFile } from '../../src/transfer/importFile.ts';
import { countsOf } from '../support/accounting.ts';
import { asAdmin } from '../support/admin.ts';
import { openMemory, openPostgresAt } from '../support/stores.ts';
import { writeEveryTable } from './everyTable.ts';
import { temporaryFolder } from './folder.ts';

const folder = temporaryFolder();
const INTACT = join(folder, 'intact.ndjson');
let memory: Store;
let store: Store;
let url: string;
beforeAll(async () => {
  memory = await openMemory();
  await writeEveryTable(memory);
  await exportToFile(memory, 'ALL', INTACT);
  ({ store, url } = await openPostgresAt());
});

/** Returns a function that ends all connections of the store when it is called for the nth time. */
function endingConnections(n: number): () => Promise<void> {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls !== n) return;
    await asAdmin(url, (admin) =>
      admin.query(
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
      ),
    );
  };
}

it('an import whose connection breaks begins again, and imports every row once', async () => {
  const interrupt = endingConnections(6);
  let runs = 0;
  const interrupted: Store = {
    ...store,
    load: (work) =>
      store.load((load) => {
        runs += 1;
        return work({
          insert: async (table, rows) => {
            await interrupt();
            await load.insert(table, rows);
          },
        });
      }),
  };
  const rows = await importFile(interrupted, INTACT);
  expect(runs).toBe(2);
  expect(await countsOf(store)).toEqual(rows);
  expect(rows).toEqual(await countsOf(memory));
});

it('an export whose connection breaks begins again, and writes an intact file', async () => {
  const interrupt = endingConnections(6);
  let runs = 0;
  const interrupted: Pick<Store, 'scan'> = {
    scan: (scope, work) =>
      store.scan(scope, (scan) => {
        runs += 1;
        return work({
          async *rows(table) {
            await interrupt();
            yield* scan.rows(table);
          },
        });
      }),
  };
  const path = join(folder, 'again.ndjson');
  await exportToFile(interrupted, 'ALL', path);
  expect(runs).toBe(2);
  expect(readFileSync(path).equals(readFileSync(INTACT))).toBe(true);
});
