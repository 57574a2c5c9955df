import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { GraphQLSchema } from 'graphql';
import { appWebhooks, type WebhookOptions } from './appWebhooks.ts';
import { type BackgroundJobs, backgroundJobs, createJobs } from './backgroundJobs.ts';
import type { CommandContext } from './commands/context.ts';
import { createStoredLedger, type Ledger } from './commands/ledger.ts';
import type { NewToken } from './domain/apiKey.ts';
import type { NewId } from './domain/ids.ts';
import type { Clock } from './domain/time.ts';
import type { Viewer } from './domain/viewer.ts';
import { createIds, newRandomToken } from './ids.ts';
import type { Job } from './jobs/job.ts';
import type { Metrics } from './metrics/metrics.ts';
import { plainSchema, schema } from './schema/index.ts';
import { Access } from './server/access/access.ts';
import { ApiKeyAuthenticator } from './server/access/apiKeyAuthenticator.ts';
import { BoundedFailedAttempts } from './server/access/failedAttempts.ts';
import type { Origins } from './server/access/origins.ts';
import { RateLimits } from './server/access/rateLimits.ts';
import { RejectionLog } from './server/access/rejectionLog.ts';
import { CompiledQueries } from './server/compiledQueries.ts';
import { createDirectLane } from './server/directLane.ts';
import { maskError, type OnInternalError } from './server/errors.ts';
import type { Page } from './server/fixedText.ts';
import { type GraphiqlOptions, graphiqlPage } from './server/graphiql.ts';
import { type HomeOptions, homePages } from './server/homePage.ts';
import { type Listening, listen, METRICS_PATH } from './server/http.ts';
import { metricsAnswer } from './server/metricsAnswer.ts';
import { Readiness, type UnreadyReason } from './server/readiness.ts';
import type { OnRequest } from './server/requestRecord.ts';
import { ResponseBuffer } from './server/responseBuffer.ts';
import { Responses } from './server/responseLimits.ts';
import { SCHEMA_PATH, type SchemaAnswerOptions, schemaAnswer } from './server/schemaAnswer.ts';
import type { Tracing } from './server/tracing.ts';
import { securityHeaders } from './server/transport.ts';
import type { TrustedDocuments } from './server/trustedDocuments.ts';
import { WebhookDocuments } from './server/webhookDocuments.ts';
import { serveWebSockets } from './server/websocket.ts';
import { createEngine } from './server/yoga.ts';
import { DEFAULTS, type Settings } from './settings.ts';
import { UnavailableError } from './store/errors.ts';
import type { Store } from './store/store.ts';
import { Hub } from './subscriptions/hub.ts';

export const GRAPHQL_PATH = '/graphql';

/** The options of `createApp`. Only the store and the handler of internal errors are required. */
export interface AppOptions {
  readonly store: Store;
  readonly onInternalError: OnInternalError;
  /** Called for every request, to log it. Nothing is noted about requests if this and the metrics are absent. */
  readonly onRequest?: OnRequest;
  /** Counts what happens, and is served at `/metrics`. */
  readonly metrics?: Metrics;
  /** Records the spans of requests. */
  readonly tracing?: Tracing;
  /** The root key; absent if nobody is root. */
  readonly rootToken?: string;
  /** The root key before the current one, which is accepted as well; null or absent if there is none. */
  readonly previousRootToken?: string | null;
  /** Defaults to the clock of the store, or that of this machine. */
  readonly clock?: Clock;
  readonly newId?: NewId;
  readonly newToken?: NewToken;
  /** Authenticates requests instead of API keys, for a server whose callers are known by other means. */
  readonly viewerOf?: (request: Request) => Viewer;
  /** The initial content of GraphiQL, which is off if this is absent. */
  readonly graphiql?: GraphiqlOptions;
  /** The page at `/` for developers, which is off if this is absent. */
  readonly home?: HomeOptions;
  /** The origins whose pages may send requests, in addition to the server's own. */
  readonly origins?: Origins;
  readonly trusted?: TrustedDocuments;
  /** Called when the server can no longer serve requests, with the reason, and without one when it can again. */
  readonly onReadiness?: (reason: UnreadyReason | undefined) => void;
  /** Whether HSTS tells browsers to use only TLS. */
  readonly strictTransport?: boolean;
  /** The webhooks; absent if nothing can be delivered, and no endpoint can be created. */
  readonly webhooks?: WebhookOptions;
  /** The ledger of accounting entries. Defaults to the one in the store. */
  readonly ledger?: Ledger;
  /**
   * Whether requests take the direct lane and repeated queries are compiled. Defaults to true; the answers are the same.
   */
  readonly fastPaths?: boolean;
  /** Whether `start` also starts the background jobs. Defaults to true; without them, call their work yourself. */
  readonly runsJobs?: boolean;
  /** Returns the schema that is served in place of the usual one, for tests. */
  readonly extendSchema?: (schema: GraphQLSchema) => GraphQLSchema;
  /** Settings that differ from the defaults. */
  readonly settings?: Partial<Settings>;
}

