import { createApp } from '../../src/app.ts';
import { DEVELOPMENT_KEY } from '../../src/config.ts';
import { DEFAULTS } from '../../src/settings.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { DEFAULT_WEBHOOK_LIMITS, type WebhookLimits } from '../../src/webhooks/limits.ts';

/** What the first line of input configures. */
export interface DeliveringServerOptions {
  readonly databaseUrl: string;
  readonly limits: Partial<WebhookLimits>;
}
/** What a server has used so far. */
export interface ServerFigures {
  readonly url: string;
  readonly statements: number;
  readonly cpuMs: number;
  readonly errors: readonly string[];
}

/**
 * A program for tests of webhooks: a server on PostgreSQL that delivers to this computer. Its first line of input is its
 * configuration, `stop` stops it like the signal of an operator, and any other line only returns its figures.
 */
process.stdout.write('ready\n');

const errors: string[] = [];
let statements = 0;
let stop = async (): Promise<void> => undefined;
let url = '';

async function start({ databaseUrl, limits }: DeliveringServerOptions): Promise<void> {
  const store = createPostgresStore({
    databaseUrl,
    onError: ({ message }) => errors.push(message),
    onStatement: () => void (statements += 1),
  });
  const app = createApp({
    store,
    rootToken: DEVELOPMENT_KEY,
    webhooks: { key: 'the key of the tests', allowPrivate: true },
    settings: { ...DEFAULTS, webhookLimits: { ...DEFAULT_WEBHOOK_LIMITS, ...limits } },
    onInternalError: (_errorId, error) => errors.push(String(error)),
  });
  app.start();
  const listening = await app.listen(0, '127.0.0.1');
  url = `${listening.origin}/graphql`;
  stop = async () => {
    await listening.close(1_000);
    await app.stop();
    await store.close();
  };
}

let rest = '';
let isStarted = false;
process.stdin.setEncoding('utf8').on('data', (text: string) => {
  rest += text;
  const lines = rest.split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) void obey(line);
});

async function obey(line: string): Promise<void> {
  const isFirst = !isStarted;
  isStarted = true;
  if (isFirst) await start(JSON.parse(line) as DeliveringServerOptions);
  else if (line === 'stop') await stop();
  const { user, system } = process.cpuUsage();
  const figures: ServerFigures = { url, statements, cpuMs: (user + system) / 1_000, errors };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  // Nothing else keeps the process running.
  if (line === 'stop') process.stdin.destroy();
}
