import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { exportToFolder } from '../../src/transfer/exportFolder.ts';
import { importFile } from '../../src/transfer/importFile.ts';
import { keepDeal, START } from '../store/rows.ts';
import { temporaryFolder } from './folder.ts';

const parent = temporaryFolder();

it('keeps the newest exports, deletes interrupted ones, and touches no other file', async () => {
  const folder = join(parent, 'a', 'b');
  const store = createMemoryStore();
  const { institution } = await keepDeal(store, () => []);
  const export_ = (seconds: number) => exportToFolder(store, { folder, kept: 2 }, START + seconds * 1_000);
  await export_(0);
  const interrupted = 'escrowgrid-2026-03-01T12-00-00.500Z.ndjson.tmp';
  const others = ['notes.txt', 'escrowgrid-mine.ndjson', 'escrowgrid-2099-01-01T00-00-00.000Z.ndjson.tmp'];
  for (const name of [interrupted, ...others]) writeFileSync(join(folder, name), '');
  await export_(1);
  const last = await export_(2);
  const kept = ['escrowgrid-2026-03-01T12-00-01.000Z.ndjson', 'escrowgrid-2026-03-01T12-00-02.000Z.ndjson'];
  expect(readdirSync(folder).toSorted()).toEqual([...kept, ...others].toSorted());
  expect([statSync(folder).mode & 0o777, statSync(last).mode & 0o777]).toEqual([0o700, 0o600]);
  const restored = createMemoryStore();
  await importFile(restored, last);
  expect(await restored.read('ALL').institutions.byIds([institution.id])).toEqual([institution]);
});

it('rejects if the folder cannot be written, and leaves the older exports', async () => {
  const store = createMemoryStore();
  const file = join(parent, 'file');
  writeFileSync(file, '');
  await expect(exportToFolder(store, { folder: file, kept: 1 }, START)).rejects.toThrow('EEXIST');
  const folder = join(parent, 'blocked');
  await exportToFolder(store, { folder, kept: 1 }, START);
  // A folder in the place of the temporary file.
  mkdirSync(join(folder, 'escrowgrid-2026-03-01T12-00-01.000Z.ndjson.tmp'));
  await expect(exportToFolder(store, { folder, kept: 1 }, START + 1_000)).rejects.toThrow('.tmp');
  expect(readdirSync(folder)).toContain('escrowgrid-2026-03-01T12-00-00.000Z.ndjson');
});