/** The whole server. It needs neither a process nor a port of its own. */
export interface App extends BackgroundJobs {
  /** Handles a request without a network. */
  fetch(request: Request): Promise<Response>;
  listen(port: number, host: string): Promise<Listening>;
  /** Whether the server can serve requests. */
  readonly readiness: Readiness;
  /** Returns the number of live subscriptions. */
  liveSubscriptions(): number;
  /** Delivers all changes that are due to the endpoints of webhooks, for tests. */
  deliverWebhooks(): Promise<void>;
  /** Starts the hub and the background jobs. */
  start(): void;
  /**
   * Stops them, ends all subscriptions, and waits for work in progress, but not for a database that does not answer.
   */
  stop(): Promise<void>;
}

const ROOT: Viewer = { role: 'ROOT' };
/** The maximum time to stop, in ms. Work that a database without an answer prevents from ending is abandoned. */
const STOP_MS = 5_000;
const NO_TRUSTED: TrustedDocuments = { texts: new Map(), only: false };

/** Creates the server without starting it. Tests use the same function as the process. */
export function createApp(options: AppOptions): App {
  const { store, onInternalError, clock = store.clock?.now ?? Date.now, newId = createIds(clock) } = options;
  const { newToken = newRandomToken, ledger = createStoredLedger(newId), origins = [], trusted = NO_TRUSTED } = options;
  const { graphiql, strictTransport = false, fastPaths = true, runsJobs = true, metrics, tracing } = options;
  const { extendSchema = (usual) => usual } = options;
  const settings: Settings = { ...DEFAULTS, ...options.settings };
  const { chatLimits, apiKeysPerInstitution, subscriptionsPerKey: maxPerOwner } = settings;
  const failed = failureHandler(onInternalError);
  const { access, ...entry } = accessOf({ ...options, clock, newId }, settings);
  const { rejections } = entry;
  const { noteFeedRead: onRead, countJobRun: onRun, countWebhookAttempt: onAttempt } = metrics ?? {};
  const hub = new Hub({ ...settings, feed: store.changes, maxPerOwner, onInternalError: failed, onRead });
  const failedAttempts = new BoundedFailedAttempts(clock, rejections);
  const webhooks = appWebhooks(options.webhooks, settings.webhookLimits);
  const limits = { chatLimits, apiKeysPerInstitution };
  const shared = { store, ledger, clock, newId, newToken, failedAttempts, webhooks: webhooks.commands, ...limits };
  const headers = securityHeaders(strictTransport);
  const readiness = new Readiness(store, failed, options.onReadiness);
  const buffer = new ResponseBuffer(settings.responses.bufferBytes);
  const responses = new Responses(settings.responses, buffer);
  const observed = { mask: maskError(onInternalError), onRequest: observerOf(options), tracing };
  const front = { path: GRAPHQL_PATH, access, origins, trusted, headers, readiness, ...observed };
  const compiled = fastPaths ? new CompiledQueries(() => extendSchema(plainSchema()), failed) : undefined;
  const handling = { ...settings, ...front, responses, bodyBytes: settings.http.bodyBytes, compiled };
  const served = extendSchema(schema);
  const engine = createEngine({ ...handling, schema: served, shared: { ...shared, hub } });
  const { graphql, contextOfViewer: contextOf } = engine;
  // The context of the server's own commands: they have no request, and root is their viewer.
  const own: CommandContext = { ...shared, viewer: ROOT, requestId: null };
  const documents = new WebhookDocuments({ ...settings, schema: served, contextOf });
  webhooks.connect({ ...settings, own, hub, documents, onError: failed, onAttempt });
  const background = backgroundJobs({ own, settings, hub, failedAttempts, webhooks, ...entry });
  const jobs = createJobs({ ...settings, work: background, store, readiness, onError: failed, onRun });
  const repeated = [...jobs, webhooks];
  metrics?.watch({ store, clock, liveSubscriptions: () => hub.size });
  return {
    fetch: async (request) => graphql.fetch(request),
    listen: (port, host) =>
      listen({
        ...front,
        graphql: fastPaths ? createDirectLane({ ...handling, ...engine }) : async (...request) => graphql(...request),
        page: graphiql ? graphiqlPage(graphiql) : null,
        metrics: metrics ? metricsAnswer({ ...settings.http, ...front, metrics }) : null,
        texts: textsOf(options, { ...settings.http, ...handling }),
        upgrade: (server) => serveWebSockets(server, { ...settings, ...settings.http, ...front, graphql, buffer }),
        limits: settings.http,
        port,
        host,
      }),
    ...background,
    readiness,
    liveSubscriptions: () => hub.size,
    deliverWebhooks: () => webhooks.deliverDue(),
    start: () => {
      hub.start();
      for (const each of runsJobs ? repeated : []) each.start();
    },
    stop: () => stopAll({ hub, repeated, background, rejections, failed }),
  };
}

