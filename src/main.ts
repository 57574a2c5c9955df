#!/usr/bin/env node
import { constants } from 'node:os';
import { destination, type Logger, pino } from 'pino';
import { CommandError, runCommandLine, type ServeOptions } from './cli/index.ts';
import { type Config, ConfigurationError, DEVELOPMENT_KEY, environment, readConfig } from './config.ts';
import { writeDemoData } from './demo/data.ts';
import { DEMO_TABS } from './demo/tabs.ts';
import { createJob } from './jobs/job.ts';
import { openStore, type StoreListener } from './openStore.ts';
import type { GraphiqlOptions } from './server/graphiql.ts';
import type { UnreadyReason } from './server/readiness.ts';
import { serializeError } from './server/serializeError.ts';
import { serveWhileStarting } from './server/startingServer.ts';
import { shutDown } from './shutDown.ts';
import { UnusableDatabaseError } from './store/postgres/unusableDatabase.ts';
import type { Store } from './store/store.ts';
import { exportToFolder } from './transfer/exportFolder.ts';
import { importFile } from './transfer/importFile.ts';
import { readTrustedDocuments } from './trustedDocumentsFile.ts';

/** The time within which a signal that arrives again is the same one, in ms. */
const REPEATED_SIGNAL_MS = 500;

/** Starts the server, which runs until a signal stops it. */
async function serve({ import: imported }: ServeOptions): Promise<void> {
  // Until the server listens there is nothing to shut down gracefully.
  const leave = (): void => process.exit(0);
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  const config = readConfig(environment());
  // Loaded here, because the other commands do without it.
  const { createApp, GRAPHQL_PATH } = await import('./app.ts');
  // Written synchronously, so that the address stays the last line and nothing is lost at exit.
  const log = pino(
    { level: config.logLevel, base: null, serializers: { err: serializeError } },
    destination({ dest: 1, sync: true }),
  );
  const { port, host } = config;
  // A free port that the system selects is not known before the server listens.
  const stopStarting =
    config.store.backend === 'postgres' && port !== 0 ? await serveWhileStarting(port, host) : undefined;
  const store = await openStore(config, listenerOf(log));
  if (config.environment === 'production' && config.store.backend === 'memory') {
    log.warn('memory store in production: data will be lost when the process exits');
  }
  if (imported !== undefined) await importFile(store, imported);
  if (config.demoData) await writeDemoData(store, store.clock?.now ?? Date.now);
  const app = createApp({
    store,
    rootToken: config.rootApiKey,
    previousRootToken: config.previousRootApiKey,
    onInternalError: (errorId, error) => log.error({ errorId, err: error }, 'internal error'),
    ...(config.graphiql && { graphiql: pageOf(config) }),
    origins: config.allowedOrigins,
    trusted: readTrustedDocuments(config.trustedDocuments),
    strictTransport: config.environment === 'production',
    onReadiness: (reason) => logReadiness(log, reason),
    settings: config.settings,
  });
  app.start();
  const finishExports = startExports(config, store, log);
  await stopStarting?.();
  const listening = await app.listen(port, host);

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
      .then(finishExports)
      .then(() => process.exit(0), fail);
  };
  // In this order: a signal that has arrived meanwhile would be lost while there is no listener.
  process.on('SIGTERM', stop).off('SIGTERM', leave);
  process.on('SIGINT', stop).off('SIGINT', leave);
  log.info({ store: config.store.backend, environment: config.environment }, 'ready');
  const page = config.graphiql ? 'GraphiQL' : 'GraphQL';
  if (config.rootApiKey === DEVELOPMENT_KEY) process.stdout.write(`Root key, for development: ${DEVELOPMENT_KEY}\n`);
  process.stdout.write(`${page}: ${listening.origin}${GRAPHQL_PATH}\n`);
}

/** Logs events of the store. An outage is two lines, however many requests fail because of it. */
const listenerOf = (log: Logger): StoreListener => ({
  onError: (error) => log.error({ err: error }, 'database connection lost'),
  onRecovery: () => log.info('database connection restored'),
  onWait: (reason) => log.warn({ reason }, 'waiting for the database'),
  onMemoryWarning: (message, { usedBytes, maxBytes }) =>
    log.warn({ usedMb: Math.round(usedBytes / 2 ** 20), maxMb: Math.round(maxBytes / 2 ** 20) }, message),
});

/** Logs why requests cannot be served. An outage of the database is logged when its first call fails. */
function logReadiness(log: Logger, reason: UnreadyReason | undefined): void {
  if (reason === undefined) log.info('ready');
  else if (reason !== 'database_unreachable' && reason !== 'stopping') log.error({ reason }, 'not ready');
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
  const isExpected =
    error instanceof ConfigurationError || error instanceof UnusableDatabaseError || error instanceof CommandError;
  if (isExpected) return error.message;
  // An error of the system, such as a port in use, is not a bug in the program.
  return error instanceof Error && 'syscall' in error ? `EscrowGrid cannot run: ${error.message}` : undefined;
}

async function main(): Promise<void> {
  process.exitCode = await runCommandLine(process.argv.slice(2), serve);
}

main().catch(fail);
