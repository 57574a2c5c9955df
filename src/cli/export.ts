import { existsSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import type { Scope } from '../domain/viewer.ts';
import type { Store } from '../store/store.ts';
import { exportToFile, temporaryNameOf } from '../transfer/exportToFile.ts';
import { CommandError } from './commandError.ts';
import { withDatabase } from './databaseCommand.ts';
import { createProgress } from './progress.ts';
import { sumOf } from './rowCounts.ts';

/** The options of `export`. */
export interface ExportOptions {
  /** The only institution to export; all if absent. */
  readonly institution?: string;
}

/** Exports an institution, or all, to a new file, and prints the number of rows. */
export function exportStore(path: string, { institution }: ExportOptions): Promise<void> {
  return withDatabase(async (store) => {
    if (existsSync(path)) throw new CommandError(`The file ${path} exists already. Choose another name, or remove it.`);
    const scope = await scopeFor(store, institution);
    removeOnSignal(temporaryNameOf(path));
    const progress = createProgress('rows exported');
    const rows = await exportToFile(store, scope, path, progress.report);
    progress.end();
    process.stdout.write(`Exported ${sumOf(rows)} rows of ${rows.institutions} institutions to ${path}.\n`);
  });
}

async function scopeFor(store: Store, institutionId: string | undefined): Promise<Scope> {
  if (institutionId === undefined) return 'ALL';
  const [found] = await store.read('ALL').institutions.byIds([institutionId]);
  if (!found) throw new CommandError(`The store has no institution ${institutionId}.`);
  return { institutionId };
}

/** Removes a file that is not complete if a signal ends the process. */
function removeOnSignal(path: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      rmSync(path, { force: true });
      process.exit(128 + constants.signals[signal]);
    });
  }
}
