// The folders of the benchmark, and what prepares them: the compiled programs and the installed peers.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = join(root, 'dist/bench');
const MIGRATIONS = 'src/store/postgres/migrations';

/** The folder with the package.json of the peers. */
export const PEERS = join(root, 'test/bench/peers');
/** The file for the figures of a run. */
export const RESULTS = join(root, 'bench-results.json');

/**
 * Compiles the programs and the server as for a release: the loader that runs TypeScript directly makes each function
 * that is created slower.
 */
export function compilePrograms(): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [compiler, '-p', join(root, 'test/bench/tsconfig.json')], root);
  cpSync(join(root, MIGRATIONS), join(BUILT, MIGRATIONS), { recursive: true });
}

/** Returns the path of a compiled program. */
export const programPath = (name: string): string => join(BUILT, `test/bench/programs/${name}.js`);

/** Installs the packages of a folder, unless they are installed as in its lock file. */
export function installPackages(folder: string): void {
  const lock = join(folder, 'package-lock.json');
  const copy = join(folder, 'node_modules/.installed-lock.json');
  if (existsSync(copy) && readFileSync(copy).equals(readFileSync(lock))) return;
  process.stdout.write(`Installing the packages of ${folder}\n`);
  run('npm', ['ci', '--no-audit', '--no-fund', '--no-engine-strict', '--loglevel=error'], folder);
  cpSync(lock, copy);
}

function run(program: string, args: readonly string[], folder: string): void {
  const { status, error } = spawnSync(program, args, { cwd: folder, stdio: 'inherit' });
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(' ')} ended with ${status}.`);
}
