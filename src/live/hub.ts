import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ChangeFilter, matchesFilter, type SequencedChange, type StreamPosition } from '../domain/change.ts';
import type { ChangeFeed } from '../store/store.ts';
import { ChangeCursors } from './changeCursor.ts';
import { ChangeQueue } from './changeQueue.ts';
import { leavable } from './stream.ts';

/** The cursor is not one of this stream (any more), or changes after it have been deleted. */
export class CursorExpired extends Error {}

/** There are as many subscriptions of one owner as there may be. */
export class TooManySubscriptions extends Error {}

/** The credential that the subscription was opened with is over. */
export class CredentialEnded extends Error {}

/** The hub ends, and all that hangs on it. */
export class Stopping extends Error {}

/**
 * A change, or null where the live changes begin, with the cursor to resume after it. A live change is the same item
 * for all its subscribers.
 */
export interface StreamItem {
  readonly cursor: string;
  readonly change: SequencedChange | null;
}
type LiveItem = StreamItem & { readonly change: SequencedChange };
type LiveQueue = ChangeQueue<LiveItem>;

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
  readonly #queues = new Map<LiveQueue, ChangeFilter>();
  /** By owner, those who are catching up too. */
  readonly #owned = new Map<string, Set<LiveQueue>>();
  /** The position of the last change that was dispatched; undefined before the first look. */
  #position: StreamPosition | undefined;
  #cursors: Promise<ChangeCursors> | undefined;
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
    this.#endEach(new Stopping('The hub ends.'));
    await this.#looking;
    // Who waits has told its client by then, before what carries it is closed.
    await nextTurn();
  }

  /**
   * Returns what was missed since the cursor `after`, then one item without a change, then live changes: each change
   * that the filter selects once, in the order of the commits. Throws CursorExpired, TooManySubscriptions, TooSlow,
   * CredentialEnded or Stopping.
   */
  subscribe(owner: string, after: string | null, filter: ChangeFilter): AsyncIterableIterator<StreamItem> {
    const queue = new ChangeQueue<LiveItem>(this.#options.queueChanges);
    return leavable(this.#owning(owner, queue, after, filter), () => queue.end());
  }

  #end(owner: string, reason: Error): void {
    for (const queue of this.#owned.get(owner) ?? []) queue.end(reason);
  }

  #endEach(reason: Error): void {
    for (const owner of this.#owned.keys()) this.#end(owner, reason);
  }

  async *#owning(
    owner: string,
    queue: LiveQueue,
    after: string | null,
    filter: ChangeFilter,
  ): AsyncGenerator<StreamItem, void, undefined> {
    if (this.#stopped) throw new Stopping('The hub has ended.');
    const owned = this.#owned.get(owner) ?? new Set();
    if (owned.size >= this.#options.perOwner) {
      throw new TooManySubscriptions(`There are ${owned.size} subscriptions already.`);
    }
    this.#owned.set(owner, owned.add(queue));
    try {
      yield* this.#follow(queue, after, filter);
    } finally {
      this.#queues.delete(queue);
      owned.delete(queue);
      if (owned.size === 0) this.#owned.delete(owner);
    }
  }

  async *#follow(
    queue: LiveQueue,
    after: string | null,
    filter: ChangeFilter,
  ): AsyncGenerator<StreamItem, void, undefined> {
    const cursors = await this.#loadCursors();
    const position = yield* this.#catchUp(queue, cursors, after, filter);
    if (!position) return;
    yield { cursor: cursors.encodeCaughtUp(position), change: null };
    let { sequence } = position;
    for (let taken = await queue.take(); taken; taken = await queue.take()) {
      for (const item of taken) {
        if (item.change.sequence <= sequence) continue;
        sequence = item.change.sequence;
        yield item;
      }
    }
  }

  /** Joins the live subscribers at the end, and returns the position there, or undefined if the subscriber has left. */
  async *#catchUp(
    queue: LiveQueue,
    cursors: ChangeCursors,
    after: string | null,
    filter: ChangeFilter,
  ): AsyncGenerator<StreamItem, StreamPosition | undefined, undefined> {
    let position = after === null ? null : cursors.decode(after);
    if (position === undefined) throw new CursorExpired('The cursor is of another store.');
    for (;;) {
      const { isKnown, changes, last } = await this.#options.feed.sequenceAndRead(position, PAGE, filter);
      // Before the first look nothing was dispatched: the hub begins no later than its first subscriber.
      this.#position ??= last;
      if (!queue.goesOn()) return undefined;
      if (!isKnown) throw new CursorExpired('The cursor is of another history, or changes after it were deleted.');
      for (const change of changes) yield { cursor: cursors.encodeChange(change), change };
      // Scanning many pages must not keep other requests waiting.
      if (changes.length === PAGE) await nextTurn();
      const dispatched = this.#position;
      const isAhead = last.sequence >= dispatched.sequence;
      if (position === null || (changes.length < PAGE && isAhead)) {
        // Nothing is awaited between the comparison and this: no change can be dispatched in between.
        this.#queues.set(queue, filter);
        return isAhead ? last : dispatched;
      }
      position = changes.length < PAGE ? last : (changes.at(-1) ?? last);
    }
  }

  /** Loads the key of the cursors once; again after a failure. */
  #loadCursors(): Promise<ChangeCursors> {
    this.#cursors ??= this.#options.feed.cursorKey().then(
      (key) => new ChangeCursors(key),
      (error: unknown) => {
        this.#cursors = undefined;
        throw error;
      },
    );
    return this.#cursors;
  }

  /** Looks at the feed now, or once more when the look under way is over. */
  #look(): void {
    this.#again = true;
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
      if (this.#stopped) return;
      // A call that arrived after the last read and before this is not lost.
      if (this.#again) this.#look();
      else this.#timer = setTimeout(() => this.#look(), this.#options.lookEveryMs);
    });
  }

  async #read(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        const { isKnown, changes, last } = await this.#options.feed.sequenceAndRead(this.#position ?? null, PAGE);
        this.#position ??= last;
        if (!isKnown) this.#restart(last);
        const cursors = changes.length > 0 && this.#queues.size > 0 ? await this.#loadCursors() : undefined;
        for (const change of changes) this.#hand(change, cursors);
        if (changes.length === PAGE) this.#again = true;
      }
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  /** Begins again where the changes after the last dispatched one are unknown, as after a restore. */
  #restart(last: StreamPosition): void {
    this.#position = last;
    this.#cursors = undefined;
    this.#endEach(new CursorExpired('The changes since the last one are unknown.'));
  }

  /** The cursors may be missing only where nobody is subscribed. */
  #hand(change: SequencedChange, cursors: ChangeCursors | undefined): void {
    this.#position = change;
    let item: LiveItem | undefined;
    for (const [queue, filter] of this.#queues) {
      if (!cursors || !matchesFilter(change, filter)) continue;
      item ??= { cursor: cursors.encodeChange(change), change };
      queue.push(item);
    }
  }
}
