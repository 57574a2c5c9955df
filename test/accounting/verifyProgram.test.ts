import { execFile } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededDifferencesOn } from '../support/seededDifferences.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
/** Runs a program of the project, and returns its exit code and output. */
const ended = async (file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> => {
  try {
    return { code: 0, ...(await run(file, args, { cwd: ROOT, env: { PATH: process.env['PATH'], ...env } })) };
  } catch (error) {
    return error as Ended;
  }
};
/**
 * A separate folder, so that test files do not wait for each other. It is within the project, whose packages it needs.
 */
const DIST = join(ROOT, 'dist', `verify-${process.pid}`);
const OUT = ['--outDir', DIST, '--incremental', 'false', '--tsBuildInfoFile', 'null'];
const verifying = (env: NodeJS.ProcessEnv): Promise<Ended> =>
  ended(process.execPath, [join(DIST, 'main.js'), 'verify'], env);

describe('npm run verify', () => {
  const seeded = seededDifferencesOn();
  beforeAll(async () => {
    await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...OUT], {
      cwd: ROOT,
    });
    cpSync(join(ROOT, 'src/store/postgres/migrations'), join(DIST, 'store/postgres/migrations'), { recursive: true });
  });
  afterAll(() => rmSync(DIST, { recursive: true, force: true }));

  it('npm run verify prints the counts and "consistent", and exits with 0', async () => {
    const postgres = await verifying({ STORE_BACKEND: 'postgres', DATABASE_URL: seeded.url });
    expect(postgres).toEqual({
      code: 0,
      stdout: 'Checked 4 positions, 14 events and 20 postings: consistent.\n',
      stderr: '',
    });
    const memory = await verifying({ STORE_BACKEND: 'memory' });
    expect(memory).toEqual({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /^Checked [1-9]\d* positions, [1-9]\d* events and [1-9]\d* postings: consistent\.\n$/,
      ) as string,
    });
    expect(await verifying({ DEMO_DATA: 'false' })).toMatchObject({
      code: 0,
      stdout: 'Checked 0 positions, 0 events and 0 postings: consistent.\n',
    });
  });

  it('npm run verify prints the first difference with its position, and exits with 1', async () => {
    await seeded.run(`update positions set held = held - 1, released = released + 1 where id = '${seeded.ids.partly}'`);
    const { code, stdout, stderr } = await verifying({ STORE_BACKEND: 'postgres', DATABASE_URL: seeded.url });
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain(`position ${seeded.ids.partly} holds 6849, its postings 6850.`);
  });

  it('npm run verify exits with 1 and a message if it cannot read the database', async () => {
    const wrong = await verifying({ STORE_BACKEND: 'postgres' });
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('DATABASE_URL must be set')]);
    const away = await verifying({ STORE_BACKEND: 'postgres', DATABASE_URL: 'postgres://127.0.0.1:1/nowhere' });
    expect([away.code, away.stdout, away.stderr]).toEqual([1, '', expect.stringMatching(/\S/)]);
    expect(away.stderr).not.toMatch(/\n\s+at /);
  });
});
