import { createApp } from '../../src/app.ts';
import { DEVELOPMENT_KEY } from '../../src/config.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';

/**
 * A program for slowClient.test.ts: a server in memory that executes each line of its input and prints the memory it
 * uses afterwards. `announce n` publishes n changes of one session, as fast as they are received. `memory` does
 * nothing.
 */
const store = createMemoryStore();
const app = createApp({
  store,
  rootToken: DEVELOPMENT_KEY,
  onInternalError: (_id, error) => process.stderr.write(`${String(error)}\n`),
});
app.start();
const { origin } = await app.listen(0, '127.0.0.1');
process.stdout.write(`${origin}/graphql\n`);

const AT_ONCE = 50;
let most = 0;

async function announce(institutionId: string, objectId: string, count: number): Promise<void> {
  for (let published = 0; published < count; published += AT_ONCE) {
    await store.transact('ALL', async (tx) => {
      for (let index = 0; index < Math.min(AT_ONCE, count - published); index += 1) {
        // Older changes would be deleted by the clean-up if the test takes longer than its interval.
        const createdAt = Date.now();
        tx.publish({ topic: 'CHAT_SESSION', kind: 'UPDATED', institutionId, objectId, detailId: null, createdAt });
      }
    });
    // Gives clients that read time to read, without waiting for those that do not.
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (published % 1_000 === 0) most = Math.max(most, process.memoryUsage().rss);
  }
}

let rest = '';
process.stdin.setEncoding('utf8').on('data', (text: string) => {
  rest += text;
  const lines = rest.split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) void obey(line);
});

async function obey(line: string): Promise<void> {
  const [order, institutionId = '', objectId = '', count = '0'] = line.split(' ');
  if (order === 'announce') await announce(institutionId, objectId, Number(count));
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const figures = { heapUsed, most: Math.max(most, rss), subscriptions: app.liveSubscriptions() };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
