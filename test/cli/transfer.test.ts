import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { exportToFile } from '../../src/transfer/exportToFile.ts';
import { countsOf } from '../support/accounting.ts';
import { openMemory, openPostgresAt } from '../support/stores.ts';
import { writeEveryTable } from '../transfer/everyTable.ts';
import { temporaryFolder } from '../transfer/folder.ts';
import { onDatabase, run } from './run.ts';

const folder = temporaryFolder();
const FROM_MEMORY = join(folder, 'memory.ndjson');
let env: Readonly<Record<string, string>>;
let store: Store;
let institutionId: string;
let rows: number;

beforeAll(async () => {
  const memory = await openMemory();
  ({ institutionId } = await writeEveryTable(memory));
  const counts = await exportToFile(memory, 'ALL', FROM_MEMORY);
  rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const opened = await openPostgresAt();
  ({ store } = opened);
  env = onDatabase(opened.url);
});

it('import adds an export once, and verify finds it consistent', async () => {
  expect(await run(['import', FROM_MEMORY], env)).toEqual({
    code: 0,
    stdout: `Imported ${rows} rows of 4 institutions from ${FROM_MEMORY}.\n`,
    stderr: '',
  });
  expect((await run(['verify'], env)).code).toBe(0);
  const before = await countsOf(store);
  const repeated = await run(['import', FROM_MEMORY], env);
  expect(repeated).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^The store already has the institution inst_\w+ of the export\. Nothing was imported\.\n$/,
    ),
  });
  expect(await countsOf(store)).toEqual(before);
});

it('export writes the same bytes into a new file that only its owner can read, and replaces no file', async () => {
  const path = join(folder, 'postgres.ndjson');
  expect(await run(['export', path], env)).toEqual({
    code: 0,
    stdout: `Exported ${rows} rows of 4 institutions to ${path}.\n`,
    stderr: '',
  });
  expect(readFileSync(path).equals(readFileSync(FROM_MEMORY))).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const again = await run(['export', path], env);
  expect([again.code, again.stderr]).toEqual([
    1,
    `The file ${path} exists already. Choose another name, or remove it.\n`,
  ]);
});

it('export writes one institution, and reports an unknown one', async () => {
  const path = join(folder, 'one.ndjson');
  const { code, stdout } = await run(['export', '--institution', institutionId, path], env);
  expect([code, stdout]).toEqual([0, expect.stringContaining(' rows of 1 institutions to ')]);
  const unknown = await run(['export', '--institution', 'inst_1', join(folder, 'none.ndjson')], env);
  expect([unknown.code, unknown.stderr]).toEqual([1, 'The store has no institution inst_1.\n']);
});

it('import reports a damaged file with exit code 1', async () => {
  const path = join(folder, 'damaged.ndjson');
  writeFileSync(path, readFileSync(FROM_MEMORY).subarray(0, 5_000));
  const { code, stdout, stderr } = await run(['import', path], env);
  expect([code, stdout, stderr]).toEqual([1, '', 'The export is not complete: its last line is missing.\n']);
});
