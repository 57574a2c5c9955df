import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import type { Store } from '../../src/store/store.ts';
import { importFile } from '../../src/transfer/importFile.ts';
import { COUNTS, SEED } from '../counts.ts';
import { temporaryFolder } from './folder.ts';

let folder = '';

/** Returns the path of the changed file. Test files share this module, and the folder is removed when one ends. */
function changedPath(): string {
  if (!existsSync(folder)) folder = temporaryFolder();
  return join(folder, 'changed.ndjson');
}

/** Imports changed bytes, which must fail, and returns the message. */
export async function refusalOf(store: Store, changed: Buffer | string): Promise<string> {
  const path = changedPath();
  writeFileSync(path, changed);
  return importFile(store, path).then(
    () => 'imported',
    (error: Error) => error.message,
  );
}

/** Returns an export with other lines and the checksum of those, and with the same numbers of rows unless it has others. */
export function rewritten(bytes: Buffer, change: (lines: string[]) => void, counts: object = {}): string {
  const lines = bytes.toString().split('\n').slice(0, -2);
  const trailer = JSON.parse(bytes.toString().split('\n').at(-2) ?? '') as { rows: object };
  change(lines);
  const text = `${lines.join('\n')}\n`;
  const sha256 = createHash('sha256').update(text).digest('hex');
  return `${text}${JSON.stringify({ rows: { ...trailer.rows, ...counts }, sha256 })}\n`;
}

const REFUSALS =
  /^The (export is damaged: |export is not complete: |file is not an export |export has the format version )/;

/** Changes random bits, one per import, each of which must fail. */
export async function expectChangedBitsRefused(store: Store, bytes: Buffer): Promise<void> {
  const random = randomFrom(SEED);
  for (let n = 0; n < COUNTS.damagedExports; n += 1) {
    const changed = Buffer.from(bytes);
    const index = Math.floor(random() * bytes.length);
    changed[index] = (changed[index] ?? 0) ^ (1 << Math.floor(random() * 8));
    expect([SEED, index, await refusalOf(store, changed)]).toEqual([SEED, index, expect.stringMatching(REFUSALS)]);
  }
}

/** Cuts the bytes off after some lines and at random places; each of these imports must fail. */
export async function expectCutOffRefused(store: Store, bytes: Buffer): Promise<void> {
  const random = randomFrom(SEED);
  const lines = [...bytes.toString('latin1').matchAll(/\n/g)].map(({ index }) => index + 1);
  const ends = [0, 1, bytes.length - 1, ...lines.slice(0, -1).filter((_end, index) => index % 50 === 0)];
  while (ends.length < COUNTS.damagedExports) ends.push(Math.floor(random() * bytes.length));
  for (const end of ends) {
    const message = await refusalOf(store, bytes.subarray(0, end));
    expect([end, message]).toEqual([end, expect.stringMatching(/^The (export is not complete|file is not an export)/)]);
  }
}
