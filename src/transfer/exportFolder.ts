import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatInstant, type Instant } from '../domain/time.ts';
import type { Store } from '../store/store.ts';
import { exportToFile } from './exportToFile.ts';

/** The folder of exports that a server writes on a timer, and the number of exports that are kept. */
export interface ExportFolder {
  readonly folder: string;
  readonly kept: number;
}

const MODE = 0o700;
const NAME = /^escrowgrid-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.ndjson(\.tmp)?$/;

/**
 * Exports all institutions to a file named by the time, and then deletes all but the newest exports, with the remains of
 * exports that were interrupted. No other file of the folder is touched. Returns the path of the new file.
 */
export async function exportToFolder(
  store: Pick<Store, 'scan'>,
  { folder, kept }: ExportFolder,
  now: Instant,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: MODE });
  const name = `escrowgrid-${formatInstant(now).replaceAll(':', '-')}.ndjson`;
  const path = join(folder, name);
  await exportToFile(store, 'ALL', path);
  const names = (await readdir(folder)).filter((each) => NAME.test(each)).toSorted();
  const complete = names.filter((each) => each.endsWith('.ndjson'));
  const interrupted = names.filter((each) => !complete.includes(each) && each < name);
  const old = [...complete.slice(0, -kept), ...interrupted];
  for (const each of old) await rm(join(folder, each), { force: true });
  return path;
}
