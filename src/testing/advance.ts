import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BackgroundJobs } from '../backgroundJobs.ts';
import { OPEN_STATES } from '../domain/lifecycle.ts';
import type { Position } from '../domain/position.ts';
import type { Instant } from '../domain/time.ts';
import type { Store, Window } from '../store/store.ts';
import { firstOf } from '../store/window.ts';

/** A server whose clock can be set. */
export interface Advancing {
  readonly store: Store;
  readonly jobs: BackgroundJobs;
  readonly setClock: (now: Instant) => void;
}

/**
 * Advances the clock from `from` to `to`, and runs the background jobs that are due by then. Each position expires at
 * its own time, earliest first. Retention needs no steps: what is deleted depends only on the time at the end.
 */
export async function advanceClock({ store, jobs, setClock }: Advancing, from: Instant, to: Instant): Promise<void> {
  for (;;) {
    const dueAt = await nextExpiry(store, to);
    if (dueAt === undefined) break;
    setClock(Math.max(from, dueAt));
    await jobs.endExpiredSubscriptions();
    // Another server on the same database may have expired the position.
    if ((await jobs.expireDue()) === 0) break;
    await nextTurn();
  }
  setClock(to);
  await jobs.endExpiredSubscriptions();
  // Subscribers receive the changes before these are deleted.
  await nextTurn();
  await jobs.cleanUp();
  await jobs.flushCounters();
}

/** Returns the earliest `expiresAt` of the open positions that expire by `to`; undefined if none does. */
async function nextExpiry(store: Store, to: Instant): Promise<Instant | undefined> {
  const [page] = await store.read('ALL').positions.pages([expiringBy(to)]);
  return page?.rows[0]?.expiresAt ?? undefined;
}

const expiringBy = (to: Instant): Window<Position> =>
  firstOf<Position>({
    where: { state: { in: OPEN_STATES }, expiresAt: { range: { lte: to } } },
    order: { by: ['expiresAt'], direction: 'ASC' },
    limit: 1,
  });
