import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ChangeFilter, matchesFilter, type SequencedChange, type StreamPosition } from '../domain/change.ts';
import type { ChangeFeed } from '../store/store.ts';
import { cancellable } from './cancellable.ts';
import { ChangeCursors } from './changeCursor.ts';
import { ChangeQueue } from './changeQueue.ts';
import { CredentialEndedError, CursorExpiredError, StoppingError, TooManySubscriptionsError } from './errors.ts';
import { Poller } from './poller.ts';

/**
 * A change, or null where the live changes begin, with the cursor to resume after it. All subscribers of a live change
 * receive the same object.
 */
export interface StreamItem {
  readonly cursor: string;
  readonly change: SequencedChange | null;
}
type LiveItem = StreamItem & { readonly change: SequencedChange };
type LiveQueue = ChangeQueue<LiveItem>;

/** The change feed of a hub, and its limits. */
export interface HubOptions {
  readonly feed: ChangeFeed;
  /** The interval after which the feed is polled again without a notification, in ms. */
  readonly pollIntervalMs: number;
  /** The maximum number of live changes that wait for one subscriber. */
  readonly maxQueuedChanges: number;
  /** The maximum number of subscriptions per owner. */
  readonly maxPerOwner: number;
  readonly onInternalError: (error: unknown) => void;
  /** Called after each read of the feed that has not failed, with the changes that were dispatched. */
  readonly onRead?: ((dispatched: readonly SequencedChange[]) => void) | undefined;
}

/** The number of changes that are read at once. */
const PAGE = 500;
const NO_CHANGES: readonly SequencedChange[] = [];

/**
 * Reads the feed once for all subscribers of this process, and dispatches each change to those whose filter selects it.
 * Without subscribers it does not read.
 */
