import { type Logger, pino } from 'pino';
import type { Config } from './config.ts';
import type { LogOutput } from './logOutput.ts';
import type { OnInternalError } from './server/errors.ts';
import type { OnRequest } from './server/requestRecord.ts';
import { serializeError } from './server/serializeError.ts';

/** The maximum length of a statement in the log, in characters. */
const MAX_STATEMENT_CHARACTERS = 4_000;

/** The log of the process. */
export interface Log {
  readonly logger: Logger;
  /** Undefined if the level is too high for requests. */
  readonly onRequest: OnRequest | undefined;
  readonly onInternalError: OnInternalError;
  /** Logs each statement with its time; undefined if the level is too high for it. */
  readonly traceStatement: ((text: string) => () => void) | undefined;
}

/**
 * Returns a log that is written as JSON, one object per line. The lines of requests are like those that pino writes, but
 * made with half of the CPU time.
 */
export function openLog({ logLevel }: Pick<Config, 'logLevel'>, output: Pick<LogOutput, 'write'>): Log {
  const level = pino.levels.values['info'];
  const logger = pino({ level: logLevel, base: null, serializers: { err: serializeError } }, output);
  return {
    logger,
    onRequest: logger.isLevelEnabled('info')
      ? (event, entry) => output.write(`${JSON.stringify({ level, time: Date.now(), ...entry, msg: event })}\n`)
      : undefined,
    onInternalError: (errorId, error, requestId) => logger.error({ errorId, requestId, err: error }, 'internal error'),
    traceStatement: logger.isLevelEnabled('debug') ? (text) => traced(logger, text) : undefined,
  };
}

/** Returns a function that logs the statement with the time since this call. */
function traced(logger: Logger, text: string): () => void {
  const sentAt = performance.now();
  return () => {
    const durationMs = Math.round((performance.now() - sentAt) * 100) / 100;
    logger.debug({ statement: text.slice(0, MAX_STATEMENT_CHARACTERS), durationMs }, 'statement');
  };
}
