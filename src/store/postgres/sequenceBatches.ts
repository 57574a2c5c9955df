import type { Assignment } from './assignSequences.ts';
import { ignoreRejection } from './errors.ts';

/** The minimum pause between two assignments after commits of this server, in ms. */
const BATCH_MS = 10;
/**
 * The pause after an assignment of another server, in ms. It is longer, so that one of several busy servers assigns the
 * sequences for all of them.
 */
const FOLLOWING_BATCH_MS = 2 * BATCH_MS;

/** Assigns sequences in batches, so that one assignment serves many commits and many new subscribers. */
export class SequenceBatches {
  readonly #assign: (waits: boolean) => Promise<Assignment>;
  /** The assignment that runs for subscribers, and the one that follows it. */
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isNeeded = false;
  #isClosed = false;
  /** The time before which commits lead to no assignment, in ms. */
  #pausedUntil = 0;

  constructor(assign: (waits: boolean) => Promise<Assignment>) {
    this.#assign = assign;
  }

  /** Returns once every change that was committed before the call has a sequence. Calls at the same time share one. */
  assignAll(): Promise<void> {
    // An assignment that has already begun may not include the changes of this call.
    this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      const assigned = this.#repeat();
      this.#current = assigned.catch(() => undefined);
      return assigned;
    });
    return this.#next;
  }

  /** Assigns sequences to the changes of a commit: at once after a quiet time, otherwise with those of others. */
  assignSoon(): void {
    this.#isNeeded = true;
    if (this.#isRunning || this.#isClosed) return;
    this.#timer ??= setTimeout(() => void ignoreRejection(this.#run()), this.#pausedUntil - performance.now());
  }

  /** Pauses after an assignment of another server, which also included the earlier changes of this one. */
  follow(): void {
    this.#pausedUntil = performance.now() + FOLLOWING_BATCH_MS;
    if (this.#timer === undefined) return;
    this.#clear();
    this.assignSoon();
  }

  /** Starts no further assignments after commits. Another server, or the next start, assigns what is missing. */
  close(): void {
    this.#isClosed = true;
    this.#clear();
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** If this fails, the next poll of the hub assigns, and reports the error if it lasts. */
  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#isRunning = true;
    this.#isNeeded = false;
    try {
      const { isIncomplete } = await this.#assign(false);
      this.#isNeeded ||= isIncomplete;
    } finally {
      this.#isRunning = false;
      this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + BATCH_MS);
      if (this.#isNeeded) this.assignSoon();
    }
  }

  async #repeat(): Promise<void> {
    while ((await this.#assign(true)).isIncomplete);
  }
}
