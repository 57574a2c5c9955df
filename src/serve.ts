import { constants } from 'node:os';
import type { Logger } from 'pino';
import { type App, createApp, GRAPHQL_PATH } from './app.ts';
import type { ServeOptions } from './cli/index.ts';
import { type Config, DEVELOPMENT_KEY, environment, readConfig } from './config.ts';
import { writeDemoData } from './demo/data.ts';
import { DEMO_BANK_NAME } from './demo/institutions.ts';
import { createDemoKeys } from './demo/keys.ts';
import { DEMO_TABS } from './demo/tabs.ts';
import { createJob } from './jobs/job.ts';
import { type Observers, openObservers } from './observers.ts';
import { openStore } from './openStore.ts';
import type { GraphiqlOptions } from './server/graphiql.ts';
import { serveMetrics } from './server/metricsServer.ts';
import { serveWhileStarting } from './server/startingServer.ts';
import { shutDown } from './shutDown.ts';
import type { Store } from './store/store.ts';
import { exportToFolder } from './transfer/exportFolder.ts';
import { importFile } from './transfer/importFile.ts';
import { readTrustedDocuments } from './trustedDocumentsFile.ts';

/** The time within which a signal that arrives again is the same one, in ms. */
const REPEATED_SIGNAL_MS = 500;

/** Starts the server, which runs until a signal stops it. `fail` ends the process after a stop that has failed. */
export async function serve({ import: imported }: ServeOptions, fail: (error: unknown) => void): Promise<void> {
  // Until the server listens there is nothing to shut down gracefully.
  const leave = (): void => process.exit(0);
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  const config = readConfig(environment());
  const observers = await openObservers(config);
  const { log, output, metrics, ofStore } = observers;
  const { port, host } = config;
  // A free port that the system selects is not known before the server listens.
  const stopStarting =
    config.store.backend === 'postgres' && port !== 0 ? await serveWhileStarting(port, host) : undefined;
  const store = await openStore(config, ofStore);
  if (config.environment === 'production' && config.store.backend === 'memory') {
    log.warn('memory store in production: data will be lost when the process exits');
  }
  if (imported !== undefined) await importFile(store, imported);
  const keys = await prepareDemo(config, store);
  const app = appOf(config, store, observers, keys);
  app.start();
  const finishExports = startExports(config, store, log);
  await stopStarting?.();
  const listening = await app.listen(port, host);
  const { port: metricsPort, host: metricsHost } = config.metrics;
  const metricsAddress = metricsPort === null ? undefined : await serveMetrics(metrics, metricsPort, metricsHost);
  const { drainGraceMs: graceMs } = config.settings;
  const stop = async (): Promise<void> => {
    await shutDown({ app, listening, store, graceMs });
    await finishExports();
    await output.end();
  };
  onSignals(log, () => void stop().then(() => process.exit(0), fail));
  // In this order: a signal that has arrived meanwhile would be lost while there is no listener.
  process.off('SIGTERM', leave).off('SIGINT', leave);
  const address = `${listening.origin}${GRAPHQL_PATH}`;
  const { backend } = config.store;
  log.info({ store: backend, environment: config.environment, address, metrics: metricsAddress }, 'ready');
  // Text is for people; the log of a server in production is only JSON.
  if (config.environment !== 'production') output.write(addressText(config, keys, address));
}

const appOf = (config: Config, store: Store, { ofApp }: Observers, keys: PrintedKeys): App =>
  createApp({
    store,
    rootToken: config.rootApiKey,
    previousRootToken: config.previousRootApiKey,
    ...ofApp,
    ...(config.graphiql && { graphiql: pageOf(config, keys) }),
    origins: config.allowedOrigins,
    trusted: readTrustedDocuments(config.trustedDocuments),
    strictTransport: config.environment === 'production',
    settings: config.settings,
  });

/** Stops the server when a signal arrives. */
function onSignals(log: Logger, stop: () => void): void {
  let stoppingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined) {
      // A second signal ends the process at once, unless npm has sent the first one again.
      if (performance.now() - stoppingSince > REPEATED_SIGNAL_MS) process.exit(128 + constants.signals[signal]);
      return;
    }
    stoppingSince = performance.now();
    log.info({ signal }, 'stopping');
    stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** The API keys that are printed at the start. Each is null if there is none, or if it must not be printed. */
interface PrintedKeys {
  /** The root key, if it is the one of development. */
  readonly root: string | null;
  /** An API key of the first institution of the demo data with the role ADMIN. */
  readonly admin: string | null;
  readonly readOnly: string | null;
}

/**
 * Writes the demo data, if the configuration says so, and returns the keys for people who try the server. In a database
 * API keys of each start would pile up, and in production a key in the output of the process would leak.
 */
async function prepareDemo(config: Config, store: Store): Promise<PrintedKeys> {
  const clock = store.clock?.now ?? Date.now;
  const isWritten = config.demoData && (await writeDemoData(store, clock));
  const isForDemo = isWritten && config.store.backend === 'memory' && config.environment !== 'production';
  const created = isForDemo ? await createDemoKeys(store, clock) : { admin: null, readOnly: null };
  return { root: config.rootApiKey === DEVELOPMENT_KEY ? DEVELOPMENT_KEY : null, ...created };
}

function addressText({ graphiql }: Config, { root, admin, readOnly }: PrintedKeys, address: string): string {
  const lines = [
    root && `Root key, for development: ${root}`,
    admin && `Admin key of ${DEMO_BANK_NAME}: ${admin}`,
    readOnly && `Read-only key of ${DEMO_BANK_NAME}: ${readOnly}`,
    `${graphiql ? 'GraphiQL' : 'GraphQL'}: ${address}`,
  ];
  return lines.map((line) => (line === null ? '' : `${line}\n`)).join('');
}

/**
 * Exports a memory store on a timer, if the configuration has a folder for that. A failed export is only logged. Returns
 * a function that writes the last export after the server has stopped.
 */
function startExports({ store: config }: Config, store: Store, log: Logger): () => Promise<void> {
  if (config.backend !== 'memory' || config.exports.folder === null) return async () => {};
  const { folder, intervalMs, kept } = config.exports;
  const exportStore = async (): Promise<void> => {
    log.info({ file: await exportToFolder(store, { folder, kept }, Date.now()) }, 'store exported');
  };
  const onError = (error: unknown): void => log.error({ err: error }, 'export failed');
  const job = createJob(exportStore, intervalMs, onError);
  job.start();
  return async () => {
    await job.stop();
    await exportStore().catch(onError);
  };
}

/** The page offers the API keys to all who can load it, so it has none where the root key is a secret. */
function pageOf({ demoData }: Config, { root, admin, readOnly }: PrintedKeys): GraphiqlOptions {
  const keys = [
    { name: 'root', label: 'Root: all institutions', token: root },
    { name: 'admin', label: `Admin: ${DEMO_BANK_NAME}`, token: admin },
    { name: 'readOnly', label: `Read-only: ${DEMO_BANK_NAME}`, token: readOnly },
  ];
  const offered = keys.flatMap(({ token, ...key }) => (root === null || token === null ? [] : [{ ...key, token }]));
  return { tabs: demoData ? DEMO_TABS : [], keys: offered };
}
