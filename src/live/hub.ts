import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PlacedChange } from '../domain/change.ts';
import type { ChangeFeed } from '../store/store.ts';
import { ChangeQueue } from './changeQueue.ts';
import { leavable } from './stream.ts';

/** The cursor points to changes that are forgotten, or into another history. */
export class CursorExpired extends Error {}

/** The cursor points beyond the last change: nobody was given it. */
export class UnknownCursor extends Error {}

/** There are as many subscriptions of one owner as there may be. */
export class TooManySubscriptions extends Error {}

/** The credential that the subscription was opened with is over. */
export class CredentialEnded extends Error {}

/** Where somebody stands in the feed. */
export interface Point {
  readonly log: string;
  readonly place: number;
}

/** The hub ends, and all that hangs on it. */
export class Stopping extends Error {}

/**
 * A change with its place; or, without one, the place at which what is live begins. A live change is the same object
 * for all its subscribers, and exists only until the last of them has read it.
 */
export interface Tick extends Point {
  readonly change: PlacedChange | null;
}
type LiveTick = Tick & { readonly change: PlacedChange };
type LiveQueue = ChangeQueue<LiveTick>;

export interface HubOptions {
  readonly feed: ChangeFeed;
  /** How long after the last look the feed is looked at anew, though nobody called, in ms. */
  readonly lookEveryMs: number;
  /** The most live changes that may wait for one subscriber. */
  readonly queueChanges: number;
  /** The most subscriptions of one owner. */
  readonly perOwner: number;
  readonly onFault: (error: unknown) => void;
}

/** How many changes are read at once. */
const PAGE = 500;

/** Reads the feed once for all subscribers of this process, and hands each what it wants. */
export class Hub {
  readonly #options: HubOptions;
  /** Those who follow what is live. */
  readonly #queues = new Map<LiveQueue, (change: PlacedChange) => boolean>();
  /** By owner, those who are catching up too. */
  readonly #owned = new Map<string, Set<LiveQueue>>();
  /** The place up to which changes were handed out; undefined before the first look. */
  #place: number | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #unhear: (() => void) | undefined;
  #stopped = true;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /** How many subscriptions are live. */
  get size(): number {
    return this.#queues.size;
  }

  /** Whose subscriptions there are. */
  get owners(): readonly string[] {
    return [...this.#owned.keys()];
  }

  /** Ends all subscriptions of an owner, with CredentialEnded. */
  endAll(owner: string): void {
    this.#end(owner, new CredentialEnded('The credential is over.'));
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#unhear = this.#options.feed.onCommit(() => this.#look());
    this.#look();
  }

  /** Ends every subscription, with Stopping, and looks no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unhear?.();
    clearTimeout(this.#timer);
    for (const owner of this.#owned.keys()) this.#end(owner, new Stopping('The hub ends.'));
    await this.#looking;
    // Who waits has told its client by then, before what carries it is closed.
    await nextTurn();
  }

  /**
   * What was missed since `after`, then one tick without a change, then live: each change that is wanted once, in the
   * order of the commits. Refuses with CursorExpired, UnknownCursor, TooManySubscriptions, TooSlow, CredentialEnded or
   * Stopping.
   */
  subscribe(owner: string, after: Point | null, wants: (change: PlacedChange) => boolean): AsyncIterableIterator<Tick> {
    const queue = new ChangeQueue<LiveTick>(this.#options.queueChanges);
    return leavable(this.#owning(owner, queue, after, wants), () => queue.end());
  }

  #end(owner: string, reason: Error): void {
    for (const queue of this.#owned.get(owner) ?? []) queue.end(reason);
  }

  async *#owning(
    owner: string,
    queue: LiveQueue,
    after: Point | null,
    wants: (change: PlacedChange) => boolean,
  ): AsyncGenerator<Tick, void, undefined> {
    if (this.#stopped) throw new Stopping('The hub has ended.');
    const owned = this.#owned.get(owner) ?? new Set();
    if (owned.size >= this.#options.perOwner) {
      throw new TooManySubscriptions(`There are ${owned.size} subscriptions already.`);
    }
    this.#owned.set(owner, owned.add(queue));
    try {
      yield* this.#follow(queue, after, wants);
    } finally {
      this.#queues.delete(queue);
      owned.delete(queue);
      if (owned.size === 0) this.#owned.delete(owner);
    }
  }

  async *#follow(
    queue: LiveQueue,
    after: Point | null,
    wants: (change: PlacedChange) => boolean,
  ): AsyncGenerator<Tick, void, undefined> {
    let log = '';
    let place = after?.place ?? Number.MAX_SAFE_INTEGER;
    for (let caughtUp = false; !caughtUp; ) {
      const { changes, extent } = await this.#options.feed.read(place, after === null ? 0 : PAGE);
      // Before the first look nothing was handed out: the hub begins no later than its first subscriber.
      this.#place ??= extent.last;
      if (!queue.goesOn()) return;
      log = extent.log;
      if (after !== null && after.log !== log) throw new CursorExpired('The cursor is of another history.');
      if (after === null) place = Math.max(extent.last, this.#place);
      else if (place > extent.last) throw new UnknownCursor('The cursor is ahead of every change.');
      else if (place < extent.forgotten) throw new CursorExpired('The changes behind the cursor are forgotten.');
      for (const change of changes) {
        place = change.place;
        if (wants(change)) yield { log, place, change };
      }
      // Scanning many pages must not keep other requests waiting.
      if (changes.length === PAGE) await nextTurn();
      // Nothing is awaited between this and the joining: no change can come in between.
      caughtUp = changes.length < PAGE && place >= this.#place;
    }
    this.#queues.set(queue, wants);
    yield { log, place, change: null };
    for (let taken = await queue.take(); taken; taken = await queue.take()) {
      for (const tick of taken) {
        if (tick.place <= place) continue;
        place = tick.place;
        yield tick;
      }
    }
  }

  /** Looks at the feed now, or once more when the look under way is over. */
  #look(): void {
    this.#again = true;
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
      if (!this.#stopped) this.#timer = setTimeout(() => this.#look(), this.#options.lookEveryMs);
    });
  }

  async #read(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        const from = this.#place ?? Number.MAX_SAFE_INTEGER;
        const { changes, extent } = await this.#options.feed.read(from, this.#place === undefined ? 0 : PAGE);
        this.#place ??= extent.last;
        for (const change of changes) this.#hand({ log: extent.log, place: change.place, change });
        if (changes.length === PAGE) this.#again = true;
      }
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #hand(tick: LiveTick): void {
    this.#place = tick.place;
    for (const [queue, wants] of this.#queues) if (wants(tick.change)) queue.push(tick);
  }
}
