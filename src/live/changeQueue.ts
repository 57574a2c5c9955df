/** Why a queue ended before its reader did: too many changes waited. */
export class TooSlow extends Error {}

/**
 * The live changes of one subscriber, waiting to be read. Bounded: who reads too slowly loses the queue, not a change
 * in the middle of it, and holds up nobody else.
 */
export class ChangeQueue<T> {
  readonly #most: number;
  #waiting: T[] = [];
  #reader: (() => void) | undefined;
  #ended = false;
  #reason: Error | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  push(change: T): void {
    if (this.#ended) return;
    if (this.#waiting.length >= this.#most) {
      this.end(new TooSlow(`More than ${this.#most} changes waited to be read.`));
      return;
    }
    this.#waiting.push(change);
    this.#wake();
  }

  /** Ends the queue: what waits is dropped, and its reader is told, with the reason if there is one. */
  end(reason?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reason = reason;
    this.#waiting = [];
    this.#wake();
  }

  /** Whether it has not ended. Refuses with the reason of the end. */
  goesOn(): boolean {
    if (this.#reason) throw this.#reason;
    return !this.#ended;
  }

  /** The changes that wait, or the next that come; undefined at the end. Refuses with the reason of the end. */
  async take(): Promise<readonly T[] | undefined> {
    if (this.#waiting.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
    }
    if (!this.goesOn()) return undefined;
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  #wake(): void {
    this.#reader?.();
    this.#reader = undefined;
  }
}
