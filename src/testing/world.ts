import type { AppOptions } from '../app.ts';
import type { BackgroundJobs } from '../backgroundJobs.ts';
import type { Id } from '../domain/ids.ts';
import { formatInstant, type Instant, MINUTE_MS } from '../domain/time.ts';
import type { Store } from '../store/store.ts';
import { advanceClock } from './advance.ts';
import { TestServerError } from './errors.ts';
import { type RecordedEvent, recordingStore } from './recordedEvents.ts';
import type { ReplaceableStore, Rows } from './replaceableStore.ts';
import { Sources, type SourcesState } from './sources.ts';

/** Everything that a server on a memory store knows at one moment. */
export interface WorldState {
  readonly rows: Rows;
  readonly now: Instant;
  readonly sources: SourcesState;
  readonly events: readonly RecordedEvent[];
  readonly seededAssets: ReadonlyMap<string, Id>;
}

export interface WorldOptions {
  readonly now: Instant;
  readonly seed: string;
  /** The store of the server. */
  readonly store: Store;
  /** The same store, if its rows can be replaced. */
  readonly replaceable?: ReplaceableStore | undefined;
  /** Whether changes and audit events are recorded. */
  readonly recordsEvents: boolean;
}

/** The store, the clock and the sources of ids of a test server, and how they change together. */
export class World {
  readonly store: Store;
  readonly sources: Sources;
  /** The assets that positions are seeded for, by institution and currency. */
  seededAssets = new Map<string, Id>();
  readonly #replaceable: ReplaceableStore | undefined;
  #now: Instant;
  #events: RecordedEvent[] = [];
  #initial: WorldState | undefined;
  /** The last change of the whole state: they run one after another. */
  #running: Promise<unknown> = Promise.resolve();

  constructor({ now, seed, store, replaceable, recordsEvents }: WorldOptions) {
    this.#now = now;
    this.#replaceable = replaceable;
    this.store = recordsEvents ? recordingStore(store, (events) => this.#events.push(...events)) : store;
    this.sources = new Sources(seed, this.clock);
  }

  readonly clock = (): Instant => this.#now;

  /** The options of the server that the world provides. */
  get appOptions(): Pick<AppOptions, 'store' | 'clock' | 'newId' | 'newToken'> {
    const { store, clock, sources } = this;
    return { store, clock, newId: sources.newId, newToken: sources.newToken };
  }

  /** The changes and audit events since the start or the last reset, in the order of their commits. */
  get events(): readonly RecordedEvent[] {
    return [...this.#events];
  }

  /** Makes the current state the one that `reset` returns to, without events. */
  async start(): Promise<void> {
    this.#events = [];
    if (this.#replaceable) this.#initial = await this.#copy(this.#replaceable);
  }

  /** Advances the clock and runs the jobs that are due. Throws TestServerError if the time is before the current one. */
  advance(jobs: BackgroundJobs, timeAfter: (now: Instant) => Instant): Promise<Instant> {
    return this.#exclusively(async () => {
      const to = timeAfter(this.#now);
      if (to < this.#now) {
        throw new TestServerError(
          `The clock cannot be set backwards: it is ${formatInstant(this.#now)}, and ${formatInstant(to)} is earlier. Use reset() or restore().`,
        );
      }
      const setClock = (now: Instant): void => {
        this.#now = now;
      };
      await advanceClock({ store: this.store, jobs, setClock }, this.#now, to);
      return to;
    });
  }

  /** Returns the whole state. Throws TestServerError if the store is not a memory store of the test server. */
  copy(): Promise<WorldState> {
    return this.#exclusively(() => this.#copy(this.#replaceableOr('snapshot()')));
  }

  /** Returns to the state, and ends all subscriptions. Throws TestServerError like `copy`. */
  restore(jobs: BackgroundJobs, state: WorldState): Promise<void> {
    return this.#exclusively(() => this.#restore(jobs, this.#replaceableOr('restore()'), state));
  }

  /** Returns to the state at the start, and ends all subscriptions. Throws TestServerError like `copy`. */
  reset(jobs: BackgroundJobs): Promise<void> {
    return this.#exclusively(async () => {
      const replaceable = this.#replaceableOr('reset()');
      if (this.#initial) await this.#restore(jobs, replaceable, this.#initial);
    });
  }

  #replaceableOr(caller: string): ReplaceableStore {
    if (this.#replaceable) return this.#replaceable;
    throw new TestServerError(
      `${caller} needs the memory store that the test server opens itself. Leave \`store\` out, or set it to "memory".`,
    );
  }

  async #copy(store: ReplaceableStore): Promise<WorldState> {
    const { state: sources } = this.sources;
    const [now, events, seededAssets] = [this.#now, this.events, new Map(this.seededAssets)];
    return { rows: await store.copyRows(), now, sources, events, seededAssets };
  }

  async #restore(jobs: BackgroundJobs, store: ReplaceableStore, state: WorldState): Promise<void> {
    const { rows, now, sources, events, seededAssets } = state;
    // The server counts requests and failures per minute. In another minute it forgets its counts.
    this.#now += MINUTE_MS;
    await jobs.flushCounters();
    await store.replaceRows(rows);
    this.#now = now;
    this.sources.state = sources;
    this.#events = [...events];
    this.seededAssets = new Map(seededAssets);
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#running.then(work);
    this.#running = result.catch(() => undefined);
    return result;
  }
}
