import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { IdempotencyRecord } from '../../src/domain/idempotency.ts';
import type { Store } from '../../src/store/store.ts';
import { exportToFile } from '../../src/transfer/exportToFile.ts';
import { countsOf } from '../support/accounting.ts';
import { onBothStores, openMemory } from '../support/stores.ts';
import { writeEveryTable } from './everyTable.ts';
import { temporaryFolder } from './folder.ts';
import { expectChangedBitsRefused, expectCutOffRefused, refusalOf, rewritten } from './refusals.ts';

const folder = temporaryFolder();
const INTACT = join(folder, 'intact.ndjson');

let bytes: Buffer;
beforeAll(async () => {
  const store = await openMemory();
  await writeEveryTable(store);
  await exportToFile(store, 'ALL', INTACT);
  bytes = readFileSync(INTACT);
});

onBothStores((open) => {
  describe('an import', () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });

    it('refuses a file with any changed bit, and writes nothing', async () => {
      await expectChangedBitsRefused(store, bytes);
      expect((await countsOf(store)).auditEvents).toBe(0);
    });

    it('refuses a file that is cut off anywhere, and writes nothing', async () => {
      await expectCutOffRefused(store, bytes);
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
        'The export has the format version 4, and this program reads version 3. Import it with the version of EscrowGrid ' +
        'that wrote it.';
      const header = '{"format":"escrowgrid-export","version":4,"scope":"everything"}\n';
      expect(await refusalOf(store, `${header}{"unknown":1}\n`)).toBe(message);
    });

    it('refuses rows that the header does not name, lines of no table and unknown fields', async () => {
      const damaged = /^The export is damaged: /;
      const otherOwner = rewritten(bytes, (lines) => {
        lines[0] = lines[0]?.replace('null', '"inst_00000000000000000000000009"') ?? '';
      });
      expect(await refusalOf(store, otherOwner)).toMatch(damaged);
      const otherField = rewritten(bytes, (lines) => {
        lines[1] = lines[1]?.replace('"name"', '"title"') ?? '';
      });
      expect(await refusalOf(store, otherField)).toBe('The export is damaged: line 2 is not as it was written.');
      const noTable = rewritten(bytes, (lines) => {
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
