import { importFile } from '../transfer/importFile.ts';
import { withDatabase } from './databaseCommand.ts';
import { createProgress } from './progress.ts';
import { sumOf } from './rowCounts.ts';

/** Imports a file in one transaction, and prints the number of rows. A signal ends the process and the transaction. */
export function importStore(path: string): Promise<void> {
  return withDatabase(async (store) => {
    const progress = createProgress('rows imported');
    const rows = await importFile(store, path, progress.report);
    progress.end();
    process.stdout.write(`Imported ${sumOf(rows)} rows of ${rows.institutions} institutions from ${path}.\n`);
  });
}
