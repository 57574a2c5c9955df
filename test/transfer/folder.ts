import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atFileEnd } from '../support/fileEnd.ts';

/** Returns a new folder, which is removed when the test file ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-export-'));
  atFileEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
