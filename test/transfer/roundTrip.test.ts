import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import type { Store } from '../../src/store/store.ts';
import { exportToFile } from '../../src/transfer/exportToFile.ts';
import type { RowCounts } from '../../src/transfer/format.ts';
import { importFile } from '../../src/transfer/importFile.ts';
import { verify } from '../../src/verify/verify.ts';
import { countsOf } from '../support/accounting.ts';
import { serve } from '../support/server.ts';
import { openMemory, openPostgres } from '../support/stores.ts';
import { type EveryTable, writeEveryTable } from './everyTable.ts';
import { temporaryFolder } from './folder.ts';

const folder = temporaryFolder();
const fileOf = (name: string): string => join(folder, `${name}.ndjson`);

let written: EveryTable;
let memory: Store;
let postgres: Store;
let rows: RowCounts;
beforeAll(async () => {
  memory = await openMemory();
  written = await writeEveryTable(memory);
  rows = await exportToFile(memory, 'ALL', fileOf('first'));
  postgres = await openPostgres();
  await importFile(postgres, fileOf('first'));
});

/** Answers of the API that depend on rows, on the search index, on terms and on kept sums. */
async function answersOf(store: Store): Promise<unknown> {
  const server = serve(store);
  const { data, errors } = await server.ask(`{
    found: chatSessions(filter: { search: "quotation piles" }) { totalCount nodes { title messageCount unreadCount(participantReference: "bob") } }
    gone: chatSessions(filter: { search: "Wrong window" }) { totalCount }
    tagged: positions(filter: { metadata: [{ path: "a.list", equals: "x" }] }) { nodes { id metadata holderReference } }
    sites: assets(filter: { metadata: [{ path: "site", equals: "site 1" }] }) { totalCount }
    paid: positions(filter: { party: { reference: "owner \u{1f600}", role: PAYER } }) { nodes { held { amount } retained { amount } } }
    positionTotals { currencyCode count held { amount } released { amount } byState { state count } }
    institutions { nodes { name } }
  }`);
  await server.app.stop();
  expect(errors).toBeUndefined();
  return data;
}

/** The position with terms: 123.45 of 1,000.00 were released, of which 10 % are retained, and 400.00 were refunded. */
const PAID = { nodes: [{ held: { amount: '488.90' }, retained: { amount: '12.35' } }] };

describe('an export of the memory store that was imported into PostgreSQL', () => {
  it('has rows of every table', () => {
    expect(Object.entries(rows).filter(([, count]) => count === 0)).toEqual([]);
  });

  it('has all rows, and is consistent', async () => {
    expect(await countsOf(postgres)).toEqual(rows);
    expect(await countsOf(memory)).toEqual(rows);
    const { positions, difference } = await verify(postgres);
    expect([positions, difference]).toEqual([rows.positions, null]);
  });

  it('gives the same bytes when it is exported again, from PostgreSQL and from a memory store', async () => {
    await exportToFile(postgres, 'ALL', fileOf('second'));
    const bytes = readFileSync(fileOf('first'));
    expect(readFileSync(fileOf('second')).equals(bytes)).toBe(true);
    const other = await openMemory();
    await importFile(other, fileOf('second'));
    await exportToFile(other, 'ALL', fileOf('third'));
    expect(readFileSync(fileOf('third')).equals(bytes)).toBe(true);
  });

  it('is found by its words and its metadata, and has the same sums', async () => {
    const answers = await answersOf(memory);
    expect(answers).toMatchObject({ found: { totalCount: 1 }, gone: { totalCount: 0 }, paid: PAID });
    expect(await answersOf(postgres)).toEqual(answers);
  });

  it('accepts the API keys of the first store, and replays its idempotency keys', async () => {
    const store = await openMemory();
    await importFile(store, fileOf('first'));
    const server = serve(store, { viewerOf: undefined as never });
    const headers = { authorization: `Bearer ${written.token}` };
    const { data } = await server.ask('{ institutions { nodes { id } } }', {}, headers);
    expect(data).toEqual({ institutions: { nodes: [{ id: written.institutionId }] } });
    const root = serve(store);
    const input = { name: 'Twice', regions: ['US'], idempotencyKey: 'k' };
    const { data: replayed } = await root.ask(
      `mutation ($input: CreateInstitutionInput!) { createInstitution(input: $input) { ... on CreateInstitutionPayload { replayed } } }`,
      { input },
    );
    expect(replayed).toEqual({ createInstitution: { replayed: true } });
    await Promise.all([server.app.stop(), root.app.stop()]);
  });
});

describe('the file of an export', () => {
  it('can be read only by its owner, and leaves no other file', () => {
    expect((statSync(fileOf('first')).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(folder).filter((name) => !name.endsWith('.ndjson'))).toEqual([]);
  });

  it('contains no token and no change, only hashes of API keys', () => {
    const text = readFileSync(fileOf('first'), 'utf8');
    expect(text).not.toContain(written.token);
    expect(text).toContain('"tokenHash":"');
    expect(new Set(text.split('\n').map((line) => /^\{"(\w+)"/.exec(line)?.[1]))).toEqual(
      new Set(['format', 'rows', ...Object.keys(rows), undefined]),
    );
  });

  it('does not appear if the export fails', async () => {
    const failing: Pick<Store, 'scan'> = {
      scan: (scope, work) =>
        memory.scan(scope, async (scan) => {
          await work(scan);
          throw new Error('The connection is lost.');
        }),
    };
    await expect(exportToFile(failing, 'ALL', fileOf('failed'))).rejects.toThrow('The connection is lost.');
    expect(readdirSync(folder).filter((name) => name.startsWith('failed'))).toEqual([]);
  });
});

describe('an export of one institution', () => {
  it('has the same rows from both stores, and nothing of others', async () => {
    const scope = { institutionId: written.institutionId };
    await exportToFile(memory, scope, fileOf('one of memory'));
    await exportToFile(postgres, scope, fileOf('one of postgres'));
    const text = readFileSync(fileOf('one of memory'), 'utf8');
    expect(readFileSync(fileOf('one of postgres'), 'utf8')).toBe(text);
    const owners = [...text.matchAll(/"institutionId":"(\w+)"/g)].map(([, id]) => id);
    expect(new Set(owners)).toEqual(new Set([written.institutionId]));
  });

  it('is added to a store with other institutions, and to none that has it', async () => {
    const target: MemoryStore = createMemoryStore();
    await importFile(target, fileOf('one of postgres'));
    const before = await countsOf(target);
    await expect(importFile(target, fileOf('one of memory'))).rejects.toThrow(
      `The store already has the institution ${written.institutionId} of the export. Nothing was imported.`,
    );
    await expect(importFile(postgres, fileOf('one of memory'))).rejects.toThrow('The store already has');
    expect(await countsOf(target)).toEqual(before);
    expect(await countsOf(postgres)).toEqual(rows);
  });
});
