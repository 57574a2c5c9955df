// A program for worst.ts: a server with a full store that says what it has used, each time a line comes in.
import { createApp } from '../../src/app.ts';
import { DEVELOPMENT_KEY } from '../../src/config.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { fillStore } from './worstRows.ts';

/** What the process has used since it was asked last. */
export interface Used {
  readonly cpuMs: number;
  /** How long the event loop stood still at the most. */
  readonly blockedMs: number;
  readonly residentMiB: number;
}

const MEBIBYTE = 1024 * 1024;
const [databaseUrl] = process.argv.slice(2);
const onError = (error: unknown): void => void process.stderr.write(`${String(error)}\n`);
const store = databaseUrl ? createPostgresStore({ databaseUrl, onError }) : createMemoryStore();
const filled = await fillStore(store);
// After an upgrade the server does this beside the requests: here it would be measured with them.
while (!(await store.refreshWords()));
const app = createApp({ store, rootToken: DEVELOPMENT_KEY, onInternalError: (_id, error) => onError(error) });
app.start();
const { origin } = await app.listen(0, '127.0.0.1');
process.stdout.write(`${JSON.stringify({ url: `${origin}/graphql`, ...filled })}\n`);

/** Ticks, to see how long the event loop stands still. */
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
