import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs the packages of a folder that has a lock file of its own, unless they are installed. Returns whether they
 * are; prints one line if they cannot be, because the package registry cannot be reached.
 */
export function installPackages(folder: string): boolean {
  if (modifiedAtMs(join(folder, 'node_modules/.package-lock.json')) > modifiedAtMs(join(folder, 'package-lock.json'))) {
    return true;
  }
  const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=0'];
  const { status, stderr } = spawnSync('npm', options, { cwd: folder, encoding: 'utf8' });
  if (status === 0) return true;
  const [reason] = stderr.split('\n').filter((line) => line.includes('npm error'));
  process.stderr.write(`The packages of ${folder} cannot be installed, so they test nothing: ${reason}\n`);
  return false;
}

/** Returns when a file was last modified, or 0 if it does not exist. */
const modifiedAtMs = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
