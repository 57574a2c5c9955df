// This server in the production profile, as main.ts starts it, with its log and its metrics, and with limits that are
// counted but never reached.
import { createApp, GRAPHQL_PATH } from '../../../src/app.ts';
import { readConfig } from '../../../src/config.ts';
import { openObservers } from '../../../src/observers.ts';
import { openStore } from '../../../src/openStore.ts';
import { fillData, ROOT_KEY } from '../data.ts';
import { type Start, serve } from './serve.ts';

const NEVER_REACHED = '999999999';

/** Returns the environment of the production profile. */
const environmentOf = ({ databaseUrl, connections }: Start): Readonly<Record<string, string>> => ({
  NODE_ENV: 'production',
  PORT: '0',
  ROOT_API_KEY: ROOT_KEY,
  RATE_LIMIT_PER_MINUTE: NEVER_REACHED,
  RATE_LIMIT_PER_INSTITUTION_PER_MINUTE: NEVER_REACHED,
  RATE_LIMIT_PER_ADDRESS_PER_MINUTE: NEVER_REACHED,
  SUBSCRIPTION_COST_PER_MINUTE: NEVER_REACHED,
  SUBSCRIPTIONS_PER_KEY: '2000',
  ...(databaseUrl && {
    STORE_BACKEND: 'postgres',
    DATABASE_URL: databaseUrl,
    DATABASE_CONNECTIONS: String(connections),
  }),
});

await serve(async (start) => {
  const config = readConfig(environmentOf(start));
  const onError = (error: unknown): void => void process.stderr.write(`${String(error)}\n`);
  const { ofStore, ofApp } = await openObservers(config, process.stdout);
  const store = await openStore(config, { ...ofStore, onError });
  const data = start.data ?? (await fillData(store, start.size));
  const app = createApp({
    store,
    rootToken: config.rootApiKey,
    ...ofApp,
    onInternalError: (_id, error) => onError(error),
    origins: config.allowedOrigins,
    strictTransport: true,
    settings: config.settings,
  });
  app.start();
  const { origin } = await app.listen(0, '127.0.0.1');
  return { url: `${origin}${GRAPHQL_PATH}`, data, versions: { node: process.versions.node } };
});
