// The programs of the benchmark as child processes.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { programPath } from './folders.ts';
import type { Load, Sent } from './programs/load.ts';
import type { Start, Started, Usage } from './programs/serve.ts';
import type { StoreFacts, StoreWork } from './programs/storeFacts.ts';

/** A running server program. */
export interface ServerProcess extends Started {
  readonly name: string;
  /** Returns the resource usage since the start, after a collection of garbage if `collect` is true. */
  usage(collect?: boolean): Promise<Usage>;
  stop(): Promise<void>;
}

/** Starts a server program, and waits until it is ready. */
export async function startServer(
  name: string,
  program: string,
  start: Start,
  execPath = process.execPath,
): Promise<ServerProcess> {
  const child = startProgram(program, { execPath, name });
  const started = await request<Started>(child, start);
  return { ...started, name, usage: (collect = false) => request<Usage>(child, { collect }), stop: () => stop(child) };
}

/** The running load generator. */
export interface LoadGenerator {
  run(load: Load): Promise<Sent>;
  stop(): Promise<void>;
}

/** Starts the load generator, which is a process of its own. */
export function startLoadGenerator(): LoadGenerator {
  const child = startProgram('load');
  return {
    run: async (load) => {
      const sent = await request<Sent | { readonly error: string }>(child, load);
      if ('error' in sent) throw new Error(`${load.url}: ${sent.error}`);
      return sent;
    },
    stop: () => stop(child),
  };
}

/** Runs the program that measures the memory store without a server. */
export async function runStoreFacts(work: StoreWork): Promise<StoreFacts> {
  const child = startProgram('storeFacts');
  try {
    return await request<StoreFacts>(child, work);
  } finally {
    await stop(child);
  }
}

/** The name of the program is also its name in the log of PostgreSQL. */
const startProgram = (program: string, { execPath = process.execPath, name = program } = {}): ChildProcess =>
  fork(programPath(program), {
    execPath,
    execArgv: ['--expose-gc', '--max-old-space-size=8192', '--enable-source-maps'],
    env: { ...process.env, NODE_ENV: 'production', PGAPPNAME: name },
    // Nobody reads the logs.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

/** Sends a message, and returns the answer. Throws an error if the program ends instead. */
async function request<T>(child: ChildProcess, message: object): Promise<T> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const answer = once(child, 'message', { signal });
    const ended = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`${child.spawnargs.at(-1)} ended with ${code}.`);
    });
    child.send(message);
    const [reply] = (await Promise.race([answer, ended])) as [T];
    return reply;
  } finally {
    waiting.abort();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
