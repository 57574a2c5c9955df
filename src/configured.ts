import { readFileSync } from 'node:fs';
import { type Config, ConfigurationError } from './config.ts';
import { DAY_MS } from './domain/time.ts';
import { bareHash, sha256, type TrustedDocuments } from './server/trustedDocuments.ts';
import { DEFAULTS, type Settings } from './settings.ts';

/** Returns the settings of the server for a configuration. */
export function settingsOf(config: Config): Settings {
  const { access } = config;
  const { bodyBytes, headersMs, requestMs, keepAliveTimeoutMs, idleTimeoutMs } = access;
  const { trustedProxies, connections } = access;
  const { tokens, depth, aliases, directives, introspection, cost, subscriptionCost, listValues } = access;
  const { operationMs, responseBytes, responseBufferBytes, maxWebSockets, socketsPerAddress, rates } = access;
  const { operationsPerSocket, socketBufferBytes } = access;
  return {
    ...DEFAULTS,
    idempotencyRetentionMs: config.idempotencyRetentionDays * DAY_MS,
    sweepPauseMs: config.expirySweepIntervalMs,
    chatLimits: { sessions: config.chatMaxSessions, messagesPerSession: config.chatMaxMessagesPerSession },
    chatRetentionMs: config.chatRetentionDays * DAY_MS,
    changeRetentionMs: config.outboxRetentionDays * DAY_MS,
    maxQueuedChanges: config.subscriptionQueue,
    subscriptionsPerKey: config.subscriptionsPerKey,
    apiKeysPerInstitution: access.apiKeysPerInstitution,
    documents: { tokens, depth, aliases, directives, introspection },
    operations: { cost, subscriptionCost, listValues },
    responses: { bytes: responseBytes, bufferBytes: responseBufferBytes },
    operationMs,
    http: { bodyBytes, headersMs, requestMs, keepAliveTimeoutMs, idleTimeoutMs, trustedProxies, connections },
    maxWebSockets,
    socketsPerAddress,
    operationsPerSocket,
    socketBufferBytes,
    rates,
  };
}

/**
 * Reads the file of trusted documents: a JSON object of texts by their SHA-256, as the code generators of clients write
 * it, with or without "sha256:" before the hash. Throws ConfigurationError if the file is not such an object, or if a
 * text has another hash.
 */
export function readTrustedDocuments(file: string | null, only: boolean): TrustedDocuments {
  if (file === null && !only) return { texts: new Map(), only };
  const refuse = (why: string): never => {
    throw new ConfigurationError(`The configuration is wrong:\n- TRUSTED_DOCUMENTS ${why}`);
  };
  if (file === null) return refuse('must name a file where TRUSTED_DOCUMENTS_ONLY is true.');
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return refuse('must name a file of JSON.');
  }
  const texts = new Map<string, string>();
  const isObject = typeof read === 'object' && read !== null && !Array.isArray(read);
  const entries = Object.entries(isObject ? (read as Readonly<Record<string, unknown>>) : { '': null });
  for (const [name, text] of entries) {
    const hash = bareHash(name);
    if (typeof text !== 'string' || sha256(text) !== hash) {
      return refuse('must hold texts by their SHA-256 in hexadecimal.');
    }
    texts.set(hash, text);
  }
  return { texts, only };
}
