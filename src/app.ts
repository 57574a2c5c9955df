import { randomUUID } from 'node:crypto';
import type { ChatLimits, CommandContext } from './commands/context.ts';
import { createStoredLedger, type Ledger } from './commands/ledger.ts';
import type { NewId } from './domain/ids.ts';
import { type Clock, DAY_MS } from './domain/time.ts';
import type { Viewer } from './domain/viewer.ts';
import { createIds } from './ids.ts';
import { expireDuePositions } from './live/deadlines.ts';
import { forgetKeys } from './live/forgetKeys.ts';
import { Hub } from './live/hub.ts';
import { removeDeletedSessions } from './live/removeChat.ts';
import { createRounds } from './live/rounds.ts';
import type { OnFault } from './server/errors.ts';
import { graphiqlPage, type Tab } from './server/graphiql.ts';
import { type Listening, listen } from './server/http.ts';
import { serveWebSockets } from './server/websocket.ts';
import { createGraphql } from './server/yoga.ts';
import type { Store } from './store/store.ts';

export const GRAPHQL_PATH = '/graphql';

export interface AppOptions {
  readonly store: Store;
  readonly onFault: OnFault;
  readonly clock?: Clock;
  readonly newId?: NewId;
  /** Who asks. Root, until there are keys. */
  readonly viewerOf?: (request: Request) => Viewer;
  /** What GraphiQL opens with. */
  readonly tabs?: readonly Tab[];
  /** Where money is accounted for; beside the positions if left out. */
  readonly ledger?: Ledger;
  /** What differs from the defaults. */
  readonly settings?: Partial<Settings>;
}

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
}

export const DEFAULTS: Settings = {
  keepKeysMs: 30 * DAY_MS,
  sweepPauseMs: 1_000,
  chatLimits: { sessions: null, messagesPerSession: 100_000 },
  keepChatMs: 30 * DAY_MS,
  keepChangesMs: 7 * DAY_MS,
  lookEveryMs: 1_000,
  queueChanges: 1_000,
  subscriptionsPerKey: 100,
};

/** The whole server as a value. */
export interface App {
  /** Answers a request without a network. */
  fetch(request: Request): Promise<Response>;
  listen(port: number, host: string): Promise<Listening>;
  /** Expires what is due now, as the rounds do again and again. Answers how many. */
  expireDue(): Promise<number>;
  /** Takes out what is past its time: keys, deleted chat, changes; what the rounds do again and again. */
  tidy(): Promise<void>;
  /** How many subscriptions are live. */
  liveSubscriptions(): number;
  /** Begins what runs beside the requests: live changes, deadlines, tidying. */
  start(): void;
  /** Ends it, subscriptions too, and waits for what is under way. */
  stop(): Promise<void>;
}

const ROOT: Viewer = { role: 'ROOT' };
const TIDY_PAUSE_MS = 60_000;

export function createApp(options: AppOptions): App {
  const { store, onFault, clock = Date.now, newId = createIds(clock), viewerOf = () => ROOT, tabs = [] } = options;
  const { ledger = createStoredLedger(newId) } = options;
  const settings: Settings = { ...DEFAULTS, ...options.settings };
  const { keepKeysMs, chatLimits, sweepPauseMs, lookEveryMs, queueChanges, subscriptionsPerKey: perOwner } = settings;
  const failed = (error: unknown): void => onFault(randomUUID(), error);
  const hub = new Hub({ feed: store.changes, lookEveryMs, queueChanges, perOwner, onFault: failed });
  const shared = { store, ledger, clock, newId, keepKeysMs, chatLimits };
  const graphql = createGraphql({ shared: { ...shared, hub }, viewerOf, onFault });
  const page = graphiqlPage(GRAPHQL_PATH, tabs);
  // The server's own doing: no request, no viewer but itself.
  const own: CommandContext = { ...shared, viewer: ROOT, requestId: null };
  const expireDue = (): Promise<number> => expireDuePositions(own);
  const tidy = async (): Promise<void> => {
    await forgetKeys(own);
    await removeDeletedSessions(own, clock() - settings.keepChatMs);
    await store.changes.forget(clock() - settings.keepChangesMs);
  };
  const rounds = [createRounds(expireDue, sweepPauseMs, failed), createRounds(tidy, TIDY_PAUSE_MS, failed)];
  return {
    fetch: async (request) => graphql.fetch(request),
    listen: (port, host) =>
      listen({
        graphql: async (request, response) => graphql(request, response),
        page,
        upgrade: (server) => serveWebSockets(server, GRAPHQL_PATH, graphql),
        port,
        host,
      }),
    expireDue,
    tidy,
    liveSubscriptions: () => hub.size,
    start: () => {
      hub.start();
      for (const each of rounds) each.start();
    },
    stop: async () => {
      await hub.stop();
      await Promise.all(rounds.map((each) => each.stop()));
    },
  };
}
