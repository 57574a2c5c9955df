import { randomBytes } from 'node:crypto';
import type { Change, PlacedChange } from '../../domain/change.ts';
import type { ChangeFeed } from '../store.ts';
import type { MemoryMeter } from './meter.ts';

/** The most changes that are kept in memory. */
const KEPT = 100_000;

/** The memory of one of them, in bytes, measured. */
export const CHANGE_BYTES = 160;

/** The changes of a store in memory: placed as they are committed. */
export class MemoryChanges implements ChangeFeed {
  /** A history of its own: it ends with the process. */
  readonly log = randomBytes(6).toString('hex');
  readonly #wakes = new Set<() => void>();
  /** A ring: the change of place p stands at (p - 1) % KEPT. */
  readonly #ring: (PlacedChange | undefined)[] = [];
  readonly #meter: MemoryMeter;
  #last = 0;
  #forgotten = 0;

  constructor(meter: MemoryMeter) {
    this.#meter = meter;
  }

  get size(): number {
    return this.#last - this.#forgotten;
  }

  /** The bytes of all changes, counted anew. */
  recount(): number {
    return this.#ring.filter((change) => change !== undefined).length * CHANGE_BYTES;
  }

  append(changes: readonly Change[]): void {
    const before = this.size;
    for (const change of changes) {
      this.#ring[this.#last % KEPT] = Object.freeze({ ...change, place: this.#last + 1 });
      this.#last += 1;
    }
    this.#forgotten = Math.max(this.#forgotten, this.#last - KEPT);
    this.#meter.add((this.size - before) * CHANGE_BYTES);
    if (changes.length > 0) for (const wake of this.#wakes) wake();
  }

  async read(behind: number, limit: number): ReturnType<ChangeFeed['read']> {
    const changes: PlacedChange[] = [];
    const from = Math.max(behind, this.#forgotten);
    for (let place = from + 1; place <= this.#last && changes.length < limit; place += 1) {
      changes.push(this.#ring[(place - 1) % KEPT] as PlacedChange);
    }
    return { changes, extent: { log: this.log, last: this.#last, forgotten: this.#forgotten } };
  }

  onCommit(wake: () => void): () => void {
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  async forget(before: number): Promise<number> {
    const first = this.#forgotten;
    while (this.#forgotten < this.#last && (this.#ring[this.#forgotten % KEPT] as PlacedChange).createdAt < before) {
      this.#ring[this.#forgotten % KEPT] = undefined;
      this.#forgotten += 1;
    }
    this.#meter.add((first - this.#forgotten) * CHANGE_BYTES);
    return this.#forgotten - first;
  }
}
