import type { Writable } from 'node:stream';
import type { Logger } from 'pino';
import type { AppOptions } from './app.ts';
import type { Config } from './config.ts';
import { openLog } from './log.ts';
import { LogOutput } from './logOutput.ts';
import { Metrics } from './metrics/metrics.ts';
import type { StoreListener } from './openStore.ts';
import { bothTraces, openTelemetry } from './openTelemetry.ts';
import type { UnreadyReason } from './server/readiness.ts';

/** The log, the metrics and the traces of the process. */
export interface Observers {
  readonly log: Logger;
  readonly output: LogOutput;
  readonly metrics: Metrics;
  /** For the store. */
  readonly ofStore: StoreListener;
  /** For the server. */
  readonly ofApp: Pick<AppOptions, 'onInternalError' | 'onReadiness' | 'onRequest' | 'metrics' | 'tracing'>;
}

/** Opens the log on the stream, the metrics and, if an SDK is registered, the traces. */
export async function openObservers(config: Config, stream: Writable): Promise<Observers> {
  const output = new LogOutput(stream);
  const { logger: log, onRequest, onInternalError, traceStatement } = openLog(config, output);
  const metrics = new Metrics();
  metrics.watchLog(() => output.dropped);
  const tracing = await openTelemetry();
  const ofStore = {
    ...listenerOf(log),
    onTransition: metrics.countTransition,
    traceStatement: bothTraces(traceStatement, tracing?.traceStatement),
  };
  const onReadiness = (reason: UnreadyReason | undefined): void => logReadiness(log, reason);
  const ofApp = { onInternalError, onReadiness, metrics, ...(onRequest && { onRequest }), ...(tracing && { tracing }) };
  return { log, output, metrics, ofStore, ofApp };
}

/** Logs events of the store. An outage is two lines, however many requests fail because of it. */
const listenerOf = (log: Logger): StoreListener => ({
  onError: (error) => log.error({ err: error }, 'database connection lost'),
  onRecovery: () => log.info('database connection restored'),
  onReplica: (reason) => (reason ? log.warn({ err: reason }, 'replica not used') : log.info('replica used')),
  onWait: (reason) => log.warn({ reason }, 'waiting for the database'),
  onMemoryWarning: (message, { usedBytes, maxBytes }) =>
    log.warn({ usedMb: Math.round(usedBytes / 2 ** 20), maxMb: Math.round(maxBytes / 2 ** 20) }, message),
});

/** Logs why requests cannot be served. An outage of the database is logged when its first call fails. */
function logReadiness(log: Logger, reason: UnreadyReason | undefined): void {
  if (reason === undefined) log.info('ready');
  else if (reason !== 'database_unreachable' && reason !== 'stopping') log.error({ reason }, 'not ready');
}
