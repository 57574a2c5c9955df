import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Scope } from '../domain/viewer.ts';
import type { Store, TableName, TableScan } from '../store/store.ts';
import { TABLE_NAMES, tenantOf } from '../store/tables.ts';
import { headerLine, noRows, type RowCounts, rowLine, trailerLine } from './format.ts';
import { FORMAT_VERSION } from './formatVersion.ts';

/** Only the owner may read a file with the data of institutions. */
const MODE = 0o600;
/** The number of characters that are written to the file at once. */
const WRITE_CHARACTERS = 256 * 1024;

/** Returns the name of the file while it is written. */
export const temporaryNameOf = (path: string): string => `${path}.tmp`;

/**
 * Writes all rows in the scope to a file, from one snapshot, and returns their numbers. The file has its name only when
 * it is complete and on disk; a file of that name is replaced.
 */
export async function exportToFile(
  store: Pick<Store, 'scan'>,
  scope: Scope,
  path: string,
  onProgress: (rows: number) => void = () => {},
): Promise<RowCounts> {
  const temporary = temporaryNameOf(path);
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', MODE);
  try {
    const rows = await store.scan(scope, (scan) => writeExport(scan, scope, file, onProgress));
    await file.sync();
    await file.close();
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return rows;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeExport(
  scan: TableScan,
  scope: Scope,
  file: FileHandle,
  onProgress: (rows: number) => void,
): Promise<RowCounts> {
  // The store may run this again.
  await file.truncate(0);
  const writer = new LineWriter(file);
  const counts = noRows();
  let total = 0;
  await writer.add(headerLine(tenantOf(scope)));
  const writeTable = async <T extends TableName>(name: T): Promise<void> => {
    for await (const rows of scan.rows(name)) {
      for (const row of rows) {
        const written = writer.add(rowLine(name, row));
        if (written) await written;
      }
      counts[name] += rows.length;
      onProgress((total += rows.length));
    }
  };
  for (const name of TABLE_NAMES) await writeTable(name);
  await writer.add(trailerLine(FORMAT_VERSION, counts, await writer.checksum()));
  await writer.flush();
  return counts;
}

/** Writes lines from the start of a file, and computes their checksum. */
class LineWriter {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #position = 0;
  #text = '';

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Returns a promise only if the lines so far must be written. */
  add(line: string): Promise<void> | void {
    this.#text += `${line}\n`;
    if (this.#text.length >= WRITE_CHARACTERS) return this.flush();
  }

  async flush(): Promise<void> {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    this.#hash.update(bytes);
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, from, bytes.length - from, this.#position);
      from += bytesWritten;
      this.#position += bytesWritten;
    }
  }

  /** Returns the SHA-256 of all lines so far, once. */
  async checksum(): Promise<string> {
    await this.flush();
    return this.#hash.copy().digest('hex');
  }
}

/** Makes the new name of a file durable. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
