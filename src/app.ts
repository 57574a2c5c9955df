import { randomUUID } from 'node:crypto';
import type { CommandContext } from './commands/context.ts';
import { createStoredLedger, type Ledger } from './commands/ledger.ts';
import type { NewId } from './domain/ids.ts';
import { type Clock, DAY_MS } from './domain/time.ts';
import type { Viewer } from './domain/viewer.ts';
import { createIds } from './ids.ts';
import { expireDuePositions } from './live/deadlines.ts';
import { forgetKeys } from './live/forgetKeys.ts';
import { createRounds } from './live/rounds.ts';
import type { OnFault } from './server/errors.ts';
import { graphiqlPage, type Tab } from './server/graphiql.ts';
import { type Listening, listen } from './server/http.ts';
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
  /** How long an idempotency key is remembered, in ms. */
  readonly keepKeysMs?: number;
  /** How long the sweep for positions past their hour pauses, in ms. */
  readonly sweepPauseMs?: number;
}

/** The whole server as a value. */
export interface App {
  /** Answers a request without a network. */
  fetch(request: Request): Promise<Response>;
  listen(port: number, host: string): Promise<Listening>;
  /** Expires what is due now, as the rounds do again and again. Answers how many. */
  expireDue(): Promise<number>;
  /** Begins what runs beside the requests: deadlines, and the end of old idempotency keys. */
  start(): void;
  /** Ends it, and waits for what is under way. */
  stop(): Promise<void>;
}

const ROOT: Viewer = { role: 'ROOT' };
const FORGET_PAUSE_MS = 60_000;

export function createApp(options: AppOptions): App {
  const { store, onFault, clock = Date.now, newId = createIds(clock), viewerOf = () => ROOT, tabs = [] } = options;
  const { ledger = createStoredLedger(newId), keepKeysMs = 30 * DAY_MS, sweepPauseMs = 1_000 } = options;
  const shared = { store, ledger, clock, newId, keepKeysMs };
  const graphql = createGraphql({ shared, viewerOf, onFault });
  const page = graphiqlPage(GRAPHQL_PATH, tabs);
  // The server's own doing: no request, no viewer but itself.
  const own: CommandContext = { ...shared, viewer: ROOT, requestId: null };
  const expireDue = (): Promise<number> => expireDuePositions(own);
  const failed = (error: unknown): void => onFault(randomUUID(), error);
  const rounds = [
    createRounds(expireDue, sweepPauseMs, failed),
    createRounds(() => forgetKeys(own), FORGET_PAUSE_MS, failed),
  ];
  return {
    fetch: async (request) => graphql.fetch(request),
    listen: (port, host) => listen(async (request, response) => graphql(request, response), page, port, host),
    expireDue,
    start: () => rounds.forEach((each) => each.start()),
    stop: async () => {
      await Promise.all(rounds.map((each) => each.stop()));
    },
  };
}
