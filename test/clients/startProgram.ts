import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished } from 'vitest';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
/** Before Node.js 22, WebSocket needs a flag. */
export const NODE = [process.execPath, '--no-warnings', '--experimental-websocket', '--import', TSX];

type Line = Readonly<Record<string, unknown>>;
/** A program that prints one line of JSON per step. */
export interface Program {
  /** Returns the next line that the program prints. */
  next(): Promise<Line>;
  /** Waits until the program has ended. Returns the rest of its lines, and fails if it has reported other problems. */
  rest(reported?: RegExp): Promise<readonly Line[]>;
}

/** Starts a program in the folder. It is killed when the test has finished. */
export function startIn(folder: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const [name = '', ...parameters] = command;
  const child: ChildProcess = spawn(name, parameters, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error(`${name} has no output.`);
  const closed = once(child, 'close');
  onTestFinished(() => void (child.exitCode === null && child.pid && process.kill(-child.pid, 'SIGKILL')));
  const problems = text(stderr);
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  const read = async (): Promise<Line | undefined> => {
    const { value, done } = await lines.next();
    return done ? undefined : (JSON.parse(value) as Line);
  };
  return {
    next: async () => (await read()) ?? Promise.reject(new Error(`The program has ended: ${await problems}`)),
    rest: async (reported = /^$/) => {
      const found: Line[] = [];
      for (let line = await read(); line !== undefined; line = await read()) found.push(line);
      const [code] = await closed;
      expect([code, await problems]).toEqual([0, expect.stringMatching(reported)]);
      return found;
    },
  };
}
