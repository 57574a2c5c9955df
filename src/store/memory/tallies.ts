import type { Instant } from '../../domain/time.ts';
import type { Tallies } from '../store.ts';

/** The most counts that are kept in memory. */
const KEPT = 200_000;

/** The counts of a store in memory: nobody else counts there, so the sums are those of this process. */
export class MemoryTallies implements Tallies {
  readonly #windows = new Map<Instant, Map<string, number>>();
  #size = 0;

  /** Where there is no room for a further name its sum is what was just added. */
  async add(window: Instant, counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    const kept = this.#windows.get(window) ?? new Map<string, number>();
    this.#windows.set(window, kept);
    return new Map(
      [...counts].map(([name, count]) => {
        const before = kept.get(name);
        const sum = Math.min((before ?? 0) + count, Number.MAX_SAFE_INTEGER);
        if (before !== undefined || this.#size < KEPT) kept.set(name, sum);
        if (before === undefined && this.#size < KEPT) this.#size += 1;
        return [name, sum];
      }),
    );
  }

  async forget(before: Instant): Promise<number> {
    const first = this.#size;
    for (const [window, { size }] of this.#windows) {
      if (window >= before) continue;
      this.#windows.delete(window);
      this.#size -= size;
    }
    return first - this.#size;
  }
}
