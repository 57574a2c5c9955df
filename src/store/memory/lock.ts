import { Busy } from '../faults.ts';

interface Waiting {
  readonly writes: boolean;
  readonly enter: () => void;
}

/**
 * Many readers or one writer, in the order in which they came: a reader behind a waiting writer waits too, so nobody
 * waits for ever. Whoever waits longer than the limit is refused with Busy. Not to be taken again by its holder.
 */
export class ReadWriteLock {
  readonly #limitMs: number;
  #readers = 0;
  #writing = false;
  #queue: Waiting[] = [];

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  reading<T>(work: () => Promise<T>): Promise<T> {
    return this.#holding(false, work);
  }

  writing<T>(work: () => Promise<T>): Promise<T> {
    return this.#holding(true, work);
  }

  async #holding<T>(writes: boolean, work: () => Promise<T>): Promise<T> {
    await this.#enter(writes);
    try {
      return await work();
    } finally {
      if (writes) this.#writing = false;
      else this.#readers -= 1;
      this.#admit();
    }
  }

  #enter(writes: boolean): Promise<void> | void {
    if (this.#queue.length === 0 && this.#admits(writes)) {
      this.#take(writes);
      return;
    }
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
        // Whoever stood behind it may be let in now.
        this.#admit();
        reject(new Busy(`The store was not free within ${this.#limitMs} ms.`));
      }, this.#limitMs);
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
