import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandContext } from './commands/context.ts';
import { createStoredLedger, type Ledger } from './commands/ledger.ts';
import { type NewToken, TOKEN_BYTES, tokenOf } from './domain/apiKey.ts';
import type { NewId } from './domain/ids.ts';
import type { Clock } from './domain/time.ts';
import type { Viewer } from './domain/viewer.ts';
import { createIds } from './ids.ts';
import { AccessTrail } from './live/accessTrail.ts';
import { expireDuePositions } from './live/deadlines.ts';
import { forgetKeys } from './live/forgetKeys.ts';
import { Hub } from './live/hub.ts';
import { KeyRing } from './live/keyRing.ts';
import { removeDeletedSessions } from './live/removeChat.ts';
import { BoundedRefusals } from './live/refusedAttempts.ts';
import { COMPLETE, createRounds } from './live/rounds.ts';
import { Access } from './server/access/access.ts';
import { maskFault, type OnFault } from './server/errors.ts';
import { type GraphiqlOptions, graphiqlPage } from './server/graphiql.ts';
import { type Listening, listen } from './server/http.ts';
import type { Origins } from './server/access/origins.ts';
import { RateLimits } from './server/access/rateLimits.ts';
import { ResponseBuffer } from './server/responseBuffer.ts';
import { Responses } from './server/responseLimits.ts';
import { securityHeaders } from './server/transport.ts';
import type { TrustedDocuments } from './server/documents/trustedDocuments.ts';
import { serveWebSockets } from './server/websocket.ts';
import { createGraphql } from './server/yoga.ts';
import { DEFAULTS, type Settings } from './settings.ts';
import { Unavailable } from './store/faults.ts';
import type { Store } from './store/store.ts';

export const GRAPHQL_PATH = '/graphql';

export interface AppOptions {
  readonly store: Store;
  readonly onFault: OnFault;
  /** The root key; absent if nobody is root. */
  readonly rootToken?: string;
  readonly clock?: Clock;
  readonly newId?: NewId;
  readonly newToken?: NewToken;
  /** Authenticates requests instead of API keys, for a server whose callers are known by other means. */
  readonly viewerOf?: (request: Request) => Viewer;
  /** The initial content of GraphiQL, which is off if this is absent. */
  readonly graphiql?: GraphiqlOptions;
  /** The origins whose pages may send requests, in addition to the server's own. */
  readonly origins?: Origins;
  readonly trusted?: TrustedDocuments;
  /** Whether HSTS tells browsers to use only TLS. */
  readonly strictTransport?: boolean;
  /** The ledger of accounting entries. Defaults to the one in the store. */
  readonly ledger?: Ledger;
  /** Settings that differ from the defaults. */
  readonly settings?: Partial<Settings>;
}

/** Recurring background jobs. */
interface Beside {
  /** Expires the positions that are due now. Returns their number. */
  readonly expireDue: () => Promise<number>;
  /** Deletes what is past its retention: idempotency records, deleted chat, changes, the store's own rows. */
  readonly tidy: () => Promise<void>;
  /** Writes what was counted: rate limits, uses of API keys, rejected requests. */
  readonly settle: () => Promise<void>;
  /** Ends the subscriptions of API keys that have expired or were revoked. */
  readonly watch: () => Promise<void>;
}

/** The whole server. It needs neither a process nor a port of its own. */
export interface App extends Beside {
  /** Handles a request without a network. */
  fetch(request: Request): Promise<Response>;
  listen(port: number, host: string): Promise<Listening>;
  /** Returns the number of live subscriptions. */
  liveSubscriptions(): number;
  /** Starts the hub and the background jobs. */
  start(): void;
  /**
   * Stops them, ends all subscriptions, and waits for work in progress, but not for a database that does not answer.
   */
  stop(): Promise<void>;
}

const ROOT: Viewer = { role: 'ROOT' };
const TIDY_PAUSE_MS = 60_000;
const SETTLE_PAUSE_MS = 1_000;
/**
 * The pause between two batches of texts whose words are recomputed after an upgrade. It leaves most of the time to
 * requests.
 */
const REFRESH_PAUSE_MS = 250;
/**
 * The interval at which the API keys of open subscriptions are checked: an expired or revoked one acts within a second.
 */
const WATCH_PAUSE_MS = 400;
/** The maximum time to stop, in ms. Work that a database without an answer prevents from ending is abandoned. */
const STOP_MS = 5_000;
const NO_TRUSTED: TrustedDocuments = { texts: new Map(), only: false };
const newRandomToken: NewToken = () => tokenOf(randomBytes(TOKEN_BYTES));

