import type { ChatLimits } from './commands/context.ts';
import { DAY_MS } from './domain/time.ts';
import { OPERATION_COST, SUBSCRIPTION_COST } from './server/documents/cost.ts';
import type { DocumentRules } from './server/documents/documentRules.ts';
import type { HttpLimits } from './server/http.ts';
import type { OperationLimits } from './server/documents/operationCost.ts';
import type { ResponseLimits } from './server/responseLimits.ts';
import type { Limits } from './server/access/rateLimits.ts';

/** How long and how much. Times in ms. */
export interface Settings {
  /** How long an idempotency key is remembered. */
  readonly keepKeysMs: number;
  /** How long the sweep for positions past their hour pauses. */
  readonly sweepPauseMs: number;
  readonly chatLimits: ChatLimits;
  /** How long a deleted chat session can be restored. */
  readonly keepChatMs: number;
  /** How long a subscriber may stay away and still miss nothing. */
  readonly keepChangesMs: number;
  /** How often the changes are looked at though nobody called. */
  readonly lookEveryMs: number;
  /** The most live changes that may wait for one subscriber. */
  readonly queueChanges: number;
  readonly subscriptionsPerKey: number;
  /** How many API keys an institution may have, those that are over included. */
  readonly keysPerInstitution: number;
  readonly documents: DocumentRules;
  readonly operations: OperationLimits;
  readonly responses: ResponseLimits;
  /** How long an operation may take. */
  readonly operationMs: number;
  readonly http: HttpLimits;
  /** The most WebSockets that are open at once. */
  readonly sockets: number;
  readonly socketsPerAddress: number;
  /** The maximum number of operations that one WebSocket may have open at once. */
  readonly operationsPerSocket: number;
  /** The maximum number of bytes that wait for a client of a WebSocket that does not read them. */
  readonly socketBufferBytes: number;
  /** Requests a minute; null: any number. */
  readonly rates: Limits;
}

const MEBIBYTE = 1024 * 1024;

export const DEFAULTS: Settings = {
  keepKeysMs: 30 * DAY_MS,
  sweepPauseMs: 1_000,
  chatLimits: { sessions: null, messagesPerSession: 100_000 },
  keepChatMs: 30 * DAY_MS,
  keepChangesMs: 7 * DAY_MS,
  lookEveryMs: 1_000,
  queueChanges: 1_000,
  subscriptionsPerKey: 100,
  keysPerInstitution: 10_000,
  documents: { tokens: 1_000, depth: 10, aliases: 15, directives: 8, introspection: 'all' },
  operations: { cost: OPERATION_COST, subscriptionCost: SUBSCRIPTION_COST, listValues: 1_000 },
  responses: { bytes: 16 * MEBIBYTE, bufferBytes: 256 * MEBIBYTE },
  operationMs: 10_000,
  http: {
    bodyBytes: MEBIBYTE,
    headersMs: 10_000,
    requestMs: 30_000,
    keepAliveTimeoutMs: 75_000,
    silenceMs: 60_000,
    trustedProxies: 0,
    connections: 10_000,
  },
  sockets: 1_000,
  socketsPerAddress: 100,
  operationsPerSocket: 200,
  // The largest answer, and what comes while a slow client reads it.
  socketBufferBytes: 20 * 1024 * 1024,
  rates: {
    key: null,
    institution: null,
    address: null,
    failedLogin: null,
    search: null,
    createApiKey: null,
    subscriptionCost: null,
  },
};
