import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import type { IdempotencyRecord } from '../../src/domain/idempotency.ts';
import type { Store } from '../../src/store/store.ts';
import { exportToFile } from '../../src/transfer/exportToFile.ts';
import { importFile } from '../../src/transfer/importFile.ts';
import { COUNTS, SEED } from '../counts.ts';
import { countsOf } from '../support/accounting.ts';
import { onBothStores, openMemory } from '../support/stores.ts';
import { writeEveryTable } from './everyTable.ts';
import { temporaryFolder } from './folder.ts';

const folder = temporaryFolder();
const INTACT = join(folder, 'intact.ndjson');
const CHANGED = join(folder, 'changed.ndjson');

let bytes: Buffer;
beforeAll(async () => {
  const store = await openMemory();
  await writeEveryTable(store);
  await exportToFile(store, 'ALL', INTACT);
  bytes = readFileSync(INTACT);
});

/** Imports changed bytes, which must fail, and returns the message. */
async function refusalOf(store: Store, changed: Buffer | string): Promise<string> {
  writeFileSync(CHANGED, changed);
  return importFile(store, CHANGED).then(
    () => 'imported',
    (error: Error) => error.message,
  );
}

/** Returns the export with other lines and the checksum of those. */
function rewritten(change: (lines: string[]) => void): string {
  const lines = bytes.toString().split('\n').slice(0, -2);
  const trailer = JSON.parse(bytes.toString().split('\n').at(-2) ?? '') as { rows: object };
  change(lines);
  const text = `${lines.join('\n')}\n`;
  return `${text}${JSON.stringify({ rows: trailer.rows, sha256: createHash('sha256').update(text).digest('hex') })}\n`;
}

const REFUSALS =
  /^The (export is damaged: |export is not complete: |file is not an export |export has the format version )/;

onBothStores((open) => {
  describe('an import', () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });

    it('refuses a file with any changed bit, and writes nothing', async () => {
      const random = randomFrom(SEED);
      for (let n = 0; n < COUNTS.damagedExports; n += 1) {
        const changed = Buffer.from(bytes);
        const index = Math.floor(random() * bytes.length);
        changed[index] = (changed[index] ?? 0) ^ (1 << Math.floor(random() * 8));
        expect([SEED, index, await refusalOf(store, changed)]).toEqual([SEED, index, expect.stringMatching(REFUSALS)]);
      }
      expect((await countsOf(store)).auditEvents).toBe(0);
    });

    it('refuses a file that is cut off anywhere, and writes nothing', async () => {
      const random = randomFrom(SEED);
      const lines = [...bytes.toString('latin1').matchAll(/\n/g)].map(({ index }) => index + 1);
      const ends = [0, 1, bytes.length - 1, ...lines.slice(0, -1).filter((_end, index) => index % 50 === 0)];
      while (ends.length < COUNTS.damagedExports) ends.push(Math.floor(random() * bytes.length));
      for (const end of ends) {
        const message = await refusalOf(store, bytes.subarray(0, end));
        expect([end, message]).toEqual([
          end,
          expect.stringMatching(/^The (export is not complete|file is not an export)/),
        ]);
      }
      expect((await countsOf(store)).auditEvents).toBe(0);
    });

    it.each([
      ['an empty file', '', 'The file is not an export of EscrowGrid.'],
      ['another file', 'name,amount\nx,1\n', 'The file is not an export of EscrowGrid.'],
      ['JSON of another kind', '[1]\n[2]\n', 'The file is not an export of EscrowGrid.'],
    ])('refuses %s', async (_name, text, message) => {
      expect(await refusalOf(store, text)).toBe(message);
    });

    it('refuses an export of a newer version, whatever follows its header', async () => {
      const message =
        'The export has the format version 2, and this program reads version 1. Import it with the version of EscrowGrid ' +
        'that wrote it.';
      const header = '{"format":"escrowgrid-export","version":2,"scope":"everything"}\n';
      expect(await refusalOf(store, `${header}{"unknown":1}\n`)).toBe(message);
    });

    it('refuses rows that the header does not name, lines of no table and unknown fields', async () => {
      const damaged = /^The export is damaged: /;
      const otherOwner = rewritten((lines) => {
        lines[0] = lines[0]?.replace('null', '"inst_00000000000000000000000009"') ?? '';
      });
      expect(await refusalOf(store, otherOwner)).toMatch(damaged);
      const otherField = rewritten((lines) => {
        lines[1] = lines[1]?.replace('"name"', '"title"') ?? '';
      });
      expect(await refusalOf(store, otherField)).toBe('The export is damaged: line 2 is not as it was written.');
      const noTable = rewritten((lines) => {
        lines[1] = '{"outbox":{}}';
      });
      expect(await refusalOf(store, noTable)).toMatch(damaged);
    });

    it('rolls everything back if the last of its rows exists already', async () => {
      const line = bytes.toString().match(/^\{"idempotencyRecords":(.*)\}$/m)?.[1] ?? '';
      const record = JSON.parse(line) as IdempotencyRecord;
      await store.transact('ALL', async (tx) => tx.idempotencyRecords.insert(record));
      expect(await refusalOf(store, bytes)).toBe('The store already has rows of the export. Nothing was imported.');
      expect(await countsOf(store)).toMatchObject({ institutions: 0, auditEvents: 0, idempotencyRecords: 1 });
    });
  });
});
