import { constants } from 'node:os';
import { createApp, GRAPHQL_PATH } from './app.ts';
import { type Config, ConfigurationError, DEVELOPMENT_KEY, environment, readConfig } from './config.ts';
import { writeDemoData } from './demo/data.ts';
import { DEMO_TABS } from './demo/tabs.ts';
import { openObservers } from './observers.ts';
import { openStore } from './openStore.ts';
import type { GraphiqlOptions } from './server/graphiql.ts';
import { serveMetrics } from './server/metricsServer.ts';
import { serializeError } from './server/serializeError.ts';
import { shutDown } from './shutDown.ts';
import { UnusableDatabaseError } from './store/postgres/unusableDatabase.ts';
import { readTrustedDocuments } from './trustedDocumentsFile.ts';

/** The time within which a signal that arrives again is the same one, in ms. */
const REPEATED_SIGNAL_MS = 500;

async function main(): Promise<void> {
  // Until the server listens there is nothing to shut down gracefully.
  const leave = (): void => process.exit(0);
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  const config = readConfig(environment());
  const { log, output, metrics, ofStore, ofApp } = await openObservers(config);
  const store = await openStore(config, ofStore);
  if (config.environment === 'production' && config.store.backend === 'memory') {
    log.warn('memory store in production: data will be lost when the process exits');
  }
  if (config.demoData) await writeDemoData(store, Date.now);
  const app = createApp({
    store,
    rootToken: config.rootApiKey,
    ...ofApp,
    ...(config.graphiql && { graphiql: pageOf(config) }),
    origins: config.allowedOrigins,
    trusted: readTrustedDocuments(config.trustedDocuments),
    strictTransport: config.environment === 'production',
    settings: config.settings,
  });
  app.start();
  const listening = await app.listen(config.port, config.host);
  const { port: metricsPort, host: metricsHost } = config.metrics;
  const metricsServer = metricsPort === null ? undefined : await serveMetrics(metrics, metricsPort, metricsHost);

  let stoppingSince: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined) {
      // A second signal ends the process at once, unless npm has sent the first one again.
      if (performance.now() - stoppingSince > REPEATED_SIGNAL_MS) process.exit(128 + constants.signals[signal]);
      return;
    }
    stoppingSince = performance.now();
    log.info({ signal }, 'stopping');
    const { drainGraceMs: graceMs } = config.settings;
    void shutDown({ app, listening, store, graceMs })
      .then(() => output.end())
      .then(() => process.exit(0), fail);
  };
  // In this order: a signal that has arrived meanwhile would be lost while there is no listener.
  process.on('SIGTERM', stop).off('SIGTERM', leave);
  process.on('SIGINT', stop).off('SIGINT', leave);
  const address = `${listening.origin}${GRAPHQL_PATH}`;
  const {
    environment: environmentName,
    store: { backend },
  } = config;
  log.info({ store: backend, environment: environmentName, address, metrics: metricsServer?.address }, 'ready');
  // Text is for people; the log of a server in production is only JSON.
  if (environmentName !== 'production') output.write(addressText(config, address));
}

function addressText({ graphiql, rootApiKey }: Config, address: string): string {
  const key = rootApiKey === DEVELOPMENT_KEY ? `Root key, for development: ${DEVELOPMENT_KEY}\n` : '';
  return `${key}${graphiql ? 'GraphiQL' : 'GraphQL'}: ${address}\n`;
}

/** The tabs contain the development root key, and no other. */
const pageOf = ({ demoData, rootApiKey }: Config): GraphiqlOptions => ({
  tabs: demoData ? DEMO_TABS : [],
  token: rootApiKey === DEVELOPMENT_KEY ? DEVELOPMENT_KEY : null,
});

/**
 * Ends the process after a failed start or stop, with a message for the operator if there is one, else with safe facts.
 */
function fail(error: unknown): void {
  process.stderr.write(`${sentence(error) ?? `EscrowGrid cannot run: ${JSON.stringify(serializeError(error))}`}\n`);
  process.exit(1);
}

function sentence(error: unknown): string | undefined {
  if (error instanceof ConfigurationError || error instanceof UnusableDatabaseError) return error.message;
  // An error of the system, such as a port in use, is not a bug in the program.
  return error instanceof Error && 'syscall' in error ? `EscrowGrid cannot run: ${error.message}` : undefined;
}

main().catch(fail);
