// A program for worst.ts: a server with a full store that prints its resource usage for each line of input.
import { createApp } from '../../src/app.ts';
import { DEVELOPMENT_KEY } from '../../src/config.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { fillStore } from './worstRows.ts';

/** The resource usage of the process since the last line of input. */
export interface Used {
  readonly cpuMs: number;
  /** The longest time that the event loop was blocked. */
  readonly blockedMs: number;
  readonly residentMiB: number;
}

const MEBIBYTE = 1024 * 1024;
const [databaseUrl] = process.argv.slice(2);
const onError = (error: unknown): void => void process.stderr.write(`${String(error)}\n`);
const store = databaseUrl ? createPostgresStore({ databaseUrl, onError }) : createMemoryStore();
const filled = await fillStore(store);
// After an upgrade the server does this in the background, where it would be measured as well.
while (!(await store.refreshWords()));
const app = createApp({ store, rootToken: DEVELOPMENT_KEY, onInternalError: (_id, error) => onError(error) });
app.start();
const { origin } = await app.listen(0, '127.0.0.1');
process.stdout.write(`${JSON.stringify({ url: `${origin}/graphql`, ...filled })}\n`);

/** Ticks, to measure how long the event loop is blocked. */
let [lastTick, blockedMs] = [performance.now(), 0];
const tick = (): void => {
  const now = performance.now();
  blockedMs = Math.max(blockedMs, now - lastTick);
  lastTick = now;
};
setInterval(tick, 1);
let before = process.cpuUsage();
process.stdin.on('data', () => {
  tick();
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1_000;
  const used: Used = { cpuMs, blockedMs, residentMiB: process.memoryUsage().rss / MEBIBYTE };
  process.stdout.write(`${JSON.stringify(used)}\n`);
  before = process.cpuUsage();
  blockedMs = 0;
});
