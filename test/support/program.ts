import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject, vi } from 'vitest';
import { DEVELOPMENT_KEY } from '../../src/config.ts';
import { atFileEnd } from './fileEnd.ts';

const startsWithinMs = 45_000;
const buildsWithinMs = 60_000;
const root = fileURLToPath(new URL('../../', import.meta.url));

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-program-'));
  atFileEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Returns the main file of the program. The first test file of the run that needs it builds it, and the others wait for
 * that build; the global set-up removes it. Lint has checked the types, so the compiler only writes.
 */
export async function buildProgram(): Promise<string> {
  const folder = inject('buildFolder');
  const main = join(folder, 'main.js');
  const completed = join(folder, 'completed');
  mkdirSync(dirname(folder), { recursive: true });
  const isFirst = mkdirSync(folder, { recursive: true }) !== undefined;
  if (isFirst) {
    const error = await compileInto(folder).catch(String);
    writeFileSync(completed, error ?? '');
  }
  await vi.waitUntil(() => existsSync(completed), { timeout: buildsWithinMs, interval: 100 });
  const error = readFileSync(completed, 'utf8');
  if (error !== '') throw new Error(`The program could not be built: ${error}`);
  return main;
}

async function compileInto(folder: string): Promise<void> {
  const options = ['-p', 'tsconfig.build.json', '--outDir', folder, '--noCheck', '--incremental', 'false'];
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, ...options, '--tsBuildInfoFile', 'null'], { cwd: root });
  for (const copied of ['store/postgres/migrations', 'server/home']) {
    cpSync(join(root, 'src', copied), join(folder, copied), { recursive: true });
  }
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A started process. It is killed when the test file ends, if it is still running. */
export interface Program {
  /** The address of the API in the last line of output. Rejects if the process ends first. */
  readonly address: Promise<string>;
  readonly ended: Promise<Ended>;
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  /** Sends an operation over HTTP. */
  ask(
    query: string,
    variables?: object,
    token?: string,
  ): Promise<{ readonly data?: unknown; readonly errors?: unknown }>;
}

export type Environment = Readonly<Record<string, string>>;

/** The header that authenticates as root in development. */
export const AS_ROOT = { authorization: `Bearer ${DEVELOPMENT_KEY}` } as const;

/** No load balancer sends requests to a server of a test, so it stops at once. */
const AT_ONCE = { DRAIN_GRACE_MS: '0' };

/**
 * Starts the program with only these environment variables, in a folder with only this .env file, on a free port, unless
 * the options name another folder or user. It serves unless `args` name another command.
 */
export function startProgram(
  main: string,
  env: Environment = {},
  dotEnv?: string,
  { args = [], ...options }: SpawnOptions & { readonly args?: readonly string[] } = {},
): Program {
  const cwd = temporaryFolder();
  if (dotEnv !== undefined) writeFileSync(join(cwd, '.env'), dotEnv);
  const port = dotEnv?.includes('PORT=') ? {} : { PORT: '0' };
  return programOf(
    spawn(process.execPath, [main, ...args], {
      cwd,
      env: { ...AT_ONCE, ...port, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    }),
  );
}

/** Runs `npm start` like a user. */
export function npmStart(env: Environment): Program {
  const { PATH = '', HOME = '' } = process.env;
  return programOf(
    spawn('npm', ['start'], { cwd: root, env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

function programOf(child: ChildProcess): Program {
  atFileEnd(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  const address = new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      // In production, the address is in a line of the log; with --json, it is in the only line.
      const [, printed, logged, json] =
        /^Graphi?QL: (\S+)\n|"production","address":"([^"]+)"|^\{"url":"([^"]+)".*\n/m.exec(stdout) ?? [];
      const found = printed ?? logged ?? json;
      if (found) resolve(found);
    });
    const late = setTimeout(() => reject(new Error(`It has not started: ${stdout}${stderr}`)), startsWithinMs);
    child.on('close', (code) => {
      clearTimeout(late);
      reject(new Error(`It ended with ${code}: ${stdout}${stderr}`));
    });
  });
  address.catch(() => undefined); // Some are meant to end.
  return {
    address,
    ended,
    pid: child.pid ?? -1,
    stdout: () => stdout,
    stderr: () => stderr,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
    ask: async (query, variables = {}, token = DEVELOPMENT_KEY) => {
      const response = await fetch(await address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as { readonly data?: unknown };
    },
  };
}
