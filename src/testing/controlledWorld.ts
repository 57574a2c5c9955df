import type { AppOptions } from '../app.ts';
import type { BackgroundJobs } from '../backgroundJobs.ts';
import type { Clock, Instant } from '../domain/time.ts';
import { type TestClockControl, withTestClock } from '../schema/testClock.ts';
import type { Store } from '../store/store.ts';
import { openReplaceableStore } from './replaceableStore.ts';
import { World } from './world.ts';

/** The store and the clock of a server whose clients control the time by mutations. */
export interface ControlledWorld {
  readonly store: Store;
  readonly clock: Clock;
  /** The options of the server that the world provides. */
  readonly appOptions: Pick<AppOptions, 'clock' | 'newId' | 'newToken' | 'extendSchema'>;
  /** Makes the current state the one that a reset returns to. Must be called before clients send requests. */
  start(jobs: BackgroundJobs): Promise<void>;
}

/** Opens a world whose time stands still at `now`. `open` returns an empty memory store. */
export async function openControlledWorld(open: () => Promise<Store>, now: Instant): Promise<ControlledWorld> {
  const replaceable = await openReplaceableStore(open);
  const world = new World({ now, seed: 'test clock', store: replaceable, replaceable, recordsEvents: false });
  let running: BackgroundJobs | undefined;
  const control: TestClockControl = {
    now: world.clock,
    advance: async (to) => running && world.advance(running, (current) => Math.max(current, to)),
    reset: async () => running && world.reset(running),
  };
  return {
    store: world.store,
    clock: world.clock,
    appOptions: { ...world.appOptions, extendSchema: (schema) => withTestClock(schema, control) },
    start: (jobs) => {
      running = jobs;
      return world.start();
    },
  };
}
