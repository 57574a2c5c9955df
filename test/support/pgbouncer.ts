import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { parentFolder } from './postgresServer.ts';

const PLACES = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'];
/** The path of PgBouncer, or undefined if it is not installed. */
export const PGBOUNCER: string | undefined = PLACES.find((place) => existsSync(place));

const startsWithinMs = 10_000;
const pauseMs = 20;
const runsAsRoot = process.getuid?.() === 0;

export interface Pooler {
  /** The URL of the database through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a PgBouncer in front of a database, or of all of its server, with the given number of connections to each. */
export async function startPooler(
  binary: string,
  databaseUrl: string,
  poolSize: number,
  mode: 'transaction' | 'session' = 'transaction',
  { isForAll = false } = {},
): Promise<Pooler> {
  const folder = join(parentFolder, `escrowgrid-pooler-${process.pid}-${randomBytes(4).toString('hex')}`);
  mkdirSync(folder, { mode: 0o700 });
  const port = await freePort();
  const url = new URL(databaseUrl);
  const user = decodeURIComponent(url.username) || 'postgres';
  const password = decodeURIComponent(url.password);
  const host = url.searchParams.get('host') ?? url.hostname;
  const target = `host=${host} port=${url.port || 5432} user=${user}${password && ` password=${password}`}`;
  const config = join(folder, 'pgbouncer.ini');
  writeFileSync(join(folder, 'users.txt'), `"${user}" "${password}"\n`);
  writeFileSync(
    config,
    configOf(folder, port, `${isForAll ? '*' : url.pathname.slice(1)} = ${target}`, poolSize, mode),
  );
  // PgBouncer does not run as root. Tests of root run it as nobody, who must be able to read the folder.
  const owner = runsAsRoot ? nobody() : undefined;
  if (owner) {
    for (const path of [folder, config, join(folder, 'users.txt')]) chownSync(path, owner.uid, owner.gid);
    chmodSync(folder, 0o700);
  }
  const child = spawn(binary, ['-q', config], { ...owner, cwd: '/', stdio: 'ignore' });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  url.host = `127.0.0.1:${port}`;
  url.searchParams.delete('host');
  if (!(await answers(url.href, () => child.exitCode !== null))) {
    await stop();
    throw new Error('PgBouncer did not start.');
  }
  return { url: url.href, stop };
}

const configOf = (folder: string, port: number, database: string, poolSize: number, mode: string): string => `
[databases]
${database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${mode}
default_pool_size = ${poolSize}
max_client_conn = 400
logfile = ${join(folder, 'log')}
`;

function nobody(): { readonly uid: number; readonly gid: number } {
  const idOf = (which: '-u' | '-g'): number => Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(url: string, hasEnded: () => boolean): Promise<boolean> {
  const until = performance.now() + startsWithinMs;
  while (performance.now() < until && !hasEnded()) {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return true;
    } catch {
      await delay(pauseMs);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return false;
}
