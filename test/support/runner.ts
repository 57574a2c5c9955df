import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { atFileEnd } from './fileEnd.ts';

/** A process that runs a test program and returns one line of JSON for each line of its input. */
export interface Runner<Answer> {
  /** The first line that the program printed. */
  readonly firstLine: string;
  send(order: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a test program, given relative to the test folder. It is killed when the test file ends. */
export async function startRunner<Answer>(path: string): Promise<Runner<Answer>> {
  const program = fileURLToPath(new URL(`../${path}`, import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  atFileEnd(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const line = async (): Promise<string> => ((await once(lines, 'line')) as [string])[0];
  const firstLine = await line();
  return {
    firstLine,
    send: async (order) => {
      const answer = line();
      child.stdin.write(`${order}\n`);
      return JSON.parse(await answer) as Answer;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
