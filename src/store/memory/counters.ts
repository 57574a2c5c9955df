import type { Instant } from '../../domain/time.ts';
import type { SharedCounters } from '../store.ts';
import { bytesOfText } from './bytes.ts';
import type { MemoryMeter } from './meter.ts';

/** The maximum number of counters in memory. */
const KEPT = 200_000;

/** The memory of one counter without its name, in bytes. */
const COUNT_BYTES = 50;

/** The shared counters of a memory store. Only this process counts in them, so their sums are its own. */
export class MemoryCounters implements SharedCounters {
  readonly #windows = new Map<Instant, Map<string, number>>();
  readonly #meter: MemoryMeter;
  #size = 0;

  constructor(meter: MemoryMeter) {
    this.#meter = meter;
  }

  /** If there is no room for a further name, its sum is the number just added. */
  async add(window: Instant, counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    const kept = this.#windows.get(window) ?? new Map<string, number>();
    this.#windows.set(window, kept);
    return new Map(
      [...counts].map(([name, count]) => {
        const before = kept.get(name);
        const sum = Math.min((before ?? 0) + count, Number.MAX_SAFE_INTEGER);
        if (before !== undefined || this.#size < KEPT) kept.set(name, sum);
        if (before === undefined && this.#size < KEPT) {
          this.#size += 1;
          this.#meter.add(bytesOfCount(name));
        }
        return [name, sum];
      }),
    );
  }

  async deleteBefore(before: Instant): Promise<number> {
    const first = this.#size;
    for (const [window, counts] of this.#windows) {
      if (window >= before) continue;
      this.#windows.delete(window);
      this.#size -= counts.size;
      for (const name of counts.keys()) this.#meter.add(-bytesOfCount(name));
    }
    return first - this.#size;
  }

  /** Counts the bytes of all counters again. */
  recount(): number {
    let bytes = 0;
    for (const counts of this.#windows.values()) for (const name of counts.keys()) bytes += bytesOfCount(name);
    return bytes;
  }
}

const bytesOfCount = (name: string): number => COUNT_BYTES + bytesOfText(name);
