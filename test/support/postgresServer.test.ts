import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { asAdmin } from './admin.ts';
import { parentFolder, startPostgres } from './postgresServer.ts';

const clearedWithinMs = 20_000;
const program = fileURLToPath(new URL('holdPostgres.ts', import.meta.url));
const children: ChildProcess[] = [];

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

describe('a PostgreSQL server for tests', () => {
  it('the server accepts connections at a socket, and stops once, even if stopped repeatedly', async () => {
    const server = await startPostgres();
    const { rows } = await asAdmin(server.url, (admin) =>
      admin.query("select current_setting('listen_addresses') addresses, current_setting('server_version_num')::int v"),
    );
    expect(rows).toEqual([{ addresses: '', v: expect.toSatisfy((version: number) => version >= 150_000) }]);
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(existsSync(server.folder)).toBe(false);
  });
});

describe('cleaning up after a test process', () => {
  it.each(['throw', 'return'])(
    'the server and its folder are removed if the process ends without stopping it: %s',
    async (ending) => {
      const child = start(ending);
      const { postgres } = await said(child);
      await expect.poll(() => leftBy(child, postgres), { timeout: clearedWithinMs }).toEqual([]);
    },
  );

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'the server and its folder are removed if the whole process group gets %s',
    async (signal) => {
      const child = start('stay');
      const { postgres, folder } = await said(child);
      expect(leftBy(child, postgres)).toEqual([postgres, basename(folder)]);
      process.kill(-pidOf(child), signal);
      await expect.poll(() => leftBy(child, postgres), { timeout: clearedWithinMs }).toEqual([]);
    },
  );

  it.each([0, 200])(
    'the server and its folder are removed if the process is killed %i ms after it created the folder',
    async (delayMs) => {
      const child = start('stay');
      await vi.waitUntil(() => leftBy(child).length === 1, { timeout: clearedWithinMs, interval: 1 });
      await wait(delayMs);
      child.kill('SIGKILL');
      await expect.poll(() => leftBy(child), { timeout: clearedWithinMs }).toEqual([]);
    },
  );
});

/** Starts the program in a new process group, as a shell would, so that a signal to the group is like Ctrl-C. */
function start(ending: string): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ending], {
    detached: true,
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  return child;
}

async function said(child: ChildProcess): Promise<{ readonly postgres: number; readonly folder: string }> {
  for await (const line of child.stdout?.setEncoding('utf8') ?? []) {
    const [postgres = '', folder = ''] = String(line).trimEnd().split('\t');
    return { postgres: Number(postgres), folder };
  }
  throw new Error('The program ended before its server was ready.');
}

/** Returns the process and the folders of the server that still exist. The keeper removes the folder last. */
function leftBy(child: ChildProcess, postgres?: number): readonly (number | string)[] {
  const folders = readdirSync(parentFolder).filter((name) => name.startsWith(`escrowgrid-${pidOf(child)}-`));
  return postgres !== undefined && isAlive(postgres) ? [postgres, ...folders] : folders;
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('The program did not start.');
  return child.pid;
}

/** Whether the process runs. The keeper collects PostgreSQL when it ends, so that its id is no longer used. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
