/** Runs work on request and at an interval, once at a time. All requests during a run lead to one more. */
export class Poller {
  readonly #work: (isTimed: boolean) => Promise<void>;
  readonly #intervalMs: number;
  #running: Promise<void> | undefined;
  #isRequested = false;
  #isTimed = false;
  #isStopped = true;
  #timer: NodeJS.Timeout | undefined;

  /** The work must not throw. It receives whether the interval has passed, which is also true for the first run. */
  constructor(work: (isTimed: boolean) => Promise<void>, intervalMs: number) {
    this.#work = work;
    this.#intervalMs = intervalMs;
  }

  start(): void {
    this.#isStopped = false;
    this.#pollTimed();
  }

  /** Starts no further run, and waits for the one in progress. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Runs the work now, or again once the run in progress is done. */
  poll(): void {
    this.#isRequested = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#isStopped) return;
      // A request may have arrived after the last run.
      if (this.#isRequested) this.poll();
      else this.#timer = setTimeout(() => this.#pollTimed(), this.#intervalMs);
    });
  }

  #pollTimed(): void {
    this.#isTimed = true;
    this.poll();
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#isRequested && !this.#isStopped) {
      const isTimed = this.#isTimed;
      this.#isRequested = false;
      this.#isTimed = false;
      await this.#work(isTimed);
    }
  }
}
