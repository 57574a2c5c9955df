import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { exportToFile } from '../../src/transfer/exportToFile.ts';
import { importFile } from '../../src/transfer/importFile.ts';
import { verify } from '../../src/verify/verify.ts';
import { countsOf } from '../support/accounting.ts';
import { onBothStores } from '../support/stores.ts';
import { temporaryFolder } from './folder.ts';
import { refusalOf, rewritten } from './refusals.ts';

/** The last release with version 2 wrote this file: rows of every table that it had. */
const VERSION_2 = fileURLToPath(new URL('version2.ndjson', import.meta.url));
const bytes = readFileSync(VERSION_2);
const folder = temporaryFolder();

const linesOf = (file: Buffer): readonly string[] => file.toString().trimEnd().split('\n');
const rowsIn = (file: Buffer): { readonly rows: object } => JSON.parse(linesOf(file).at(-1) ?? '');

onBothStores((open) => {
  it('an import of version 2 has all rows, is consistent, and is exported as version 3 with the same lines', async () => {
    expect(JSON.parse(linesOf(bytes)[0] ?? '')).toMatchObject({ version: 2 });
    const store = await open();
    const rows = await importFile(store, VERSION_2);
    expect(rows).toEqual({ ...rowsIn(bytes).rows, webhookEndpoints: 0, webhookDeliveries: 0 });
    expect(await countsOf(store)).toEqual(rows);
    expect((await verify(store)).difference).toBe(null);
    const path = join(folder, 'version3.ndjson');
    await exportToFile(store, 'ALL', path);
    const file = readFileSync(path);
    expect(JSON.parse(linesOf(file)[0] ?? '')).toMatchObject({ version: 3 });
    expect(linesOf(file).slice(1, -1)).toEqual(linesOf(bytes).slice(1, -1));
    expect(rowsIn(file).rows).toEqual(rows);
  });

  it('an import of version 2 with a table of version 3 is refused, and so is its header in front of other lines', async () => {
    const store = await open();
    const newTable = rewritten(bytes, (lines) => {
      lines.push(JSON.stringify({ webhookEndpoints: { id: 'x', institutionId: 'x' } }));
    });
    expect(await refusalOf(store, newTable)).toMatch(/^The export is damaged: line \d+ is not as it was written\.$/);
    const otherVersion = rewritten(bytes, (lines) => {
      lines[0] = lines[0]?.replace('"version":2', '"version":3') ?? '';
    });
    expect(await refusalOf(store, otherVersion)).toMatch(/^The export is damaged: /);
  });
});