export function createApp(options: AppOptions): App {
  const { store, onFault, clock = Date.now, newId = createIds(clock), newToken = newRandomToken } = options;
  const { ledger = createStoredLedger(newId), origins = [], trusted = NO_TRUSTED, graphiql } = options;
  const settings: Settings = { ...DEFAULTS, ...options.settings };
  const { keepKeysMs, chatLimits, keysPerInstitution, lookEveryMs, queueChanges } = settings;
  const failed = (error: unknown): void => {
    // The store reports an outage itself, once; the work runs again when the outage has ended.
    if (!(error instanceof Unavailable)) onFault(randomUUID(), error);
  };
  const keys = new KeyRing({ store, clock, rootToken: options.rootToken ?? null, lookUpMs: settings.operationMs });
  const limits = new RateLimits({ limits: settings.rates, tallies: store.tallies, clock });
  const trail = new AccessTrail({ store, newId, clock });
  const access = new Access({ keys, limits, trail, viewerOf: options.viewerOf });
  const perOwner = settings.subscriptionsPerKey;
  const hub = new Hub({ feed: store.changes, lookEveryMs, queueChanges, perOwner, onFault: failed });
  const refusedAttempts = new BoundedRefusals(clock, trail);
  const shared = { store, ledger, clock, newId, newToken, keepKeysMs, chatLimits, keysPerInstitution, refusedAttempts };
  const headers = securityHeaders(options.strictTransport ?? false);
  const { bodyBytes } = settings.http;
  const buffer = new ResponseBuffer(settings.responses.bufferBytes);
  const responses = new Responses(settings.responses, buffer, access);
  const front = { path: GRAPHQL_PATH, access, origins, trusted, headers, mask: maskFault(onFault) };
  const graphql = createGraphql({ ...settings, ...front, responses, bodyBytes, shared: { ...shared, hub } });
  // The context of the server's own commands: they have no request, and root is their viewer.
  const own: CommandContext = { ...shared, viewer: ROOT, requestId: null };
  const beside = besideRequests({ own, settings, hub, keys, limits, trail });
  const rounds = [
    createRounds(async () => ((await store.refreshWords()) ? COMPLETE : undefined), REFRESH_PAUSE_MS, failed),
    createRounds(beside.expireDue, settings.sweepPauseMs, failed),
    createRounds(beside.tidy, TIDY_PAUSE_MS, failed),
    createRounds(beside.settle, SETTLE_PAUSE_MS, failed),
    createRounds(beside.watch, WATCH_PAUSE_MS, failed),
  ];
  return {
    fetch: async (request) => graphql.fetch(request),
    listen: (port, host) =>
      listen({
        ...front,
        graphql: async (request, response, arrival) => graphql(request, response, arrival),
        page: graphiql ? graphiqlPage(graphiql) : null,
        upgrade: (server) => serveWebSockets(server, { ...settings, ...settings.http, ...front, graphql, buffer }),
        limits: settings.http,
        port,
        host,
      }),
    ...beside,
    liveSubscriptions: () => hub.size,
    start: () => {
      hub.start();
      for (const each of rounds) each.start();
    },
    stop: () =>
      within(STOP_MS, async () => {
        await hub.stop();
        await Promise.all(rounds.map((each) => each.stop()));
        await beside.settle().catch(failed);
        await trail.finish().catch(failed);
      }),
  };
}

/** Runs the work, and waits for it at most `ms` milliseconds. */
async function within(ms: number, work: () => Promise<void>): Promise<void> {
  const waiting = new AbortController();
  const late = delay(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  await Promise.race([work(), late]);
  waiting.abort();
}

interface BesideOptions {
  readonly own: CommandContext;
  readonly settings: Settings;
  readonly hub: Hub;
  readonly keys: KeyRing;
  readonly limits: RateLimits;
  readonly trail: AccessTrail;
}

const besideRequests = ({ own, settings, hub, keys, limits, trail }: BesideOptions): Beside => ({
  expireDue: () => expireDuePositions(own),
  tidy: async () => {
    const now = own.clock();
    await forgetKeys(own);
    await removeDeletedSessions(own, now - settings.keepChatMs);
    await own.store.changes.deleteBefore(now - settings.keepChangesMs);
    await own.store.cleanUp();
  },
  settle: async () => {
    await limits.settle();
    await keys.noteUses();
    await trail.flush();
  },
  watch: async () => {
    for (const key of await keys.dead(hub.owners)) hub.endAll(key);
  },
});
