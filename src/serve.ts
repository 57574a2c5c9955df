import { constants } from 'node:os';
import type { Logger } from 'pino';
import { type App, type AppOptions, createApp, GRAPHQL_PATH } from './app.ts';
import type { ServeOptions } from './cli/index.ts';
import { type Config, type Environment, environment, readConfig } from './config.ts';
import { addressText, type PublicKeys, pagesOf, prepareDemo } from './development.ts';
import { formatInstant } from './domain/time.ts';
import { createJob } from './jobs/job.ts';
import { type Observers, openObservers } from './observers.ts';
import { openStore } from './openStore.ts';
import { serveMetrics } from './server/metricsServer.ts';
import { serveWhileStarting } from './server/startingServer.ts';
import { shutDown } from './shutDown.ts';
import type { Store } from './store/store.ts';
import type { ControlledWorld } from './testing/controlledWorld.ts';
import { exportToFolder } from './transfer/exportFolder.ts';
import { importFile } from './transfer/importFile.ts';
import { readTrustedDocuments } from './trustedDocumentsFile.ts';

/** The time within which a signal that arrives again is the same one, in ms. */
const REPEATED_SIGNAL_MS = 500;

/** Starts the server, which runs until a signal stops it. `fail` ends the process after a stop that has failed. */
export async function serve(options: ServeOptions, fail: (error: unknown) => void): Promise<void> {
  const { import: imported, json = false } = options;
  // Until the server listens there is nothing to shut down gracefully.
  const leave = (): void => process.exit(0);
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  const config = readConfig(withOptions(environment(), options));
  const observers = await openObservers(config, json ? process.stderr : process.stdout);
  const { log, output, metrics, ofStore } = observers;
  const { port, host } = config;
  // A free port that the system selects is not known before the server listens.
  const stopStarting =
    config.store.backend === 'postgres' && port !== 0 ? await serveWhileStarting(port, host) : undefined;
  const world = config.testClock ? await openTestWorld(config, observers) : undefined;
  const store = world?.store ?? (await openStore(config, ofStore));
  if (config.environment === 'production' && config.store.backend === 'memory') {
    log.warn('memory store in production: data will be lost when the process exits');
  }
  if (imported !== undefined) await importFile(store, imported);
  const keys = await prepareDemo(config, store, world?.clock ?? store.clock?.now ?? Date.now);
  const app = appOf(config, store, observers, keys, world);
  await world?.start(app);
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
  if (json) process.stdout.write(`${JSON.stringify({ url: address, keys })}\n`);
  // Text is for people; the log of a server in production is only JSON.
  else if (config.environment !== 'production') output.write(addressText(config, keys, listening.origin));
}

/** Returns the environment with the options of the command line, which take precedence. */
const withOptions = (env: Environment, { store, demo, port }: ServeOptions): Environment => ({
  ...env,
  ...(store !== undefined && { STORE_BACKEND: store }),
  ...(demo !== undefined && { DEMO_DATA: String(demo) }),
  ...(port !== undefined && { PORT: String(port) }),
});

/** Opens a store whose time stands still. The modules for that are loaded only here. */
async function openTestWorld(config: Config, { log, ofStore }: Observers): Promise<ControlledWorld> {
  const { openControlledWorld } = await import('./testing/controlledWorld.ts');
  const now = Date.now();
  log.warn({ now: formatInstant(now) }, 'test clock: time stands still, and the root key can delete all data');
  return openControlledWorld(() => openStore(config, ofStore), now);
}

const appOf = (
  config: Config,
  store: Store,
  { ofApp }: Observers,
  keys: PublicKeys,
  world: ControlledWorld | undefined,
): App =>
  createApp({
    store,
    rootToken: config.rootApiKey,
    previousRootToken: config.previousRootApiKey,
    ...ofApp,
    ...pagesOf(config, keys),
    origins: config.allowedOrigins,
    trusted: readTrustedDocuments(config.trustedDocuments),
    strictTransport: config.environment === 'production',
    settings: config.settings,
    ...webhooksOf(config),
    ...world?.appOptions,
  });

/** Returns the option of webhooks, unless they are not enabled. */
const webhooksOf = ({ webhooks: { key, ...others } }: Config): Pick<AppOptions, 'webhooks'> =>
  key === null ? {} : { webhooks: { key, ...others } };

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
