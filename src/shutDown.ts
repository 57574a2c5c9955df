import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { App } from './app.ts';
import type { Listening } from './server/http.ts';
import type { Store } from './store/store.ts';

/** When each step of a stop begins, in ms since its signal. An orchestrator kills the process after 10 s. */
const STEPS = {
  /** Operations in progress are rolled back, unless they are being committed. */
  abandonMs: 7_000,
  /** Connections on which an answer is still awaited are closed. */
  closeAllMs: 7_500,
} as const;

/** Idle connections are closed after this many times the grace: few clients send a request then. */
const IDLE_GRACES = 2;

/** The parts of a running server. */
export interface Running {
  readonly app: App;
  readonly listening: Listening;
  readonly store: Store;
  /** The time within which new connections are still accepted, in ms. */
  readonly graceMs: number;
}

/**
 * Stops a server so that every client knows the outcome of its requests. At first the server is only reported as not
 * ready, so that load balancers send no more requests, and every answer closes its connection. Then no connections are
 * accepted, and subscriptions end with the cursor to resume after. Resolves when all work has ended, after 8 s at most.
 */
export async function shutDown({ app, listening, store, graceMs }: Running): Promise<void> {
  const begin = performance.now();
  const leftMs = (ms: number): number => Math.max(0, begin + ms - performance.now());
  app.readiness.stop();
  listening.connections.drain();
  const abandoning = setTimeout(() => store.abandonWork(), STEPS.abandonMs);
  await delay(graceMs);
  await listening.connections.refuse();
  await app.stop();
  await Promise.race([listening.connections.allClosed(), delay(leftMs(IDLE_GRACES * graceMs))]);
  // Requests that have arrived are read first.
  await nextTurn();
  await listening.close(leftMs(STEPS.closeAllMs));
  clearTimeout(abandoning);
  await store.close();
}
