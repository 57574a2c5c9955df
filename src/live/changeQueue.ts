import type { PlacedChange } from '../domain/change.ts';

/** Why a queue ended before its reader did. */
export class TooSlow extends Error {}

/**
 * The live changes of one subscriber, waiting to be read. Bounded: who reads too slowly loses the queue, not a change
 * in the middle of it, and holds up nobody else.
 */
export class ChangeQueue {
  readonly #most: number;
  #waiting: PlacedChange[] = [];
  #reader: ((ended: boolean) => void) | undefined;
  #ended = false;
  #overflowed = false;

  constructor(most: number) {
    this.#most = most;
  }

  push(change: PlacedChange): void {
    if (this.#ended) return;
    if (this.#waiting.length >= this.#most) {
      this.#overflowed = true;
      this.end();
      return;
    }
    this.#waiting.push(change);
    this.#wake(false);
  }

  /** Ends the queue: what waits is dropped, and its reader is told. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#wake(true);
  }

  /** The changes that wait, or the next that come; undefined at the end. Refuses with TooSlow after an overflow. */
  async take(): Promise<readonly PlacedChange[] | undefined> {
    if (this.#waiting.length === 0 && !this.#ended) {
      await new Promise<boolean>((resolve) => {
        this.#reader = resolve;
      });
    }
    if (this.#overflowed) throw new TooSlow(`More than ${this.#most} changes waited to be read.`);
    if (this.#ended) return undefined;
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  #wake(ended: boolean): void {
    this.#reader?.(ended);
    this.#reader = undefined;
  }
}
