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

describe('a server of our own', () => {
  it('answers at a socket, and stops once however often it is told to', async () => {
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

describe('nothing stays behind', () => {
  it.each(['throw', 'return'])('when the process ends by itself and forgot to stop its server: %s', async (ending) => {
    const child = start(ending);
    const { postgres } = await said(child);
    await expect.poll(() => leftBy(child, postgres), { timeout: clearedWithinMs }).toEqual([]);
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('when the whole process group gets %s', async (signal) => {
    const child = start('stay');
    const { postgres, folder } = await said(child);
    expect(leftBy(child, postgres)).toEqual([postgres, basename(folder)]);
    process.kill(-pidOf(child), signal);
    await expect.poll(() => leftBy(child, postgres), { timeout: clearedWithinMs }).toEqual([]);
  });

  it.each([0, 200])('when the process is killed %i ms after it made the folder', async (delayMs) => {
    const child = start('stay');
    await vi.waitUntil(() => leftBy(child).length === 1, { timeout: clearedWithinMs, interval: 1 });
    await wait(delayMs);
    child.kill('SIGKILL');
    await expect.poll(() => leftBy(child), { timeout: clearedWithinMs }).toEqual([]);
  });
});

/** In a group of its own, as a shell would start it, so that a signal to the group is Ctrl-C. */
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

/** The server's process and folders that are there now; the keeper removes the folder last. */
function leftBy(child: ChildProcess, postgres?: number): readonly (number | string)[] {
  const folders = readdirSync(parentFolder).filter((name) => name.startsWith(`escrowgrid-${pidOf(child)}-`));
  return postgres !== undefined && isAlive(postgres) ? [postgres, ...folders] : folders;
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('The program did not start.');
  return child.pid;
}

/** PostgreSQL's keeper collects it when it ends, so that no process is left under its id. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