interface Running {
  readonly hub: Hub;
  readonly repeated: readonly Pick<Job, 'stop'>[];
  readonly background: BackgroundJobs;
  readonly rejections: RejectionLog;
  readonly failed: (error: unknown) => void;
}

/** Ends all subscriptions and background work, and writes what was counted. */
const stopAll = ({ hub, repeated, background, rejections, failed }: Running): Promise<void> =>
  withTimeLimit(STOP_MS, async () => {
    await hub.stop();
    await Promise.all(repeated.map((each) => each.stop()));
    await background.flushCounters().catch(failed);
    await rejections.finish().catch(failed);
  });

/** Returns the texts that the server sends, by path. */
function textsOf({ home, graphiql, metrics }: AppOptions, handling: SchemaAnswerOptions): ReadonlyMap<string, Page> {
  const links = {
    graphql: GRAPHQL_PATH,
    graphiql: graphiql ? GRAPHQL_PATH : null,
    metrics: metrics ? METRICS_PATH : null,
  };
  return new Map([[SCHEMA_PATH, schemaAnswer(handling)], ...(home ? homePages(home, links) : [])]);
}

/** Creates what authenticates and limits requests. */
function accessOf(
  { store, clock, newId, viewerOf, metrics, ...keys }: AppOptions & { readonly clock: Clock; readonly newId: NewId },
  { rates, operationMs: lookUpTimeoutMs }: Settings,
) {
  const authenticator = new ApiKeyAuthenticator({ ...keys, store, clock, lookUpTimeoutMs });
  const limits = new RateLimits({ limits: rates, counters: store.counters, clock });
  const rejections = new RejectionLog({ store, newId, clock });
  const access = new Access({ authenticator, limits, rejections, viewerOf, onRateLimited: metrics?.countRateLimited });
  return { authenticator, limits, rejections, access };
}

/** Returns what is called for the errors of background work. */
const failureHandler =
  (onInternalError: OnInternalError) =>
  (error: unknown): void => {
    // The store reports an outage itself, once; the work runs again when the outage has ended.
    if (!(error instanceof UnavailableError)) onInternalError(randomUUID(), error);
  };

/** Returns what is called for every request: the log, the metrics, both or nothing. */
function observerOf({ onRequest, metrics }: AppOptions): OnRequest | undefined {
  if (!onRequest || !metrics) return onRequest ?? metrics?.countRequest;
  return (event, entry) => {
    metrics.countRequest(event, entry);
    onRequest(event, entry);
  };
}

/** Runs the work, and waits for it at most `ms` milliseconds. */
async function withTimeLimit(ms: number, work: () => Promise<void>): Promise<void> {
  const waiting = new AbortController();
  const late = delay(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  await Promise.race([work(), late]);
  waiting.abort();
}
