import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { asAdmin } from '../support/admin.ts';
import { atFileEnd } from '../support/fileEnd.ts';
import { buildProgram, type Environment, type Program, startProgram } from '../support/program.ts';

const CREATE = 'mutation { createInstitution(input: { name: "Ours", regions: [US] }) { __typename } }';
const COUNT = '{ institutions { totalCount } }';
const counted = (totalCount: number) => ({ data: { institutions: { totalCount } } });
/** A start creates the database, and a start that is refused waits for another process to release the folder. */
const TIMEOUT_MS = 90_000;

let main: string;
beforeAll(async () => {
  main = await buildProgram();
});

/** Returns a folder that other users can enter. */
function newFolder(): string {
  const folder = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'eg-embedded-'));
  chmodSync(folder, 0o755);
  atFileEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const start = (dataDir: string, env: Environment = {}): Program =>
  startProgram(main, { STORE_BACKEND: 'embedded', DATA_DIR: dataDir, DEMO_DATA: 'false', ...env });
const pidOf = (dataDir: string): number =>
  Number(readFileSync(join(dataDir, 'database/postmaster.pid'), 'utf8').split('\n')[0]);
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
const urlOf = (dataDir: string): string =>
  `postgres://escrowgrid@localhost/postgres?host=${encodeURIComponent(join(dataDir, 'socket'))}`;

/** Returns the message of a start that fails. */
async function refusalOf(program: Program): Promise<string> {
  expect(await program.ended).toEqual({ code: 1, signal: null });
  return program.stderr();
}

describe('STORE_BACKEND=embedded', () => {
  it(
    'the database keeps its data in DATA_DIR, listens only on a socket in a folder of its own, and stops with the server',
    async () => {
      const dataDir = join(newFolder(), 'new/data');
      const first = start(dataDir);
      await first.ask(CREATE);
      const pid = pidOf(dataDir);
      expect(isAlive(pid)).toBe(true);
      expect(statSync(join(dataDir, 'socket')).mode & 0o777).toBe(0o700);
      expect(statSync(join(dataDir, 'database')).mode & 0o777).toBe(0o700);
      const settings = await asAdmin(urlOf(dataDir), async (admin) => {
        const { rows } = await admin.query(
          `select current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync,
             current_setting('synchronous_commit') as commit, current_setting('unix_socket_permissions') as mode`,
        );
        return rows;
      });
      expect(settings).toEqual([{ addresses: '', fsync: 'on', commit: 'on', mode: '0700' }]);
      expect(await first.stop()).toEqual({ code: 0, signal: null });
      expect(isAlive(pid)).toBe(false);
      expect(() => pidOf(dataDir)).toThrow('ENOENT');
      const second = start(dataDir);
      expect(await second.ask(COUNT)).toEqual(counted(1));
      await second.stop();
      const env = { STORE_BACKEND: 'embedded', DATA_DIR: dataDir };
      const verification = startProgram(main, env, undefined, { args: ['verify'] });
      expect(await verification.ended).toEqual({ code: 0, signal: null });
      expect(verification.stdout()).toBe('Checked 0 positions, 0 events and 0 postings: consistent.\n');
      expect(() => pidOf(dataDir)).toThrow('ENOENT');
    },
    TIMEOUT_MS,
  );

  it(
    'the database ends after a server that was killed, and the next one starts at once',
    async () => {
      const dataDir = newFolder();
      const killed = start(dataDir);
      await killed.ask(CREATE);
      const pid = pidOf(dataDir);
      await killed.stop('SIGKILL');
      const next = start(dataDir);
      expect(await next.ask(COUNT)).toEqual(counted(1));
      expect(isAlive(pid)).toBe(false);
      expect(pidOf(dataDir)).not.toBe(pid);
      await next.stop();
    },
    TIMEOUT_MS,
  );

  it(
    'a folder whose database is in use is refused, and its server continues',
    async () => {
      const dataDir = newFolder();
      const first = start(dataDir);
      await first.ask(CREATE);
      expect(await refusalOf(start(dataDir))).toBe(
        `The database in ${dataDir}/database is in use by the process ${pidOf(dataDir)}. Stop the server that uses it, ` +
          'or choose another DATA_DIR.\n',
      );
      expect(await first.ask(COUNT)).toEqual(counted(1));
      await first.stop();
    },
    TIMEOUT_MS,
  );

  it('a folder that cannot be used is reported with a message', async () => {
    const folder = newFolder();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(await refusalOf(start(file))).toBe(`DATA_DIR ${file} cannot be used: EEXIST.\n`);
    const long = join(folder, 'x'.repeat(100));
    expect(await refusalOf(start(long))).toMatch(/^DATA_DIR is too long: .* Choose a shorter one\.\n$/);
  });

  it(
    'a database that does not start is reported with the file of its log',
    async () => {
      const dataDir = newFolder();
      const first = start(dataDir);
      await first.ask(COUNT);
      await first.stop();
      rmSync(join(dataDir, 'database/global/pg_control'));
      expect(await refusalOf(start(dataDir))).toBe(
        `The database in ${dataDir}/database does not start. See ${dataDir}/postgres.log.\n`,
      );
      expect(readFileSync(join(dataDir, 'postgres.log'), 'utf8')).toContain('pg_control');
    },
    TIMEOUT_MS,
  );
});
