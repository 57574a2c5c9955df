import { AlreadyExistsError } from '../store/errors.ts';
import type { Store, TableLoad, TableName, Tables } from '../store/store.ts';
import { ownerOf } from '../store/tables.ts';
import { exportLines, firstLine } from './exportLines.ts';
import {
  ExportFormatError,
  type Header,
  noRows,
  type ParsedRow,
  parseHeader,
  parseRow,
  type RowCounts,
} from './format.ts';

/** An export cannot be imported into this store; the message states why. */
export class ImportError extends Error {}

/** The limits of the rows that are inserted at once. */
const BATCH = { rows: 1_000, bytes: 1024 * 1024 } as const;

/** Rows of one table. */
type Batch = { readonly [T in TableName]: { readonly table: T; readonly rows: Tables[T][] } }[TableName];

/**
 * Imports all rows of an export in one transaction, and returns their numbers. The whole file is checked before anything
 * is written. Throws ExportFormatError if the file is not intact, and ImportError if the store has rows of it already.
 */
export async function importFile(
  store: Store,
  path: string,
  onProgress: (rows: number) => void = () => {},
): Promise<RowCounts> {
  const header = await checkExport(path);
  await throwIfPresent(store, path, header);
  try {
    return await store.load((load) => insertAll(load, path, header, onProgress));
  } catch (error) {
    if (!(error instanceof AlreadyExistsError)) throw error;
    throw new ImportError('The store already has rows of the export. Nothing was imported.', { cause: error });
  }
}

/** Reads the whole file once, and returns its header. Throws ExportFormatError. */
async function checkExport(path: string): Promise<Header> {
  const lines = exportLines(path);
  while ((await lines.next()).done !== true);
  return parseHeader(await firstLine(path));
}

/** Throws ImportError if the store has an institution of the export. */
async function throwIfPresent(store: Store, path: string, header: Header): Promise<void> {
  for await (const { table, rows } of batchesOf(path, header)) {
    // The institutions come first.
    if (table !== 'institutions') return;
    const found = await store.read('ALL').institutions.byIds(rows.map(({ id }) => id));
    const present = found.find((row) => row !== undefined);
    if (!present) continue;
    throw new ImportError(`The store already has the institution ${present.id} of the export. Nothing was imported.`);
  }
}

async function insertAll(
  load: TableLoad,
  path: string,
  header: Header,
  onProgress: (rows: number) => void,
): Promise<RowCounts> {
  const counts = noRows();
  let inserted = 0;
  for await (const { table, rows } of batchesOf(path, header)) {
    await load.insert(table, rows);
    counts[table] += rows.length;
    onProgress((inserted += rows.length));
  }
  return counts;
}

/**
 * Returns the rows of an export, parsed. Throws ExportFormatError, also for a row of an institution that it does not
 * name.
 */
async function* batchesOf(path: string, { version, institutionId }: Header): AsyncGenerator<Batch> {
  let batch: ParsedRow[] = [];
  let bytes = 0;
  let lineNumber = 1;
  for await (const lines of exportLines(path)) {
    for (const line of lines) {
      const parsed = parseRow(line.toString(), (lineNumber += 1), version);
      if (institutionId !== null && ownerOf(parsed.row) !== institutionId) {
        throw new ExportFormatError(`The export is damaged: line ${lineNumber} belongs to another institution.`);
      }
      const isFull = batch.length >= BATCH.rows || bytes >= BATCH.bytes;
      const last = batch.at(-1);
      if (last && (last.table !== parsed.table || (isFull && !belongTogether(last, parsed)))) {
        yield toBatch(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(parsed);
      bytes += line.length;
    }
  }
  if (batch.length > 0) yield toBatch(batch);
}

/** Whether the rows are postings of one ledger event, which must add up to zero when they are inserted. */
const belongTogether = (a: ParsedRow, b: ParsedRow): boolean =>
  a.table === 'postings' && b.table === 'postings' && a.row.ledgerEventId === b.row.ledgerEventId;

/** TypeScript does not see that the rows of a batch are of one table. */
const toBatch = (batch: readonly ParsedRow[]): Batch =>
  ({ table: batch[0]?.table, rows: batch.map(({ row }) => row) }) as Batch;
