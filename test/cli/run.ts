import { vi } from 'vitest';
import { CommandError, runCommandLine } from '../../src/cli/index.ts';
import { UnusableDatabaseError } from '../../src/store/postgres/unusableDatabase.ts';

/** The result of a command that ran within the test. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command with these environment variables, as the program does. */
export async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    });
  }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    const code = await runCommandLine(args, async () => {
      written.stdout += 'served\n';
    });
    return { code, ...written };
  } catch (error) {
    const isExpected = error instanceof CommandError || error instanceof UnusableDatabaseError;
    if (!isExpected) throw error;
    return { code: 1, ...written, stderr: `${written.stderr}${error.message}\n` };
  } finally {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  }
}

/** The variables of a database. */
export const onDatabase = (url: string): Readonly<Record<string, string>> => ({
  STORE_BACKEND: 'postgres',
  DATABASE_URL: url,
});
