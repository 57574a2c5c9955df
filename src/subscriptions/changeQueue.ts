import { TooSlowError } from './errors.ts';

/**
 * The live changes of one subscriber that wait to be read. The queue is bounded: a reader that is too slow loses the
 * whole queue, never a single change in the middle, and does not delay others.
 */
export class ChangeQueue<T> {
  readonly #maxWaiting: number;
  #waiting: T[] = [];
  #reader: (() => void) | undefined;
  #ended = false;
  #reason: Error | undefined;

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  push(change: T): void {
    if (this.#ended) return;
    if (this.#waiting.length >= this.#maxWaiting) {
      this.end(new TooSlowError());
      return;
    }
    this.#waiting.push(change);
    this.#wake();
  }

  /** Ends the queue, drops waiting changes and wakes the reader, which throws the reason if there is one. */
  end(reason?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reason = reason;
    this.#waiting = [];
    this.#wake();
  }

  /** Returns whether the queue is still open. Throws the reason of its end. */
  checkOpen(): boolean {
    if (this.#reason) throw this.#reason;
    return !this.#ended;
  }

  /** Returns the waiting changes, or waits for the next; undefined at the end. Throws the reason of the end. */
  async take(): Promise<readonly T[] | undefined> {
    if (this.#waiting.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
    }
    if (!this.checkOpen()) return undefined;
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  #wake(): void {
    this.#reader?.();
    this.#reader = undefined;
  }
}
