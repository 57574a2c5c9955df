import type { ChatLimits } from './commands/context.ts';
import { DAY_MS } from './domain/time.ts';
import type { Limits } from './server/access/rateLimits.ts';
import type { HttpLimits } from './server/http.ts';
import type { DocumentRules } from './server/operations/documentRules.ts';
import type { OperationLimits } from './server/operations/requestedOperation.ts';
import type { ResponseLimits } from './server/responseLimits.ts';
import { DEFAULT_WEBHOOK_LIMITS, type WebhookLimits } from './webhooks/limits.ts';

/** Limits and times of the server. Times are in ms. */
export interface Settings {
  /** The retention of idempotency keys. */
  readonly idempotencyRetentionMs: number;
  /** The pause between two sweeps for expired positions. */
  readonly sweepPauseMs: number;
  readonly chatLimits: ChatLimits;
  /** The time within which a deleted chat session can be restored. */
  readonly chatRetentionMs: number;
  /** The time for which a subscriber may be disconnected without missing a change. */
  readonly changeRetentionMs: number;
  /** The interval at which the changes are polled without a notification. */
  readonly pollIntervalMs: number;
  /** The maximum number of live changes that wait for one subscriber. */
  readonly maxQueuedChanges: number;
  readonly subscriptionsPerKey: number;
  /** The maximum number of API keys per institution, including expired and revoked ones. */
  readonly apiKeysPerInstitution: number;
  readonly documents: DocumentRules;
  readonly operations: OperationLimits;
  readonly responses: ResponseLimits;
  /** The maximum time of an operation. */
  readonly operationMs: number;
  readonly http: HttpLimits;
  /** The time after a signal to stop within which new connections are still accepted. */
  readonly drainGraceMs: number;
  /** The maximum number of WebSockets that are open at once. */
  readonly maxWebSockets: number;
  readonly socketsPerAddress: number;
  /** The maximum number of operations that one WebSocket may have open at once. */
  readonly operationsPerSocket: number;
  /** The maximum number of bytes that wait for a client of a WebSocket that does not read them. */
  readonly socketBufferBytes: number;
  /** Requests per minute, or null for no limit. */
  readonly rates: Limits;
  readonly webhookLimits: WebhookLimits;
}

const MEBIBYTE = 1024 * 1024;

export const DEFAULTS: Settings = {
  idempotencyRetentionMs: 30 * DAY_MS,
  sweepPauseMs: 1_000,
  chatLimits: { sessions: null, messagesPerSession: 100_000 },
  chatRetentionMs: 30 * DAY_MS,
  changeRetentionMs: 7 * DAY_MS,
  pollIntervalMs: 1_000,
  maxQueuedChanges: 1_000,
  subscriptionsPerKey: 100,
  apiKeysPerInstitution: 10_000,
  documents: { tokens: 1_000, depth: 10, aliases: 15, directives: 8, introspection: 'all' },
  operations: {
    // A page of 100 that nests a page of 100 with a few objects per row costs some 30,000, as does a batch of 1,000
    // operations with all of its results; three nested pages of 100 cost a million.
    cost: 50_000,
    // A change with its object, event, asset, template and institution costs about 17.
    subscriptionCost: 500,
    listValues: 1_000,
  },
  responses: { bytes: 16 * MEBIBYTE, bufferBytes: 256 * MEBIBYTE },
  operationMs: 10_000,
  http: {
    bodyBytes: MEBIBYTE,
    headersMs: 10_000,
    requestMs: 30_000,
    keepAliveTimeoutMs: 75_000,
    idleTimeoutMs: 60_000,
    trustedProxies: 0,
    connections: 10_000,
  },
  drainGraceMs: 1_000,
  maxWebSockets: 1_000,
  socketsPerAddress: 100,
  operationsPerSocket: 200,
  // The largest response, and what arrives while a slow client reads it.
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
  webhookLimits: DEFAULT_WEBHOOK_LIMITS,
};
