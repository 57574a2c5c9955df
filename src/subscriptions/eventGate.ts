/** The time for which events may pass before other work runs, in ms. */
const SLICE_MS = 5;
/** The maximum number of events that pass before other work runs. */
const SLICE_EVENTS = 32;

/**
 * Paces the events of all subscriptions of a process: events pass in the order of arrival, and the event loop serves
 * other requests at least every few milliseconds. A subscription waits with one event at a time, so this order is fair.
 */
export class EventGate {
  #waiting: (() => void)[] = [];
  /** The index in `#waiting` before which all events have passed. */
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
   * Schedules a slice. Between two immediates the event loop only settles promises, so the work that one event causes
   * is done, and counted, before the next one passes.
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
