/** For how long events may pass before other work is done, in ms. */
const SLICE_MS = 5;
/** The most events that pass before other work is done. */
const SLICE_EVENTS = 32;

/**
 * Paces the events of all subscriptions of a process: each waits for its turn, in the order of arrival, and the event
 * loop serves other requests at least every few milliseconds. A subscription waits with one event at a time, so the
 * order of arrival is fair to all of them.
 */
export class EventGate {
  #waiting: (() => void)[] = [];
  /** Those of `#waiting` before this index have passed. */
  #passed = 0;
  #scheduled = 0;
  #sliceEndsAt = 0;

  /** Resolves when the event may be executed. */
  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#scheduled === 0) this.#schedule();
    });
  }

  /**
   * Schedules a slice: between two immediates of one turn of the event loop only promises are settled, so the work that
   * one event causes is done, and counted, when the next may pass.
   */
  #schedule(): void {
    this.#scheduled = Math.min(this.#waiting.length - this.#passed, SLICE_EVENTS);
    this.#sliceEndsAt = 0;
    for (let index = 0; index < this.#scheduled; index += 1) setImmediate(() => this.#passOne());
  }

  #passOne(): void {
    const now = performance.now();
    if (this.#sliceEndsAt === 0) this.#sliceEndsAt = now + SLICE_MS;
    if (now < this.#sliceEndsAt) {
      this.#waiting[this.#passed]?.();
      this.#passed += 1;
    }
    this.#scheduled -= 1;
    if (this.#scheduled > 0) return;
    this.#waiting = this.#waiting.slice(this.#passed);
    this.#passed = 0;
    if (this.#waiting.length > 0) this.#schedule();
  }
}
