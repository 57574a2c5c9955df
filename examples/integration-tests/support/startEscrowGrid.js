import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../node_modules/.bin/escrowgrid', import.meta.url));

/**
 * Starts a server with demo data in another process, on a free port. Tests in any language can do the same: the only
 * line on standard output is JSON with the address and the keys.
 *
 * @returns {Promise<{ url: string, keys: { root: string }, stop: () => Promise<void> }>}
 */
export async function startEscrowGrid() {
  const child = spawn(PROGRAM, ['serve', '--store', 'memory', '--demo', '--port', '0', '--json'], {
    env: { ...process.env, LOG_LEVEL: 'warn', DRAIN_GRACE_MS: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // A test runner that gives up does not call `stop`.
  process.once('exit', () => child.kill());
  const ended = once(child, 'exit');
  const failed = ended.then(([code]) => {
    throw new Error(`EscrowGrid ended with ${code}.`);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), failed]);
  failed.catch(() => undefined);
  const stop = async () => {
    child.kill();
    await ended;
  };
  return { ...JSON.parse(line), stop };
}
