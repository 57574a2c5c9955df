import { BusyError, DeadlineExceededError, throwIfDeadlineExceeded } from '../errors.ts';
import type { Deadline } from '../store.ts';

interface Waiting {
  readonly writes: boolean;
  readonly enter: () => void;
}

/**
 * A lock for many readers or one writer, first come, first served: a reader after a waiting writer waits too, so nobody
 * starves. Throws BusyError if a call waits longer than the limit, and DeadlineExceededError if its own deadline passes
 * first. Not reentrant.
 */
export class ReadWriteLock {
  readonly #limitMs: number;
  #readers = 0;
  #writing = false;
  #queue: Waiting[] = [];

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  reading<T>(work: () => Promise<T>, until?: Deadline): Promise<T> {
    return this.#holding(false, work, until);
  }

  writing<T>(work: () => Promise<T>, until?: Deadline): Promise<T> {
    return this.#holding(true, work, until);
  }

  async #holding<T>(writes: boolean, work: () => Promise<T>, until: Deadline | undefined): Promise<T> {
    throwIfDeadlineExceeded(until);
    await this.#enter(writes, until?.remainingMs() ?? Infinity);
    try {
      return await work();
    } finally {
      if (writes) this.#writing = false;
      else this.#readers -= 1;
      this.#admit();
    }
  }

  #enter(writes: boolean, leftMs: number): Promise<void> | void {
    if (this.#queue.length === 0 && this.#admits(writes)) {
      this.#take(writes);
      return;
    }
    const limitMs = Math.min(this.#limitMs, leftMs);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        writes,
        enter: () => {
          clearTimeout(timer);
          this.#take(writes);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#queue = this.#queue.filter((each) => each !== waiting);
        // Those that waited after it may be admitted now.
        this.#admit();
        const Refused = leftMs < this.#limitMs ? DeadlineExceededError : BusyError;
        reject(new Refused(`The store was not free within ${limitMs} ms.`));
      }, limitMs);
      this.#queue.push(waiting);
    });
  }

  #admits(writes: boolean): boolean {
    return writes ? !this.#writing && this.#readers === 0 : !this.#writing;
  }

  #take(writes: boolean): void {
    if (writes) this.#writing = true;
    else this.#readers += 1;
  }

  #admit(): void {
    for (let next = this.#queue[0]; next && this.#admits(next.writes); next = this.#queue[0]) {
      this.#queue.shift();
      next.enter();
    }
  }
}
