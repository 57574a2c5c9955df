import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The errors of npm when the registry cannot be reached. */
const UNREACHABLE =
  /\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTCACHED|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/;

const execute = promisify(execFile);

/** The result of a program that has ended. */
export interface Ended {
  readonly code: number;
  /** What it has written on stdout and stderr. */
  readonly output: string;
}

/** Runs a program in the folder until it ends. */
export async function runIn(
  folder: string,
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const options = { cwd: folder, env: { ...environment(), ...env }, maxBuffer: 2 ** 26 };
  try {
    const { stdout, stderr } = await execute(program, args, options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, output: stdout + stderr };
  }
}

/** The variables of vitest, and those of the npm that runs it: the settings of this project are not those of users. */
const OWN =
  /^(NODE_ENV|NODE_OPTIONS|TEST|VITEST|VITE_|JEST_|npm_(?!config_(registry|cache|userconfig|\w*proxy|cafile)$))/;

/** Returns the variables that a user has. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN.test(name)));

/**
 * Installs packages in the folder: those of its lock file, or with `npm install` and these arguments. Returns whether
 * they are installed: false, with a line that names what is skipped, if the registry cannot be reached. Throws if npm
 * fails for another reason.
 */
export async function npmInstall(folder: string, skipped: string, args?: readonly string[]): Promise<boolean> {
  const command = args ? ['install', ...args] : ['ci'];
  // Some tools declare newer engines than those in which they work.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1'];
  const { code, output } = await runIn(folder, ['npm', ...command, ...options, '--engine-strict=false']);
  if (code === 0) return true;
  if (!UNREACHABLE.test(output)) throw new Error(`npm exited with ${code}: ${output}`);
  process.stdout.write(`Skipped because the package registry cannot be reached: ${skipped}.\n`);
  return false;
}

/** Installs the packages of a lock file in its folder, unless that has been done. Returns the same. */
export async function installOnce(folder: string, skipped: string): Promise<boolean> {
  const stamp = join(folder, 'node_modules/.installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  const isInstalled = await npmInstall(folder, skipped);
  if (isInstalled) writeFileSync(stamp, wanted);
  return isInstalled;
}
