import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { POSITION_STATES } from '../../src/domain/lifecycle.ts';
import type { Store } from '../../src/store/store.ts';
import { exportToFile } from '../../src/transfer/exportToFile.ts';
import type { RowCounts } from '../../src/transfer/format.ts';
import { importFile } from '../../src/transfer/importFile.ts';
import { verify } from '../../src/verify/verify.ts';
import { countsOf } from '../support/accounting.ts';
import { serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';
import { temporaryFolder } from './folder.ts';
import { expectChangedBitsRefused, expectCutOffRefused, refusalOf, rewritten } from './refusals.ts';

/** The command `export` of the last release with version 1 wrote this file: one institution, positions in every state. */
const VERSION_1 = fileURLToPath(new URL('version1.ndjson', import.meta.url));
const bytes = readFileSync(VERSION_1);
const folder = temporaryFolder();

type Values = { readonly [field: string]: unknown };
type Line = { readonly [table: string]: Values };

/** The fields that the file does not have, as version 2 and later ones write them. */
const ADDED: Line = {
  positions: { termsVersion: null, principal: '0', retained: '0', fees: '0' },
  lifecycleEvents: {
    move: null,
    fee: null,
    retained: null,
    milestoneId: null,
    paymentReference: null,
    partyReference: null,
  },
  policies: { allowedCountries: null },
};

/** Returns the rows of an export, in its order. */
const rowsOf = (file: Buffer): readonly Line[] =>
  file
    .toString()
    .split('\n')
    .slice(1, -2)
    .map((line) => JSON.parse(line) as Line);
const lineOf = (file: Buffer, index: number): { readonly version?: number; readonly rows?: RowCounts } =>
  JSON.parse(file.toString().trimEnd().split('\n').at(index) ?? '');

const withAdded = (row: Line): Line =>
  Object.fromEntries(Object.entries(row).map(([table, values]) => [table, { ...values, ...ADDED[table] }]));

it('the file has version 1, and positions in every state that positions without terms have', () => {
  expect(lineOf(bytes, 0).version).toBe(1);
  const states = rowsOf(bytes).flatMap(({ positions }) => positions?.['state'] ?? []);
  expect(new Set(states)).toEqual(new Set(POSITION_STATES.filter((state) => state !== 'PARTIALLY_FUNDED')));
});

const exported: Buffer[] = [];

onBothStores((open) => {
  describe('an import of version 1', () => {
    let store: Store;
    let rows: RowCounts;
    beforeAll(async () => {
      store = await open();
      rows = await importFile(store, VERSION_1);
    });

    it('has all rows, and is consistent', async () => {
      const later = { positionTerms: 0, parties: 0, milestones: 0, webhookEndpoints: 0, webhookDeliveries: 0 };
      expect(rows).toEqual({ ...lineOf(bytes, -1).rows, ...later });
      expect(await countsOf(store)).toEqual(rows);
      const { positions, difference } = await verify(store);
      expect([positions, difference]).toEqual([rows.positions, null]);
    });

    it('is exported as version 3, with the same rows and the new fields', async () => {
      const path = join(folder, `version3-${exported.length}.ndjson`);
      await exportToFile(store, 'ALL', path);
      const file = readFileSync(path);
      expect(lineOf(file, 0).version).toBe(3);
      expect(lineOf(file, -1).rows).toEqual(rows);
      expect(rowsOf(file)).toEqual(rowsOf(bytes).map(withAdded));
      const other = await open();
      await importFile(other, path);
      await exportToFile(other, 'ALL', path);
      expect(readFileSync(path).equals(file)).toBe(true);
      // Both stores write the same bytes.
      exported.push(file);
      expect(exported[0]?.equals(file)).toBe(true);
    });

    it('replays the idempotency keys, and its positions can be moved', async () => {
      const server = serve(store);
      const found = rowsOf(bytes).flatMap(({ positions }): Values[] => (positions ? [positions] : []));
      const idOf = (reference: string) =>
        found.find((each) => each['externalReference'] === reference)?.['id'] as string;
      const positionId = idOf('funded');
      const document = `mutation ($fund: FundPositionInput!, $release: ReleasePositionInput!) {
        fundPosition(input: $fund) { ... on FundPositionPayload { replayed position { id } } }
        releasePosition(input: $release) { ... on ReleasePositionPayload { position { state released { amount } } } }
      }`;
      const { data } = await server.ask(document, {
        fund: { positionId, idempotencyKey: `fund ${positionId}` },
        release: { positionId: idOf('partially released'), all: true },
      });
      expect(data).toEqual({
        fundPosition: { replayed: true, position: { id: positionId } },
        releasePosition: { position: { state: 'RELEASED', released: { amount: '100.00' } } },
      });
      await server.app.stop();
      expect((await verify(store)).difference).toBe(null);
    });
  });

  describe('an import of version 1 that is not as it was written', () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });

    it('refuses a file with any changed bit or that is cut off anywhere, and writes nothing', async () => {
      await expectChangedBitsRefused(store, bytes);
      await expectCutOffRefused(store, bytes);
      expect((await countsOf(store)).auditEvents).toBe(0);
    });

    it('refuses the fields and tables of version 2, and rows of version 1 in version 2', async () => {
      const newField = rewritten(bytes, (lines) => {
        const index = lines.findIndex((line) => line.startsWith('{"positions":'));
        lines[index] = JSON.stringify(withAdded(JSON.parse(lines[index] ?? '') as Line));
      });
      expect(await refusalOf(store, newField)).toMatch(/^The export is damaged: line \d+ is not as it was written\.$/);
      const terms = { id: 'x', institutionId: 'x', positionId: 'x', version: 1, fees: [], retainagePercentage: null };
      const newTable = rewritten(bytes, (lines) => {
        lines.push(JSON.stringify({ positionTerms: { ...terms, agreementRequired: false, createdAt: 0 } }));
      });
      expect(await refusalOf(store, newTable)).toMatch(/^The export is damaged: line \d+ is not as it was written\.$/);
      const differs = 'The export is damaged: its checksum differs from that of its last line.';
      const newTrailer = rewritten(bytes, () => {}, { positionTerms: 0, parties: 0, milestones: 0 });
      expect(await refusalOf(store, newTrailer)).toBe(differs);
      const otherVersion = rewritten(bytes, (lines) => {
        lines[0] = lines[0]?.replace('"version":1', '"version":2') ?? '';
      });
      expect(await refusalOf(store, otherVersion)).toBe(differs);
      expect((await countsOf(store)).auditEvents).toBe(0);
    });

    it('refuses rows of an institution that the header does not name', async () => {
      const otherOwner = rewritten(bytes, (lines) => {
        lines[0] = lines[0]?.replace('null', '"inst_00000000000000000000000009"') ?? '';
      });
      expect(await refusalOf(store, otherOwner)).toBe('The export is damaged: line 2 belongs to another institution.');
    });
  });
});