export class Hub {
  readonly #options: HubOptions;
  /** The queues of subscribers that receive live changes. */
  readonly #queues = new Map<LiveQueue, ChangeFilter>();
  /** All queues by owner, including those of subscribers that are catching up. */
  readonly #byOwner = new Map<string, Set<LiveQueue>>();
  /** The position of the last dispatched change; undefined without live subscribers. */
  #position: StreamPosition | undefined;
  #cursors: Promise<ChangeCursors> | undefined;
  readonly #poller: Poller;
  #unsubscribe: (() => void) | undefined;
  #stopped = true;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#poller = new Poller((isTimed) => this.#read(isTimed), options.pollIntervalMs);
  }

  /** The number of subscriptions that receive live changes. */
  get size(): number {
    return this.#queues.size;
  }

  /** The owners of all subscriptions. */
  get owners(): readonly string[] {
    return [...this.#byOwner.keys()];
  }

  /** Ends all subscriptions of an owner, with CredentialEndedError. */
  endAll(owner: string): void {
    this.#end(owner, new CredentialEndedError());
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#unsubscribe = this.#options.feed.onChanges(() => this.#poller.poll());
    this.#poller.start();
  }

  /** Ends every subscription with StoppingError, and stops polling. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe?.();
    this.#endEach(new StoppingError());
    await this.#poller.stop();
    // Subscribers notify their clients before the connections are closed.
    await nextTurn();
  }

  /**
   * Returns the changes since the cursor `after`, then one item without a change, then live changes: each change that
   * the filter selects once, in the order of commits. Throws CursorExpiredError, TooManySubscriptionsError,
   * TooSlowError, CredentialEndedError or StoppingError.
   */
  subscribe(owner: string, after: string | null, filter: ChangeFilter): AsyncIterableIterator<StreamItem> {
    const queue = new ChangeQueue<LiveItem>(this.#options.maxQueuedChanges);
    return cancellable(this.#deliver(owner, queue, after, filter), () => queue.end());
  }

  /** Returns the cursor of a change. */
  async cursorOf(change: StreamPosition): Promise<string> {
    return (await this.#loadCursors()).encodeChange(change);
  }

  #end(owner: string, reason: Error): void {
    for (const queue of this.#byOwner.get(owner) ?? []) queue.end(reason);
  }

  #endEach(reason: Error): void {
    for (const owner of this.#byOwner.keys()) this.#end(owner, reason);
  }

  async *#deliver(
    owner: string,
    queue: LiveQueue,
    after: string | null,
    filter: ChangeFilter,
  ): AsyncGenerator<StreamItem, void, undefined> {
    if (this.#stopped) throw new StoppingError();
    const owned = this.#byOwner.get(owner) ?? new Set();
    if (owned.size >= this.#options.maxPerOwner) {
      throw new TooManySubscriptionsError();
    }
    this.#byOwner.set(owner, owned.add(queue));
    try {
      yield* this.#follow(queue, after, filter);
    } finally {
      this.#queues.delete(queue);
      owned.delete(queue);
      if (owned.size === 0) this.#byOwner.delete(owner);
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

  /**
   * Delivers missed changes, then joins the live subscribers and returns the position there; undefined if the
   * subscriber has left.
   */
  async *#catchUp(
    queue: LiveQueue,
    cursors: ChangeCursors,
    after: string | null,
    filter: ChangeFilter,
  ): AsyncGenerator<StreamItem, StreamPosition | undefined, undefined> {
    let position = after === null ? null : cursors.decode(after);
    if (position === undefined) throw new CursorExpiredError();
    // Changes that were committed before the subscription are not delivered as live.
    await this.#options.feed.assignSequences();
    for (;;) {
      const { isKnown, changes, last } = await this.#options.feed.read(position, PAGE, filter);
      if (!queue.checkOpen()) return undefined;
      if (!isKnown) throw new CursorExpiredError();
      for (const change of changes) yield { cursor: cursors.encodeChange(change), change };
      // A scan of many pages must not block other requests.
      if (changes.length === PAGE) await nextTurn();
      const dispatched = this.#position ?? last;
      const isAhead = last.sequence >= dispatched.sequence;
      if (position === null || (changes.length < PAGE && isAhead)) {
        // There is no await between the comparison and this line, so no change can be dispatched in between.
        this.#position = dispatched;
        this.#queues.set(queue, filter);
        // The changes since `last` may have been ignored, because there were no live subscribers.
        this.#poller.poll();
        return isAhead ? last : dispatched;
      }
      position = changes.length < PAGE ? last : (changes.at(-1) ?? last);
    }
  }

  /** Loads the key of the cursors once, and again after a failure. */
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

  async #read(isTimed: boolean): Promise<void> {
    const { onInternalError, onRead } = this.#options;
    try {
      // Another server may have stopped between a commit and the assignment of its sequences.
      if (isTimed) await this.#options.feed.assignSequences();
      const changes = await this.#dispatchNext();
      onRead?.(changes);
      if (changes.length === PAGE) this.#poller.poll();
    } catch (error) {
      onInternalError(error);
    }
  }

  /** Reads and dispatches the next changes, if there are subscribers. Returns them. */
  async #dispatchNext(): Promise<readonly SequencedChange[]> {
    if (!this.#position || this.#queues.size === 0) {
      this.#position = undefined;
      // The feed may be another one, of a restored backup, when the next subscriber arrives.
      this.#cursors = undefined;
      return NO_CHANGES;
    }
    const { isKnown, changes, last } = await this.#options.feed.read(this.#position, PAGE);
    if (!isKnown) this.#restart(last);
    const cursors = changes.length > 0 && this.#queues.size > 0 ? await this.#loadCursors() : undefined;
    for (const change of changes) this.#dispatch(change, cursors);
    return changes;
  }

  /** Restarts at the end if the changes after the last dispatched one are unknown, as after a restored backup. */
  #restart(last: StreamPosition): void {
    this.#position = last;
    this.#cursors = undefined;
    this.#endEach(new CursorExpiredError());
  }

  /** Dispatches a change. `cursors` may be undefined only if there are no subscribers. */
  #dispatch(change: SequencedChange, cursors: ChangeCursors | undefined): void {
    this.#position = change;
    let item: LiveItem | undefined;
    for (const [queue, filter] of this.#queues) {
      if (!cursors || !matchesFilter(change, filter)) continue;
      item ??= { cursor: cursors.encodeChange(change), change };
      queue.push(item);
    }
  }
}
